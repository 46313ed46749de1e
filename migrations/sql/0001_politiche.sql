-- Row-level security, policies and grants, as rendered by services/core/access/politiche.py when this migration was written.
INSERT INTO regola_ruolo (ruolo, classi, territoriale, per_accordo) VALUES
  ('segretariato', 3, true, false),
  ('assistente_sociale', 31, true, false),
  ('coordinatore', 31, true, false),
  ('responsabile_servizio', 31, true, false),
  ('case_manager', 15, true, false),
  ('amministrativo_misura', 7, true, false),
  ('ufficio_di_piano', 0, false, false),
  ('amministratore_pubblico', 0, false, false),
  ('operatore_asst', 11, false, true),
  ('rsa', 9, false, true),
  ('ets_gestore', 3, false, true),
  ('ets_coprogrammatore', 0, false, false),
  ('antiviolenza', 47, true, false),
  ('dpo', 0, false, false),
  ('amministratore_tecnico', 0, false, false);
INSERT INTO sequenza (id, ultima) VALUES (1, 0);
INSERT INTO cursore (lettore, posizione, tentativi) VALUES ('webhooks', 0, 0), ('piano', 0, 0), ('flussi', 0, 0);
ALTER TABLE accesso ENABLE ROW LEVEL SECURITY;
ALTER TABLE accesso FORCE ROW LEVEL SECURITY;
ALTER TABLE accordo ENABLE ROW LEVEL SECURITY;
ALTER TABLE accordo FORCE ROW LEVEL SECURITY;
ALTER TABLE ambito ENABLE ROW LEVEL SECURITY;
ALTER TABLE ambito FORCE ROW LEVEL SECURITY;
ALTER TABLE assegnazione ENABLE ROW LEVEL SECURITY;
ALTER TABLE assegnazione FORCE ROW LEVEL SECURITY;
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit FORCE ROW LEVEL SECURITY;
ALTER TABLE avviso ENABLE ROW LEVEL SECURITY;
ALTER TABLE avviso FORCE ROW LEVEL SECURITY;
ALTER TABLE cartella ENABLE ROW LEVEL SECURITY;
ALTER TABLE cartella FORCE ROW LEVEL SECURITY;
ALTER TABLE caso_pippi ENABLE ROW LEVEL SECURITY;
ALTER TABLE caso_pippi FORCE ROW LEVEL SECURITY;
ALTER TABLE competenza ENABLE ROW LEVEL SECURITY;
ALTER TABLE competenza FORCE ROW LEVEL SECURITY;
ALTER TABLE componente ENABLE ROW LEVEL SECURITY;
ALTER TABLE componente FORCE ROW LEVEL SECURITY;
ALTER TABLE comune ENABLE ROW LEVEL SECURITY;
ALTER TABLE comune FORCE ROW LEVEL SECURITY;
ALTER TABLE condivisione ENABLE ROW LEVEL SECURITY;
ALTER TABLE condivisione FORCE ROW LEVEL SECURITY;
ALTER TABLE consegna ENABLE ROW LEVEL SECURITY;
ALTER TABLE consegna FORCE ROW LEVEL SECURITY;
ALTER TABLE contributo ENABLE ROW LEVEL SECURITY;
ALTER TABLE contributo FORCE ROW LEVEL SECURITY;
ALTER TABLE cursore ENABLE ROW LEVEL SECURITY;
ALTER TABLE cursore FORCE ROW LEVEL SECURITY;
ALTER TABLE decisione ENABLE ROW LEVEL SECURITY;
ALTER TABLE decisione FORCE ROW LEVEL SECURITY;
ALTER TABLE delega ENABLE ROW LEVEL SECURITY;
ALTER TABLE delega FORCE ROW LEVEL SECURITY;
ALTER TABLE destinazione ENABLE ROW LEVEL SECURITY;
ALTER TABLE destinazione FORCE ROW LEVEL SECURITY;
ALTER TABLE domanda ENABLE ROW LEVEL SECURITY;
ALTER TABLE domanda FORCE ROW LEVEL SECURITY;
ALTER TABLE emergenza ENABLE ROW LEVEL SECURITY;
ALTER TABLE emergenza FORCE ROW LEVEL SECURITY;
ALTER TABLE ente ENABLE ROW LEVEL SECURITY;
ALTER TABLE ente FORCE ROW LEVEL SECURITY;
ALTER TABLE ente_waas ENABLE ROW LEVEL SECURITY;
ALTER TABLE ente_waas FORCE ROW LEVEL SECURITY;
ALTER TABLE equipe ENABLE ROW LEVEL SECURITY;
ALTER TABLE equipe FORCE ROW LEVEL SECURITY;
ALTER TABLE esclusione ENABLE ROW LEVEL SECURITY;
ALTER TABLE esclusione FORCE ROW LEVEL SECURITY;
ALTER TABLE esito_flusso ENABLE ROW LEVEL SECURITY;
ALTER TABLE esito_flusso FORCE ROW LEVEL SECURITY;
ALTER TABLE evento ENABLE ROW LEVEL SECURITY;
ALTER TABLE evento FORCE ROW LEVEL SECURITY;
ALTER TABLE fatto ENABLE ROW LEVEL SECURITY;
ALTER TABLE fatto FORCE ROW LEVEL SECURITY;
ALTER TABLE firma ENABLE ROW LEVEL SECURITY;
ALTER TABLE firma FORCE ROW LEVEL SECURITY;
ALTER TABLE flusso ENABLE ROW LEVEL SECURITY;
ALTER TABLE flusso FORCE ROW LEVEL SECURITY;
ALTER TABLE graduatoria ENABLE ROW LEVEL SECURITY;
ALTER TABLE graduatoria FORCE ROW LEVEL SECURITY;
ALTER TABLE idempotenza ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotenza FORCE ROW LEVEL SECURITY;
ALTER TABLE incarico ENABLE ROW LEVEL SECURITY;
ALTER TABLE incarico FORCE ROW LEVEL SECURITY;
ALTER TABLE indicatore ENABLE ROW LEVEL SECURITY;
ALTER TABLE indicatore FORCE ROW LEVEL SECURITY;
ALTER TABLE limitazione ENABLE ROW LEVEL SECURITY;
ALTER TABLE limitazione FORCE ROW LEVEL SECURITY;
ALTER TABLE membro_equipe ENABLE ROW LEVEL SECURITY;
ALTER TABLE membro_equipe FORCE ROW LEVEL SECURITY;
ALTER TABLE microprogetto ENABLE ROW LEVEL SECURITY;
ALTER TABLE microprogetto FORCE ROW LEVEL SECURITY;
ALTER TABLE nota_emergenza ENABLE ROW LEVEL SECURITY;
ALTER TABLE nota_emergenza FORCE ROW LEVEL SECURITY;
ALTER TABLE nucleo ENABLE ROW LEVEL SECURITY;
ALTER TABLE nucleo FORCE ROW LEVEL SECURITY;
ALTER TABLE obiettivo ENABLE ROW LEVEL SECURITY;
ALTER TABLE obiettivo FORCE ROW LEVEL SECURITY;
ALTER TABLE obiettivo_piano ENABLE ROW LEVEL SECURITY;
ALTER TABLE obiettivo_piano FORCE ROW LEVEL SECURITY;
ALTER TABLE operatore ENABLE ROW LEVEL SECURITY;
ALTER TABLE operatore FORCE ROW LEVEL SECURITY;
ALTER TABLE persona ENABLE ROW LEVEL SECURITY;
ALTER TABLE persona FORCE ROW LEVEL SECURITY;
ALTER TABLE piano ENABLE ROW LEVEL SECURITY;
ALTER TABLE piano FORCE ROW LEVEL SECURITY;
ALTER TABLE progetto ENABLE ROW LEVEL SECURITY;
ALTER TABLE progetto FORCE ROW LEVEL SECURITY;
ALTER TABLE regola_ruolo ENABLE ROW LEVEL SECURITY;
ALTER TABLE regola_ruolo FORCE ROW LEVEL SECURITY;
ALTER TABLE rilevazione_pippi ENABLE ROW LEVEL SECURITY;
ALTER TABLE rilevazione_pippi FORCE ROW LEVEL SECURITY;
ALTER TABLE sequenza ENABLE ROW LEVEL SECURITY;
ALTER TABLE sequenza FORCE ROW LEVEL SECURITY;
ALTER TABLE servizio ENABLE ROW LEVEL SECURITY;
ALTER TABLE servizio FORCE ROW LEVEL SECURITY;
ALTER TABLE sigillo_oblio ENABLE ROW LEVEL SECURITY;
ALTER TABLE sigillo_oblio FORCE ROW LEVEL SECURITY;
ALTER TABLE sigillo_ricevuta ENABLE ROW LEVEL SECURITY;
ALTER TABLE sigillo_ricevuta FORCE ROW LEVEL SECURITY;
ALTER TABLE sigillo_stato ENABLE ROW LEVEL SECURITY;
ALTER TABLE sigillo_stato FORCE ROW LEVEL SECURITY;
ALTER TABLE sigillo_testa ENABLE ROW LEVEL SECURITY;
ALTER TABLE sigillo_testa FORCE ROW LEVEL SECURITY;
ALTER TABLE sigillo_voce ENABLE ROW LEVEL SECURITY;
ALTER TABLE sigillo_voce FORCE ROW LEVEL SECURITY;
ALTER TABLE storia_accesso ENABLE ROW LEVEL SECURITY;
ALTER TABLE storia_accesso FORCE ROW LEVEL SECURITY;
ALTER TABLE sub_ambito ENABLE ROW LEVEL SECURITY;
ALTER TABLE sub_ambito FORCE ROW LEVEL SECURITY;
ALTER TABLE tentativo_consegna ENABLE ROW LEVEL SECURITY;
ALTER TABLE tentativo_consegna FORCE ROW LEVEL SECURITY;
ALTER TABLE valutazione ENABLE ROW LEVEL SECURITY;
ALTER TABLE valutazione FORCE ROW LEVEL SECURITY;
ALTER TABLE voce_graduatoria ENABLE ROW LEVEL SECURITY;
ALTER TABLE voce_graduatoria FORCE ROW LEVEL SECURITY;
CREATE POLICY ambito ON accesso AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON accordo AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON assegnazione AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON avviso AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON cartella AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON caso_pippi AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON competenza AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON componente AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON comune AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON condivisione AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON consegna AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON contributo AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON decisione AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON delega AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON destinazione AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON domanda AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON emergenza AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON ente AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON ente_waas AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON equipe AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON esclusione AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON esito_flusso AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON evento AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON fatto AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON firma AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON flusso AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON graduatoria AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON incarico AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON indicatore AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON limitazione AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON membro_equipe AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON microprogetto AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON nota_emergenza AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON nucleo AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON obiettivo AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON obiettivo_piano AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON persona AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON piano AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON progetto AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON rilevazione_pippi AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON storia_accesso AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON sub_ambito AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON tentativo_consegna AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON valutazione AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY ambito ON voce_graduatoria AS RESTRICTIVE FOR ALL TO ambito_app
  USING (ambito_id = (SELECT app_ambito()))
  WITH CHECK (ambito_id = (SELECT app_ambito()));
CREATE POLICY proprio ON ambito AS PERMISSIVE FOR SELECT TO ambito_app
  USING (id = (SELECT app_ambito()));
CREATE POLICY tutti ON servizio AS PERMISSIVE FOR SELECT TO ambito_app
  USING (true);
CREATE POLICY colleghi ON operatore AS PERMISSIVE FOR SELECT TO ambito_app
  USING (EXISTS (SELECT 1 FROM incarico i WHERE i.operatore_id = operatore.id));
CREATE POLICY consultabile ON sub_ambito AS PERMISSIVE FOR SELECT TO ambito_app
  USING (true);
CREATE POLICY consultabile ON comune AS PERMISSIVE FOR SELECT TO ambito_app
  USING (true);
CREATE POLICY consultabile ON ente AS PERMISSIVE FOR SELECT TO ambito_app
  USING (true);
CREATE POLICY consultabile ON competenza AS PERMISSIVE FOR SELECT TO ambito_app
  USING (true);
CREATE POLICY consultabile ON delega AS PERMISSIVE FOR SELECT TO ambito_app
  USING (true);
CREATE POLICY consultabile ON avviso AS PERMISSIVE FOR SELECT TO ambito_app
  USING (true);
CREATE POLICY consultabile ON piano AS PERMISSIVE FOR SELECT TO ambito_app
  USING (true);
CREATE POLICY consultabile ON obiettivo_piano AS PERMISSIVE FOR SELECT TO ambito_app
  USING (true);
CREATE POLICY consultabile ON indicatore AS PERMISSIVE FOR SELECT TO ambito_app
  USING (true);
CREATE POLICY consultabile ON incarico AS PERMISSIVE FOR SELECT TO ambito_app
  USING (true);
CREATE POLICY propri ON accesso AS PERMISSIVE FOR SELECT TO ambito_app
  USING ((operatore_id, ente_id) = (SELECT app_operatore(), app_ente())
  AND daterange(dal, al, '[]') @> (SELECT app_data()) AND revocato_il IS NULL
  AND (scade_il IS NULL OR scade_il > statement_timestamp()));
CREATE POLICY concede ON accesso AS PERMISSIVE FOR INSERT TO ambito_app
  WITH CHECK (dal >= (SELECT app_data()) AND coalesce(al, 'infinity'::date) <= concede_fino_a(motivo, cartella_id, origine_id));
CREATE POLICY sostituisce ON incarico AS PERMISSIVE FOR INSERT TO ambito_app
  WITH CHECK (puo_sostituire(sostituisce_id, operatore_id, ente_id, ruolo, comuni, servizi, dal, al, pronto_intervento));
CREATE POLICY dpo ON storia_accesso AS PERMISSIVE FOR SELECT TO ambito_app
  USING ((SELECT app_ruolo()) IN ('dpo'));
CREATE POLICY proprie ON idempotenza AS PERMISSIVE FOR ALL TO ambito_app
  USING (operatore_id = (SELECT app_operatore()))
  WITH CHECK (operatore_id = (SELECT app_operatore()));
CREATE POLICY aggiunge ON evento AS PERMISSIVE FOR INSERT TO ambito_app
  WITH CHECK (operatore_id IS NOT DISTINCT FROM (SELECT app_operatore()) AND incarico_id IS NOT DISTINCT FROM (SELECT app_incarico()));
CREATE POLICY aggiunge ON audit AS PERMISSIVE FOR INSERT TO ambito_app
  WITH CHECK (ambito_id = (SELECT app_ambito()) AND operatore_id IS NOT DISTINCT FROM (SELECT app_operatore()) AND incarico_id IS NOT DISTINCT FROM (SELECT app_incarico()));
CREATE POLICY dpo ON audit AS PERMISSIVE FOR SELECT TO ambito_app
  USING ((SELECT app_ruolo()) = 'dpo' AND (ambito_id = (SELECT app_ambito()) OR ambito_oggetto_id = (SELECT app_ambito())));
CREATE POLICY visibile ON cartella AS PERMISSIVE FOR ALL TO ambito_app
  USING ((NOT riservata AND competenza_id = ANY (COALESCE((SELECT app_competenze()), '{}'::integer[]))) OR (id IN (SELECT a.cartella_id FROM accesso a)))
  WITH CHECK ((NOT riservata AND competenza_id = ANY (COALESCE((SELECT app_competenze()), '{}'::integer[]))) OR (id IN (SELECT a.cartella_id FROM accesso a)));
CREATE POLICY non_preclusa ON cartella AS RESTRICTIVE FOR ALL TO ambito_app
  USING (id <> ALL ((SELECT app_escluse())::uuid[]))
  WITH CHECK (id <> ALL ((SELECT app_escluse())::uuid[]));
CREATE POLICY non_preclusa ON persona AS RESTRICTIVE FOR ALL TO ambito_app
  USING (coalesce(cartella_id, '00000000-0000-0000-0000-000000000000'::uuid) <> ALL ((SELECT app_escluse())::uuid[]))
  WITH CHECK (coalesce(cartella_id, '00000000-0000-0000-0000-000000000000'::uuid) <> ALL ((SELECT app_escluse())::uuid[]));
CREATE POLICY nelle_cartelle ON persona AS PERMISSIVE FOR SELECT TO ambito_app
  USING ((NOT riservata AND competenza_id = ANY (COALESCE((SELECT app_competenze()), '{}'::integer[]))) OR (cartella_id IN (SELECT a.cartella_id FROM accesso a)) OR (NOT protetta AND EXISTS (SELECT 1 FROM componente m WHERE m.persona_id = persona.id)));
CREATE POLICY modifica ON persona AS PERMISSIVE FOR UPDATE TO ambito_app
  USING ((NOT riservata AND competenza_id = ANY (COALESCE((SELECT app_competenze()), '{}'::integer[]))) OR (cartella_id IN (SELECT a.cartella_id FROM accesso a)) OR (NOT protetta AND EXISTS (SELECT 1 FROM componente m WHERE m.persona_id = persona.id)))
  WITH CHECK ((NOT riservata AND competenza_id = ANY (COALESCE((SELECT app_competenze()), '{}'::integer[]))) OR (cartella_id IN (SELECT a.cartella_id FROM accesso a)) OR (NOT protetta AND EXISTS (SELECT 1 FROM componente m WHERE m.persona_id = persona.id)));
CREATE POLICY residente ON persona AS PERMISSIVE FOR INSERT TO ambito_app
  WITH CHECK (cartella_id IS NULL AND EXISTS (SELECT 1 FROM competenza k WHERE k.comune_id = comune_residenza_id AND k.id = ANY (COALESCE((SELECT app_competenze()), '{}'::integer[]))));
CREATE POLICY nelle_cartelle ON nucleo AS PERMISSIVE FOR SELECT TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.nucleo_id = nucleo.id));
CREATE POLICY nuovo ON nucleo AS PERMISSIVE FOR INSERT TO ambito_app
  WITH CHECK (true);
CREATE POLICY nelle_cartelle ON componente AS PERMISSIVE FOR ALL TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.nucleo_id = componente.nucleo_id))
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.nucleo_id = componente.nucleo_id));
CREATE POLICY nella_cartella ON fatto AS PERMISSIVE FOR ALL TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id))
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY classe ON fatto AS RESTRICTIVE FOR ALL TO ambito_app
  USING ((classe & (SELECT app_classi())) <> 0)
  WITH CHECK ((classe & (SELECT app_classi())) <> 0);
CREATE POLICY nella_cartella ON domanda AS PERMISSIVE FOR ALL TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id))
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY classe ON domanda AS RESTRICTIVE FOR ALL TO ambito_app
  USING (((SELECT app_classi()) & 2) <> 0)
  WITH CHECK (((SELECT app_classi()) & 2) <> 0);
CREATE POLICY nella_cartella ON decisione AS PERMISSIVE FOR ALL TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id))
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY classe ON decisione AS RESTRICTIVE FOR ALL TO ambito_app
  USING (((SELECT app_classi()) & 4) <> 0)
  WITH CHECK (((SELECT app_classi()) & 4) <> 0);
CREATE POLICY nella_cartella ON assegnazione AS PERMISSIVE FOR ALL TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id))
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY classe ON assegnazione AS RESTRICTIVE FOR ALL TO ambito_app
  USING (((SELECT app_classi()) & 4) <> 0)
  WITH CHECK (((SELECT app_classi()) & 4) <> 0);
CREATE POLICY nella_cartella ON valutazione AS PERMISSIVE FOR ALL TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id))
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY classe ON valutazione AS RESTRICTIVE FOR ALL TO ambito_app
  USING (((SELECT app_classi()) & 8) <> 0)
  WITH CHECK (((SELECT app_classi()) & 8) <> 0);
CREATE POLICY nella_cartella ON progetto AS PERMISSIVE FOR ALL TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id))
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY classe ON progetto AS RESTRICTIVE FOR ALL TO ambito_app
  USING (((SELECT app_classi()) & 2) <> 0)
  WITH CHECK (((SELECT app_classi()) & 2) <> 0);
CREATE POLICY nella_cartella ON obiettivo AS PERMISSIVE FOR ALL TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id))
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY classe ON obiettivo AS RESTRICTIVE FOR ALL TO ambito_app
  USING (((SELECT app_classi()) & 2) <> 0)
  WITH CHECK (((SELECT app_classi()) & 2) <> 0);
CREATE POLICY nella_cartella ON firma AS PERMISSIVE FOR ALL TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id))
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY classe ON firma AS RESTRICTIVE FOR ALL TO ambito_app
  USING (((SELECT app_classi()) & 2) <> 0)
  WITH CHECK (((SELECT app_classi()) & 2) <> 0);
CREATE POLICY in_custodia ON equipe AS PERMISSIVE FOR SELECT TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id) AND (custodia_id = cartella_id OR custodia_id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi')));
CREATE POLICY forma ON equipe AS PERMISSIVE FOR INSERT TO ambito_app
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id) AND (custodia_id = cartella_id AND concede_fino_a('equipe', cartella_id, NULL) IS NOT NULL OR custodia_id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi')));
CREATE POLICY cambia ON equipe AS PERMISSIVE FOR UPDATE TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id) AND (custodia_id = cartella_id AND concede_fino_a('equipe', cartella_id, NULL) IS NOT NULL OR custodia_id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi')))
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id) AND (custodia_id = cartella_id AND concede_fino_a('equipe', cartella_id, NULL) IS NOT NULL OR custodia_id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi')));
CREATE POLICY in_custodia ON membro_equipe AS PERMISSIVE FOR SELECT TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id) AND (custodia_id = cartella_id OR custodia_id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi')));
CREATE POLICY forma ON membro_equipe AS PERMISSIVE FOR INSERT TO ambito_app
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id) AND (custodia_id = cartella_id AND concede_fino_a('equipe', cartella_id, NULL) IS NOT NULL OR custodia_id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi')));
CREATE POLICY cambia ON membro_equipe AS PERMISSIVE FOR UPDATE TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id) AND (custodia_id = cartella_id AND concede_fino_a('equipe', cartella_id, NULL) IS NOT NULL OR custodia_id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi')))
  WITH CHECK (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id) AND (custodia_id = cartella_id AND concede_fino_a('equipe', cartella_id, NULL) IS NOT NULL OR custodia_id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi')));
CREATE POLICY squadra ON caso_pippi AS PERMISSIVE FOR ALL TO ambito_app
  USING (id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi'))
  WITH CHECK (id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi'));
CREATE POLICY squadra ON rilevazione_pippi AS PERMISSIVE FOR ALL TO ambito_app
  USING (caso_id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi'))
  WITH CHECK (caso_id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi'));
CREATE POLICY classe ON rilevazione_pippi AS RESTRICTIVE FOR ALL TO ambito_app
  USING (((SELECT app_classi()) & 2) <> 0)
  WITH CHECK (((SELECT app_classi()) & 2) <> 0);
CREATE POLICY squadra ON microprogetto AS PERMISSIVE FOR ALL TO ambito_app
  USING (caso_id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi'))
  WITH CHECK (caso_id IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi'));
CREATE POLICY classe ON microprogetto AS RESTRICTIVE FOR ALL TO ambito_app
  USING (((SELECT app_classi()) & 2) <> 0)
  WITH CHECK (((SELECT app_classi()) & 2) <> 0);
CREATE POLICY non_preclusa ON caso_pippi AS RESTRICTIVE FOR ALL TO ambito_app
  USING (cartella_id <> ALL ((SELECT app_escluse())::uuid[]))
  WITH CHECK (cartella_id <> ALL ((SELECT app_escluse())::uuid[]));
CREATE POLICY non_preclusa ON rilevazione_pippi AS RESTRICTIVE FOR ALL TO ambito_app
  USING (cartella_id <> ALL ((SELECT app_escluse())::uuid[]))
  WITH CHECK (cartella_id <> ALL ((SELECT app_escluse())::uuid[]));
CREATE POLICY non_preclusa ON microprogetto AS RESTRICTIVE FOR ALL TO ambito_app
  USING (cartella_id <> ALL ((SELECT app_escluse())::uuid[]))
  WITH CHECK (cartella_id <> ALL ((SELECT app_escluse())::uuid[]));
CREATE POLICY propria ON emergenza AS PERMISSIVE FOR SELECT TO ambito_app
  USING (operatore_id = (SELECT app_operatore()));
CREATE POLICY territorio ON emergenza AS PERMISSIVE FOR SELECT TO ambito_app
  USING ((SELECT app_ruolo()) IN ('responsabile_servizio', 'coordinatore') AND operatore_id <> (SELECT app_operatore()) AND EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id AND c.competenza_id = ANY (COALESCE((SELECT app_competenze()), '{}'::integer[]))));
CREATE POLICY dpo ON emergenza AS PERMISSIVE FOR SELECT TO ambito_app
  USING ((SELECT app_ruolo()) IN ('dpo'));
CREATE POLICY riesamina ON emergenza AS PERMISSIVE FOR UPDATE TO ambito_app
  USING ((SELECT app_ruolo()) IN ('responsabile_servizio', 'coordinatore') AND operatore_id <> (SELECT app_operatore()) AND EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id AND c.competenza_id = ANY (COALESCE((SELECT app_competenze()), '{}'::integer[]))))
  WITH CHECK ((SELECT app_ruolo()) IN ('responsabile_servizio', 'coordinatore') AND operatore_id <> (SELECT app_operatore()) AND EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id AND c.competenza_id = ANY (COALESCE((SELECT app_competenze()), '{}'::integer[]))) AND (riesaminata_da IS NULL OR riesaminata_da = (SELECT app_operatore())));
CREATE POLICY letta ON nota_emergenza AS PERMISSIVE FOR SELECT TO ambito_app
  USING (NOT ((SELECT app_ruolo()) IN ('dpo')) AND EXISTS (SELECT 1 FROM emergenza e WHERE e.id = emergenza_id));
CREATE POLICY riesame ON nota_emergenza AS PERMISSIVE FOR INSERT TO ambito_app
  WITH CHECK (specie = 'riesame' AND scritta_da = (SELECT app_operatore()) AND EXISTS (SELECT 1 FROM emergenza e WHERE e.id = emergenza_id AND e.riesaminata_da = scritta_da));
CREATE POLICY di_chi_decide ON esclusione AS PERMISSIVE FOR SELECT TO ambito_app
  USING ((SELECT app_ruolo()) IN ('coordinatore', 'responsabile_servizio') AND EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY registra ON esclusione AS PERMISSIVE FOR INSERT TO ambito_app
  WITH CHECK (((SELECT app_ruolo()) IN ('coordinatore', 'responsabile_servizio') OR operatore_id = (SELECT app_operatore())) AND EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY revoca ON esclusione AS PERMISSIVE FOR UPDATE TO ambito_app
  USING ((SELECT app_ruolo()) IN ('coordinatore', 'responsabile_servizio') AND NOT operatore_id = (SELECT app_operatore()) AND EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id))
  WITH CHECK ((SELECT app_ruolo()) IN ('coordinatore', 'responsabile_servizio') AND NOT operatore_id = (SELECT app_operatore()) AND EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY di_chi_ha_in_carico ON limitazione AS PERMISSIVE FOR ALL TO ambito_app
  USING ((SELECT app_ruolo()) IN ('assistente_sociale', 'coordinatore', 'responsabile_servizio', 'case_manager') AND EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id))
  WITH CHECK ((SELECT app_ruolo()) IN ('assistente_sociale', 'coordinatore', 'responsabile_servizio', 'case_manager') AND EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY di_chi_ne_risponde ON accordo AS PERMISSIVE FOR SELECT TO ambito_app
  USING ((SELECT app_ruolo()) IN ('responsabile_servizio', 'ufficio_di_piano', 'dpo'));
CREATE POLICY di_chi_ne_risponde ON condivisione AS PERMISSIVE FOR SELECT TO ambito_app
  USING ((SELECT app_ruolo()) IN ('responsabile_servizio', 'ufficio_di_piano', 'dpo'));
CREATE POLICY chiude ON avviso AS PERMISSIVE FOR UPDATE TO ambito_app
  USING ((SELECT app_ruolo()) IN ('amministrativo_misura', 'responsabile_servizio'))
  WITH CHECK ((SELECT app_ruolo()) IN ('amministrativo_misura', 'responsabile_servizio'));
CREATE POLICY di_chi_la_forma ON graduatoria AS PERMISSIVE FOR ALL TO ambito_app
  USING ((SELECT app_ruolo()) IN ('amministrativo_misura', 'responsabile_servizio'))
  WITH CHECK ((SELECT app_ruolo()) IN ('amministrativo_misura', 'responsabile_servizio'));
CREATE POLICY di_chi_la_forma ON voce_graduatoria AS PERMISSIVE FOR ALL TO ambito_app
  USING ((SELECT app_ruolo()) IN ('amministrativo_misura', 'responsabile_servizio'))
  WITH CHECK ((SELECT app_ruolo()) IN ('amministrativo_misura', 'responsabile_servizio'));
CREATE POLICY della_domanda ON voce_graduatoria AS PERMISSIVE FOR SELECT TO ambito_app
  USING (EXISTS (SELECT 1 FROM domanda d WHERE d.id = domanda_id));
CREATE POLICY classe ON voce_graduatoria AS RESTRICTIVE FOR ALL TO ambito_app
  USING (((SELECT app_classi()) & 4) <> 0)
  WITH CHECK (((SELECT app_classi()) & 4) <> 0);
CREATE POLICY nella_cartella ON contributo AS PERMISSIVE FOR SELECT TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id));
CREATE POLICY nella_cartella ON flusso AS PERMISSIVE FOR SELECT TO ambito_app
  USING (EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id) AND ((SELECT app_classi()) & 4) <> 0);
CREATE POLICY ente_waas ON flusso AS PERMISSIVE FOR ALL TO ambito_app
  USING (ente_id = (SELECT app_ente_waas()))
  WITH CHECK (ente_id = (SELECT app_ente_waas()));
CREATE POLICY ente_waas ON esito_flusso AS PERMISSIVE FOR ALL TO ambito_app
  USING (ente_id = (SELECT app_ente_waas()))
  WITH CHECK (ente_id = (SELECT app_ente_waas()));
CREATE POLICY ente_waas ON ente_waas AS PERMISSIVE FOR ALL TO ambito_app
  USING (ente_id = (SELECT app_ente_waas()))
  WITH CHECK (ente_id = (SELECT app_ente_waas()));
CREATE POLICY definer ON operatore AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON ente AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON competenza AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON delega AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON regola_ruolo AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON ente_waas AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON cartella AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON valutazione AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON componente AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON equipe AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON avviso AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON decisione AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON fatto AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON graduatoria AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON indicatore AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON esclusione AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON accordo AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON condivisione AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON limitazione AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON evento AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON cursore AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON sequenza AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON consegna AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON audit AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON sigillo_voce AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON sigillo_testa AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON sigillo_ricevuta AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON sigillo_stato AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON idempotenza AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON accesso AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON incarico AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON emergenza AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON nota_emergenza AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON storia_accesso AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON domanda AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON assegnazione AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY definer ON persona AS PERMISSIVE FOR ALL TO ambito_definer
  USING (true)
  WITH CHECK (true);
CREATE POLICY sequenziatore ON evento AS PERMISSIVE FOR ALL TO ambito_sequenziatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY sequenziatore ON sequenza AS PERMISSIVE FOR ALL TO ambito_sequenziatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_webhooks ON evento AS PERMISSIVE FOR ALL TO ambito_lettore_webhooks
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_webhooks ON cursore AS PERMISSIVE FOR ALL TO ambito_lettore_webhooks
  USING (lettore = 'webhooks')
  WITH CHECK (lettore = 'webhooks');
CREATE POLICY lettore_webhooks ON destinazione AS PERMISSIVE FOR ALL TO ambito_lettore_webhooks
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_webhooks ON consegna AS PERMISSIVE FOR ALL TO ambito_lettore_webhooks
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_webhooks ON ambito AS PERMISSIVE FOR ALL TO ambito_lettore_webhooks
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_webhooks ON accesso AS PERMISSIVE FOR ALL TO ambito_lettore_webhooks
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_webhooks ON ente AS PERMISSIVE FOR ALL TO ambito_lettore_webhooks
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_webhooks ON accordo AS PERMISSIVE FOR ALL TO ambito_lettore_webhooks
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_webhooks ON condivisione AS PERMISSIVE FOR ALL TO ambito_lettore_webhooks
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_webhooks ON limitazione AS PERMISSIVE FOR ALL TO ambito_lettore_webhooks
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_piano ON evento AS PERMISSIVE FOR ALL TO ambito_lettore_piano
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_piano ON cursore AS PERMISSIVE FOR ALL TO ambito_lettore_piano
  USING (lettore = 'piano')
  WITH CHECK (lettore = 'piano');
CREATE POLICY lettore_piano ON piano AS PERMISSIVE FOR ALL TO ambito_lettore_piano
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_piano ON indicatore AS PERMISSIVE FOR ALL TO ambito_lettore_piano
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_piano ON obiettivo_piano AS PERMISSIVE FOR ALL TO ambito_lettore_piano
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_piano ON contributo AS PERMISSIVE FOR ALL TO ambito_lettore_piano
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON evento AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON cursore AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (lettore = 'flussi')
  WITH CHECK (lettore = 'flussi');
CREATE POLICY lettore_flussi ON assegnazione AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON domanda AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON avviso AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON cartella AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON persona AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON comune AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON ente AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON competenza AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON fatto AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON valutazione AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON ente_waas AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON flusso AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON progetto AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY lettore_flussi ON decisione AS PERMISSIVE FOR ALL TO ambito_lettore_flussi
  USING (true)
  WITH CHECK (true);
CREATE POLICY mittente ON consegna AS PERMISSIVE FOR ALL TO ambito_mittente
  USING (true)
  WITH CHECK (true);
CREATE POLICY mittente ON destinazione AS PERMISSIVE FOR ALL TO ambito_mittente
  USING (true)
  WITH CHECK (true);
CREATE POLICY mittente ON tentativo_consegna AS PERMISSIVE FOR ALL TO ambito_mittente
  USING (true)
  WITH CHECK (true);
CREATE POLICY mittente ON evento AS PERMISSIVE FOR ALL TO ambito_mittente
  USING (true)
  WITH CHECK (true);
CREATE POLICY sigillatore ON audit AS PERMISSIVE FOR ALL TO ambito_sigillatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY sigillatore ON sigillo_voce AS PERMISSIVE FOR ALL TO ambito_sigillatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY sigillatore ON sigillo_testa AS PERMISSIVE FOR ALL TO ambito_sigillatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY sigillatore ON sigillo_ricevuta AS PERMISSIVE FOR ALL TO ambito_sigillatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY sigillatore ON sigillo_oblio AS PERMISSIVE FOR ALL TO ambito_sigillatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY sigillatore ON sigillo_stato AS PERMISSIVE FOR ALL TO ambito_sigillatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY oblio ON audit AS PERMISSIVE FOR ALL TO ambito_oblio
  USING (true)
  WITH CHECK (true);
CREATE POLICY oblio ON sigillo_voce AS PERMISSIVE FOR ALL TO ambito_oblio
  USING (true)
  WITH CHECK (true);
CREATE POLICY oblio ON sigillo_testa AS PERMISSIVE FOR ALL TO ambito_oblio
  USING (true)
  WITH CHECK (true);
CREATE POLICY oblio ON sigillo_oblio AS PERMISSIVE FOR ALL TO ambito_oblio
  USING (true)
  WITH CHECK (true);
CREATE POLICY revisore ON audit AS PERMISSIVE FOR ALL TO ambito_revisore
  USING (true)
  WITH CHECK (true);
CREATE POLICY revisore ON sigillo_voce AS PERMISSIVE FOR ALL TO ambito_revisore
  USING (true)
  WITH CHECK (true);
CREATE POLICY revisore ON sigillo_testa AS PERMISSIVE FOR ALL TO ambito_revisore
  USING (true)
  WITH CHECK (true);
CREATE POLICY revisore ON sigillo_ricevuta AS PERMISSIVE FOR ALL TO ambito_revisore
  USING (true)
  WITH CHECK (true);
CREATE POLICY revisore ON sigillo_oblio AS PERMISSIVE FOR ALL TO ambito_revisore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON accesso AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON accordo AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON ambito AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON assegnazione AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON audit AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON avviso AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON cartella AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON caso_pippi AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON competenza AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON componente AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON comune AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON condivisione AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON consegna AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON contributo AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON cursore AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON decisione AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON delega AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON destinazione AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON domanda AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON emergenza AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON ente AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON ente_waas AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON equipe AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON esclusione AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON esito_flusso AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON evento AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON fatto AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON firma AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON flusso AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON graduatoria AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON idempotenza AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON incarico AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON indicatore AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON limitazione AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON membro_equipe AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON microprogetto AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON nota_emergenza AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON nucleo AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON obiettivo AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON obiettivo_piano AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON operatore AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON persona AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON piano AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON progetto AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON regola_ruolo AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON rilevazione_pippi AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON sequenza AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON servizio AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON sigillo_oblio AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON sigillo_ricevuta AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON sigillo_stato AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON sigillo_testa AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON sigillo_voce AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON storia_accesso AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON sub_ambito AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON tentativo_consegna AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON valutazione AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
CREATE POLICY caricatore ON voce_graduatoria AS PERMISSIVE FOR ALL TO ambito_caricatore
  USING (true)
  WITH CHECK (true);
GRANT SELECT ON ambito TO ambito_app;
GRANT SELECT ON servizio TO ambito_app;
GRANT SELECT ON operatore TO ambito_app;
GRANT SELECT ON sub_ambito TO ambito_app;
GRANT SELECT ON comune TO ambito_app;
GRANT SELECT ON ente TO ambito_app;
GRANT SELECT ON competenza TO ambito_app;
GRANT SELECT ON delega TO ambito_app;
GRANT SELECT, UPDATE ON avviso TO ambito_app;
GRANT SELECT ON piano TO ambito_app;
GRANT SELECT ON obiettivo_piano TO ambito_app;
GRANT SELECT ON indicatore TO ambito_app;
GRANT SELECT, INSERT ON incarico TO ambito_app;
GRANT SELECT ON contributo TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON nucleo TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON componente TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON cartella TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON fatto TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON domanda TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON decisione TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON assegnazione TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON valutazione TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON progetto TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON obiettivo TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON firma TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON equipe TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON membro_equipe TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON caso_pippi TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON rilevazione_pippi TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON microprogetto TO ambito_app;
GRANT SELECT, INSERT, UPDATE ON graduatoria TO ambito_app;
GRANT SELECT, INSERT, UPDATE (versione, cognome, nome, data_nascita, sesso, codice_fiscale, comune_nascita, comune_residenza_id, cittadinanza, protetta) ON persona TO ambito_app;
GRANT SELECT, INSERT ON accesso TO ambito_app;
GRANT SELECT, UPDATE (versione, letta_il, letta_da, esito, riesaminata_il, riesaminata_da) ON emergenza TO ambito_app;
GRANT SELECT, INSERT ON nota_emergenza TO ambito_app;
GRANT SELECT ON storia_accesso TO ambito_app;
GRANT SELECT ON accordo TO ambito_app;
GRANT SELECT ON condivisione TO ambito_app;
GRANT SELECT, INSERT, UPDATE (versione, al, revocata_il) ON esclusione TO ambito_app;
GRANT SELECT, INSERT, UPDATE (versione, esito, decisa_il, motivazione_esito, dal, al) ON limitazione TO ambito_app;
GRANT SELECT, INSERT ON voce_graduatoria TO ambito_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotenza TO ambito_app;
GRANT INSERT ON evento TO ambito_app;
GRANT SELECT, INSERT (richiesta_id, ambito_id, operatore_id, incarico_id, operazione, finalita, esito, motivo, oggetto_tipo, oggetti) ON audit TO ambito_app;
GRANT SELECT, UPDATE ON flusso TO ambito_app;
GRANT SELECT, INSERT ON esito_flusso TO ambito_app;
GRANT SELECT, UPDATE ON ente_waas TO ambito_app;
GRANT SELECT ON operatore TO ambito_definer;
GRANT SELECT ON ente TO ambito_definer;
GRANT SELECT ON competenza TO ambito_definer;
GRANT SELECT ON delega TO ambito_definer;
GRANT SELECT ON regola_ruolo TO ambito_definer;
GRANT SELECT ON ente_waas TO ambito_definer;
GRANT SELECT ON cartella TO ambito_definer;
GRANT SELECT ON valutazione TO ambito_definer;
GRANT SELECT ON componente TO ambito_definer;
GRANT SELECT ON equipe TO ambito_definer;
GRANT SELECT ON avviso TO ambito_definer;
GRANT SELECT ON decisione TO ambito_definer;
GRANT SELECT ON fatto TO ambito_definer;
GRANT SELECT ON graduatoria TO ambito_definer;
GRANT SELECT ON indicatore TO ambito_definer;
GRANT SELECT ON esclusione TO ambito_definer;
GRANT SELECT ON accordo TO ambito_definer;
GRANT SELECT ON condivisione TO ambito_definer;
GRANT SELECT ON limitazione TO ambito_definer;
GRANT SELECT ON evento TO ambito_definer;
GRANT SELECT ON cursore TO ambito_definer;
GRANT SELECT ON sequenza TO ambito_definer;
GRANT SELECT ON consegna TO ambito_definer;
GRANT INSERT, SELECT (id, quando) ON audit TO ambito_definer;
GRANT SELECT ON sigillo_voce TO ambito_definer;
GRANT SELECT ON sigillo_testa TO ambito_definer;
GRANT SELECT ON sigillo_ricevuta TO ambito_definer;
GRANT SELECT ON sigillo_stato TO ambito_definer;
GRANT SELECT, DELETE ON idempotenza TO ambito_definer;
GRANT SELECT, INSERT, UPDATE (al, revocato_il) ON accesso TO ambito_definer;
GRANT SELECT, UPDATE (versione, al, revocato_il) ON incarico TO ambito_definer;
GRANT SELECT, INSERT, UPDATE (versione, chiusa_il) ON emergenza TO ambito_definer;
GRANT INSERT ON nota_emergenza TO ambito_definer;
GRANT SELECT, INSERT, UPDATE (registrato_al) ON storia_accesso TO ambito_definer;
GRANT SELECT, UPDATE (stato, versione) ON domanda TO ambito_definer;
GRANT INSERT ON assegnazione TO ambito_definer;
GRANT SELECT, UPDATE (cartella_id, competenza_id, riservata, protetta, celata, versione) ON persona TO ambito_definer;
GRANT SELECT, UPDATE (posizione) ON evento TO ambito_sequenziatore;
GRANT SELECT, UPDATE ON sequenza TO ambito_sequenziatore;
GRANT SELECT ON evento TO ambito_lettore_webhooks;
GRANT SELECT, INSERT, UPDATE ON cursore TO ambito_lettore_webhooks;
GRANT SELECT ON destinazione TO ambito_lettore_webhooks;
GRANT SELECT, INSERT ON consegna TO ambito_lettore_webhooks;
GRANT SELECT ON ambito TO ambito_lettore_webhooks;
GRANT SELECT ON accesso TO ambito_lettore_webhooks;
GRANT SELECT ON ente TO ambito_lettore_webhooks;
GRANT SELECT ON accordo TO ambito_lettore_webhooks;
GRANT SELECT ON condivisione TO ambito_lettore_webhooks;
GRANT SELECT ON limitazione TO ambito_lettore_webhooks;
GRANT SELECT ON evento TO ambito_lettore_piano;
GRANT SELECT, INSERT, UPDATE ON cursore TO ambito_lettore_piano;
GRANT SELECT ON piano TO ambito_lettore_piano;
GRANT SELECT ON indicatore TO ambito_lettore_piano;
GRANT SELECT ON obiettivo_piano TO ambito_lettore_piano;
GRANT SELECT, INSERT, UPDATE, DELETE ON contributo TO ambito_lettore_piano;
GRANT SELECT, INSERT ON evento TO ambito_lettore_flussi;
GRANT SELECT, INSERT, UPDATE ON cursore TO ambito_lettore_flussi;
GRANT SELECT ON assegnazione TO ambito_lettore_flussi;
GRANT SELECT ON domanda TO ambito_lettore_flussi;
GRANT SELECT ON avviso TO ambito_lettore_flussi;
GRANT SELECT ON cartella TO ambito_lettore_flussi;
GRANT SELECT ON persona TO ambito_lettore_flussi;
GRANT SELECT ON comune TO ambito_lettore_flussi;
GRANT SELECT ON ente TO ambito_lettore_flussi;
GRANT SELECT ON competenza TO ambito_lettore_flussi;
GRANT SELECT ON fatto TO ambito_lettore_flussi;
GRANT SELECT ON valutazione TO ambito_lettore_flussi;
GRANT SELECT, UPDATE ON ente_waas TO ambito_lettore_flussi;
GRANT SELECT, INSERT, UPDATE ON flusso TO ambito_lettore_flussi;
GRANT SELECT ON progetto TO ambito_lettore_flussi;
GRANT SELECT ON decisione TO ambito_lettore_flussi;
GRANT SELECT, UPDATE ON consegna TO ambito_mittente;
GRANT SELECT, UPDATE ON destinazione TO ambito_mittente;
GRANT SELECT, INSERT ON tentativo_consegna TO ambito_mittente;
GRANT SELECT, INSERT ON evento TO ambito_mittente;
GRANT SELECT ON audit TO ambito_sigillatore;
GRANT SELECT, INSERT ON sigillo_voce TO ambito_sigillatore;
GRANT SELECT, INSERT ON sigillo_testa TO ambito_sigillatore;
GRANT SELECT, INSERT ON sigillo_ricevuta TO ambito_sigillatore;
GRANT SELECT ON sigillo_oblio TO ambito_sigillatore;
GRANT SELECT, INSERT, UPDATE ON sigillo_stato TO ambito_sigillatore;
GRANT SELECT, UPDATE (operatore_id, incarico_id, oggetti) ON audit TO ambito_oblio;
GRANT SELECT, UPDATE (sale, impegno) ON sigillo_voce TO ambito_oblio;
GRANT SELECT ON sigillo_testa TO ambito_oblio;
GRANT SELECT, INSERT ON sigillo_oblio TO ambito_oblio;
GRANT SELECT ON audit TO ambito_revisore;
GRANT SELECT ON sigillo_voce TO ambito_revisore;
GRANT SELECT ON sigillo_testa TO ambito_revisore;
GRANT SELECT ON sigillo_ricevuta TO ambito_revisore;
GRANT SELECT ON sigillo_oblio TO ambito_revisore;
GRANT SELECT, INSERT, UPDATE ON accesso TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON accordo TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON ambito TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON assegnazione TO ambito_caricatore;
GRANT SELECT ON audit TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON avviso TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON cartella TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON caso_pippi TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON competenza TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON componente TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON comune TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON condivisione TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON consegna TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON contributo TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON cursore TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON decisione TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON delega TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON destinazione TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON domanda TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON emergenza TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON ente TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON ente_waas TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON equipe TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON esclusione TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON esito_flusso TO ambito_caricatore;
GRANT SELECT, INSERT ON evento TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON fatto TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON firma TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON flusso TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON graduatoria TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON idempotenza TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON incarico TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON indicatore TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON limitazione TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON membro_equipe TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON microprogetto TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON nota_emergenza TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON nucleo TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON obiettivo TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON obiettivo_piano TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON operatore TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON persona TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON piano TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON progetto TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON regola_ruolo TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON rilevazione_pippi TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON sequenza TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON servizio TO ambito_caricatore;
GRANT SELECT ON sigillo_oblio TO ambito_caricatore;
GRANT SELECT ON sigillo_ricevuta TO ambito_caricatore;
GRANT SELECT ON sigillo_stato TO ambito_caricatore;
GRANT SELECT ON sigillo_testa TO ambito_caricatore;
GRANT SELECT ON sigillo_voce TO ambito_caricatore;
GRANT SELECT ON storia_accesso TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON sub_ambito TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON tentativo_consegna TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON valutazione TO ambito_caricatore;
GRANT SELECT, INSERT, UPDATE ON voce_graduatoria TO ambito_caricatore;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ambito_caricatore;
