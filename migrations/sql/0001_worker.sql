-- Nobody calls a function of ours but whom it is granted to. Revoked before the owner changes: afterwards it is no longer ours to revoke.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_ambito(), app_operatore(), app_incarico(), app_ente(), app_ruolo(), app_classi(), app_data(),
  app_competenze(), app_ente_waas() TO ambito_app, ambito_definer;
GRANT EXECUTE ON FUNCTION vede_cartella(uuid) TO ambito_app;
GRANT EXECUTE ON FUNCTION app_entra(uuid, uuid, text[], date), app_entra_waas(text), operatore_del_token(text, text),
  cerca_codice_fiscale(text), conta_domande_presentate(uuid), punteggi_graduatoria(uuid[]), concede_pippi(uuid), misura_code(), misura_lettori(),
  registra_diniego(uuid, uuid, uuid, text, text, text, uuid[], date) TO ambito_app;
GRANT EXECUTE ON FUNCTION misura_code(), misura_lettori(), elimina_risposte_scadute(interval) TO ambito_worker;
-- The queue of the wake-ups belongs to the worker alone.
GRANT USAGE ON SCHEMA dramatiq TO ambito_worker;
GRANT ALL ON ALL TABLES IN SCHEMA dramatiq TO ambito_worker;
GRANT ALL ON ALL SEQUENCES IN SCHEMA dramatiq TO ambito_worker;
-- Functions with the rights of their owner: named one by one, owned by a role that nobody logs in as.
ALTER FUNCTION competenze_dell_incarico(uuid, date) OWNER TO ambito_definer;
ALTER FUNCTION app_entra(uuid, uuid, text[], date) OWNER TO ambito_definer;
ALTER FUNCTION app_entra_waas(text) OWNER TO ambito_definer;
ALTER FUNCTION operatore_del_token(text, text) OWNER TO ambito_definer;
ALTER FUNCTION cerca_codice_fiscale(text) OWNER TO ambito_definer;
ALTER FUNCTION conta_domande_presentate(uuid) OWNER TO ambito_definer;
ALTER FUNCTION punteggi_graduatoria(uuid[]) OWNER TO ambito_definer;
ALTER FUNCTION concede_pippi(uuid) OWNER TO ambito_definer;
ALTER FUNCTION cartella_della_persona() OWNER TO ambito_definer;
ALTER FUNCTION misura_code() OWNER TO ambito_definer;
ALTER FUNCTION misura_lettori() OWNER TO ambito_definer;
ALTER FUNCTION registra_diniego(uuid, uuid, uuid, text, text, text, uuid[], date) OWNER TO ambito_definer;
ALTER FUNCTION elimina_risposte_scadute(interval) OWNER TO ambito_definer;
