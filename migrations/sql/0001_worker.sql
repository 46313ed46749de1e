-- For /metrics: how many wake-ups wait in each queue, when they pass through the database (dramatiq.sql). Numbers only.
CREATE FUNCTION misura_sveglie() RETURNS TABLE (coda text, in_attesa bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT q.queue_name, count(*) FROM dramatiq.queue q WHERE q."state" = 'queued' GROUP BY q.queue_name;
END;
-- Nobody calls a function of ours but whom it is granted to. Revoked before the owner changes: afterwards it is no longer ours to revoke.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_ambito(), app_operatore(), app_incarico(), app_ente(), app_ruolo(), app_classi(), app_data(),
  app_competenze(), app_escluse(), app_ente_waas() TO ambito_app, ambito_definer;
GRANT EXECUTE ON FUNCTION app_entra(uuid, uuid, text[], date, text), app_entra_waas(text), operatore_del_token(text, text),
  cerca_codice_fiscale(text), conta_domande_presentate(uuid), candidature_graduatoria(uuid), applica_graduatoria(uuid, uuid[], text[], jsonb),
  concede_fino_a(text, uuid, uuid), termina_accessi(text, uuid, uuid, uuid, date), misura_code(), misura_lettori(),
  registra_diniego(uuid, uuid, uuid, text, text, text, uuid[], date) TO ambito_app;
GRANT EXECUTE ON FUNCTION misura_code(), misura_lettori(), elimina_risposte_scadute(interval) TO ambito_worker;
GRANT EXECUTE ON FUNCTION misura_sigillo() TO ambito_app;
GRANT EXECUTE ON FUNCTION apri_emergenza(uuid, uuid, text, text, integer, integer), chiudi_emergenza(uuid, bigint) TO ambito_app;
GRANT EXECUTE ON FUNCTION governa_incarico(uuid, text, integer[], text[]) TO ambito_app, ambito_definer;
GRANT EXECUTE ON FUNCTION puo_sostituire(uuid, uuid, uuid, text, integer[], text[], date, date, boolean),
  cessa_incarico(uuid, bigint, date) TO ambito_app;
-- The queue of the wake-ups belongs to the worker alone; the function above counts it.
GRANT USAGE ON SCHEMA dramatiq TO ambito_worker;
GRANT ALL ON ALL TABLES IN SCHEMA dramatiq TO ambito_worker;
GRANT ALL ON ALL SEQUENCES IN SCHEMA dramatiq TO ambito_worker;
GRANT EXECUTE ON FUNCTION misura_sveglie() TO ambito_app;
GRANT USAGE ON SCHEMA dramatiq TO ambito_definer;
GRANT SELECT (queue_name, "state") ON dramatiq.queue TO ambito_definer;
-- Functions with the rights of their owner: named one by one, owned by a role that nobody logs in as.
ALTER FUNCTION competenze_dell_incarico(uuid, date) OWNER TO ambito_definer;
ALTER FUNCTION app_entra(uuid, uuid, text[], date, text) OWNER TO ambito_definer;
ALTER FUNCTION classi_condivise(uuid, text, date) OWNER TO ambito_definer;
ALTER FUNCTION cartelle_limitate(uuid, uuid, date) OWNER TO ambito_definer;
ALTER FUNCTION esclusa_nel_territorio() OWNER TO ambito_definer;
ALTER FUNCTION app_entra_waas(text) OWNER TO ambito_definer;
ALTER FUNCTION operatore_del_token(text, text) OWNER TO ambito_definer;
ALTER FUNCTION cerca_codice_fiscale(text) OWNER TO ambito_definer;
ALTER FUNCTION conta_domande_presentate(uuid) OWNER TO ambito_definer;
ALTER FUNCTION candidature_graduatoria(uuid) OWNER TO ambito_definer;
ALTER FUNCTION applica_graduatoria(uuid, uuid[], text[], jsonb) OWNER TO ambito_definer;
ALTER FUNCTION concede_fino_a(text, uuid, uuid) OWNER TO ambito_definer;
ALTER FUNCTION termina_accessi(text, uuid, uuid, uuid, date) OWNER TO ambito_definer;
ALTER FUNCTION persone_celate() OWNER TO ambito_definer;
ALTER FUNCTION cartella_della_persona() OWNER TO ambito_definer;
ALTER FUNCTION misura_code() OWNER TO ambito_definer;
ALTER FUNCTION misura_lettori() OWNER TO ambito_definer;
ALTER FUNCTION misura_sveglie() OWNER TO ambito_definer;
ALTER FUNCTION misura_sigillo() OWNER TO ambito_definer;
ALTER FUNCTION registra_diniego(uuid, uuid, uuid, text, text, text, uuid[], date) OWNER TO ambito_definer;
ALTER FUNCTION elimina_risposte_scadute(interval) OWNER TO ambito_definer;
ALTER FUNCTION apri_emergenza(uuid, uuid, text, text, integer, integer) OWNER TO ambito_definer;
ALTER FUNCTION chiudi_emergenza(uuid, bigint) OWNER TO ambito_definer;
ALTER FUNCTION cessa_emergenze() OWNER TO ambito_definer;
ALTER FUNCTION ricorda_accesso() OWNER TO ambito_definer;
ALTER FUNCTION governa_incarico(uuid, text, integer[], text[]) OWNER TO ambito_definer;
ALTER FUNCTION puo_sostituire(uuid, uuid, uuid, text, integer[], text[], date, date, boolean) OWNER TO ambito_definer;
ALTER FUNCTION cessa_incarico(uuid, bigint, date) OWNER TO ambito_definer;
