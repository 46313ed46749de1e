-- Settings of the transaction, as typed functions. Unset gives NULL: fail closed.
CREATE FUNCTION app_ambito() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.ambito', true), '')::integer;
CREATE FUNCTION app_operatore() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.operatore', true), '')::uuid;
CREATE FUNCTION app_incarico() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.incarico', true), '')::uuid;
CREATE FUNCTION app_ente() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.ente', true), '')::uuid;
CREATE FUNCTION app_ruolo() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.ruolo', true), '');
CREATE FUNCTION app_classi() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
  RETURN coalesce(nullif(current_setting('app.classi', true), '')::integer, 0);
CREATE FUNCTION app_data() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.data', true), '')::date;
CREATE FUNCTION app_competenze() RETURNS integer[] LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.competenze', true), '')::integer[];
CREATE FUNCTION app_ente_waas() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.ente_waas', true), '')::uuid;

-- The territory of an incarico on a day: all competenze of the Comune, for an ente that is one, and those delegated to the ente
-- that day; narrowed by the incarico's own comuni and servizi.
-- PL/pgSQL and not SQL: its plan is kept by the session, which halves the cost of entering a transaction.
CREATE FUNCTION competenze_dell_incarico(p_incarico uuid, p_data date) RETURNS integer[]
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  i record;
BEGIN
  SELECT x.ambito_id, x.ente_id, x.comuni, x.servizi, CASE WHEN e.tipo = 'comune' THEN e.comune_id END AS comune_id INTO i
    FROM incarico x JOIN ente e ON e.id = x.ente_id JOIN regola_ruolo r ON r.ruolo = x.ruolo AND r.territoriale
   WHERE x.id = p_incarico;
  RETURN coalesce(
    (SELECT array_agg(t.id ORDER BY t.id)
     FROM (SELECT k.id, k.comune_id, k.servizio FROM competenza k WHERE k.comune_id = i.comune_id
           UNION
           SELECT k.id, k.comune_id, k.servizio FROM delega d JOIN competenza k ON k.id = d.competenza_id
           WHERE d.ente_gestore_id = i.ente_id AND d.ambito_id = i.ambito_id
             AND d.dal <= p_data AND (d.al IS NULL OR d.al >= p_data)) t
     WHERE (i.comuni IS NULL OR t.comune_id = ANY (i.comuni)) AND (i.servizi IS NULL OR t.servizio = ANY (i.servizi))),
    '{}'::integer[]);
END $$;

-- Enter a transaction as an operator under one incarico: checks that it is hers and in force that day and that its role has
-- the operation, then sets the scope for the row policies until the end of the transaction.
-- Errors: AM400 several incarichi and none named; AM403 none in force, not hers, or a role without the operation.
CREATE FUNCTION app_entra(p_operatore uuid, p_incarico uuid, p_ruoli text[], p_data date,
                          OUT incarico_id uuid, OUT ambito_id integer, OUT ente_id uuid, OUT ruolo text, OUT classi integer)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  quanti integer;
BEGIN
  SELECT count(*) OVER (), i.id, i.ambito_id, i.ente_id, i.ruolo, r.classi
    INTO quanti, incarico_id, ambito_id, ente_id, ruolo, classi
    FROM incarico i JOIN regola_ruolo r ON r.ruolo = i.ruolo
   WHERE i.operatore_id = p_operatore AND (p_incarico IS NULL OR i.id = p_incarico)
     AND i.dal <= p_data AND (i.al IS NULL OR i.al >= p_data)
   LIMIT 1;
  IF quanti IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'AM403', MESSAGE = 'nessun incarico in corso';
  ELSIF quanti > 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'AM400', MESSAGE = 'indicare l''incarico';
  ELSIF (ruolo = ANY (p_ruoli)) IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'AM403', MESSAGE = 'operazione non consentita al ruolo';
  END IF;
  PERFORM set_config('app.operatore', p_operatore::text, true), set_config('app.incarico', incarico_id::text, true),
          set_config('app.ambito', ambito_id::text, true), set_config('app.ente', ente_id::text, true),
          set_config('app.ruolo', ruolo, true), set_config('app.classi', classi::text, true),
          set_config('app.data', p_data::text, true),
          set_config('app.competenze', competenze_dell_incarico(incarico_id, p_data)::text, true);
END $$;

-- Enter a transaction as INPS reading the flows of the ente that owns the audience of its voucher. AM403: no such audience.
CREATE FUNCTION app_entra_waas(p_audience text, OUT ente_id uuid, OUT ambito_id integer)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  SELECT w.ente_id, w.ambito_id INTO ente_id, ambito_id FROM ente_waas w WHERE w.audience = p_audience;
  IF ente_id IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'AM403', MESSAGE = 'audience senza ente';
  END IF;
  PERFORM set_config('app.ambito', ambito_id::text, true), set_config('app.ente_waas', ente_id::text, true);
END $$;

-- The operator known to an issuer by a subject; NULL when unknown.
CREATE FUNCTION operatore_del_token(p_emittente text, p_soggetto text) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT o.id FROM operatore o WHERE o.emittente = p_emittente AND o.soggetto = p_soggetto;
END;

-- Exact search by codice fiscale in the caller's ambito: minimal identity, and whether the cartella is in her own scope.
-- Protected persons are never found, nor those who are in the records only as household of a reserved cartella. The
-- caller is audited by the operation that uses it.
CREATE FUNCTION cerca_codice_fiscale(p_codice text)
  RETURNS TABLE (persona_id uuid, cognome text, nome text, anno_nascita integer, cartella_id uuid, competenza_id integer)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT p.id, p.cognome, p.nome, extract(year FROM p.data_nascita)::integer, c.id, c.competenza_id
  FROM persona p LEFT JOIN cartella c ON c.persona_id = p.id AND NOT c.riservata
  WHERE p.ambito_id = app_ambito() AND p.codice_fiscale = p_codice AND NOT p.protetta
    AND NOT EXISTS (SELECT 1 FROM cartella r WHERE r.persona_id = p.id AND r.riservata)
    AND (c.id IS NOT NULL
         OR NOT EXISTS (SELECT 1 FROM componente m JOIN cartella r ON r.nucleo_id = m.nucleo_id
                        WHERE m.persona_id = p.id AND r.riservata)
         OR EXISTS (SELECT 1 FROM componente m JOIN cartella r ON r.nucleo_id = m.nucleo_id
                    WHERE m.persona_id = p.id AND NOT r.riservata));
END;

-- How many domande of an avviso are to be ranked, whoever may see them: a ranking formed on a part would be wrong.
CREATE FUNCTION conta_domande_presentate(p_avviso uuid) RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT count(*) FROM domanda d WHERE d.avviso_id = p_avviso AND d.ambito_id = app_ambito() AND d.stato IN ('presentata', 'istruttoria');
END;

-- The scores a graduatoria is ordered by, for the roles that form it, which may not open a valutazione (class SANITARIA): of each
-- domanda in the caller's own territory, the one concluded assessment. Nothing else of it.
CREATE FUNCTION punteggi_graduatoria(p_domande uuid[])
  RETURNS TABLE (domanda_id uuid, valutazione_id uuid, versione bigint, data_valutazione date, punteggio_adl integer, punteggio_iadl integer)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT v.domanda_id, v.id, v.versione, v.data_valutazione, v.punteggio_adl, v.punteggio_iadl
  FROM valutazione v JOIN domanda d ON d.id = v.domanda_id JOIN cartella c ON c.id = d.cartella_id
  WHERE v.domanda_id = ANY (p_domande) AND v.stato = 'conclusa'
    AND app_ruolo() IN ('amministrativo_misura', 'responsabile_servizio')
    AND c.ambito_id = app_ambito() AND NOT c.riservata
    AND c.competenza_id = ANY (coalesce(app_competenze(), '{}'::integer[]));
END;

-- Whether the caller's own policies show a cartella. For the policy of accesso alone: written there as a subquery, it would
-- reach accesso again through the policy of cartella, and PostgreSQL refuses the recursion. Rights of the caller, not of the owner.
CREATE FUNCTION vede_cartella(p_cartella uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT 1 FROM cartella c WHERE c.id = p_cartella);
END $$;

-- Whether the caller may give a grant on a P.I.P.P.I. case: the case is new, or she has such a grant herself. Without it whoever
-- knew the identifier of a case could let herself in (docs/adr/0011).
CREATE FUNCTION concede_pippi(p_caso uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT NOT EXISTS (SELECT 1 FROM accesso a WHERE a.origine_id = p_caso)
      OR EXISTS (SELECT 1 FROM accesso a WHERE a.origine_id = p_caso AND a.motivo = 'pippi'
                   AND a.operatore_id = app_operatore() AND a.ente_id = app_ente()
                   AND a.dal <= app_data() AND (a.al IS NULL OR a.al >= app_data()));
END;

-- Numbers for /metrics: events not yet numbered, last position, deliveries due, age of xmin in transactions; the lag of each reader.
CREATE FUNCTION misura_code(OUT eventi_da_numerare bigint, OUT ultima_posizione bigint, OUT consegne_in_attesa bigint, OUT eta_xmin bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT (SELECT count(*) FROM evento WHERE posizione IS NULL),
         (SELECT ultima FROM sequenza WHERE id = 1),
         (SELECT count(*) FROM consegna WHERE stato = 'da_inviare'),
         (SELECT coalesce(max(age(backend_xmin)), 0)::bigint FROM pg_stat_activity WHERE datname = current_database());
END;
CREATE FUNCTION misura_lettori() RETURNS TABLE (lettore text, ritardo bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT c.lettore, greatest((SELECT ultima FROM sequenza WHERE id = 1) - c.posizione, 0) FROM cursore c;
END;

-- A refusal, written in its own transaction after the request's was rolled back. The ambito of the refused object, the last
-- named that is known, is found here, where nobody's scope applies, so that its DPO sees the attempt; that of an incarico of
-- somebody else likewise. The incarico written is always one of the operator's own: the one she named, or the one in force.
CREATE FUNCTION registra_diniego(p_richiesta uuid, p_operatore uuid, p_incarico uuid, p_operazione text, p_finalita text,
                                 p_motivo text, p_oggetti uuid[], p_data date) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  INSERT INTO audit (richiesta_id, operatore_id, incarico_id, ambito_id, ambito_oggetto_id, operazione, finalita, esito, motivo, oggetti)
  SELECT p_richiesta, p_operatore, CASE WHEN p_incarico IS NULL OR i.id = p_incarico THEN i.id END, i.ambito_id,
         coalesce((SELECT t.ambito_id
                   FROM unnest(p_oggetti) WITH ORDINALITY AS o (id, ordine)
                   CROSS JOIN LATERAL (
                     SELECT coalesce((SELECT c.ambito_id FROM cartella c WHERE c.id = o.id),
                                     (SELECT e.ambito_id FROM evento e WHERE e.aggregato_id = o.id LIMIT 1),
                                     (SELECT q.ambito_id FROM equipe q WHERE q.id = o.id),
                                     (SELECT a.ambito_id FROM avviso a WHERE a.id = o.id),
                                     (SELECT n.ambito_id FROM indicatore n WHERE n.id = o.id)) AS ambito_id) t
                   WHERE t.ambito_id IS NOT NULL ORDER BY o.ordine DESC LIMIT 1),
                  (SELECT x.ambito_id FROM incarico x WHERE x.id = p_incarico AND x.operatore_id <> p_operatore)),
         p_operazione, p_finalita, 'negata', p_motivo, p_oggetti
  FROM (SELECT 1) uno
  LEFT JOIN LATERAL (SELECT x.id, x.ambito_id FROM incarico x WHERE x.operatore_id = p_operatore
                     ORDER BY coalesce(x.id = p_incarico, false) DESC,
                              (x.dal <= p_data AND (x.al IS NULL OR x.al >= p_data)) DESC, x.dal DESC LIMIT 1) i ON true;
END;

-- What a person repeats of her own cartella, for her row policy; written here alone. A reserved cartella also protects her: her
-- codice fiscale must be outside the unique key, where a conflict would reveal her.
CREATE FUNCTION cartella_della_persona() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.persona_id <> NEW.persona_id THEN
    UPDATE persona SET cartella_id = NULL, competenza_id = NULL, riservata = NULL WHERE id = OLD.persona_id;
  END IF;
  UPDATE persona p
     SET cartella_id = NEW.id, competenza_id = NEW.competenza_id, riservata = NEW.riservata,
         protetta = p.protetta OR NEW.riservata, versione = p.versione + (NEW.riservata AND NOT p.protetta)::integer
   WHERE p.id = NEW.persona_id
     AND (p.cartella_id, p.competenza_id, p.riservata) IS DISTINCT FROM (NEW.id, NEW.competenza_id, NEW.riservata);
  RETURN NULL;
END $$;
CREATE TRIGGER cartella_della_persona AFTER INSERT OR UPDATE OF riservata, persona_id, competenza_id ON cartella
  FOR EACH ROW EXECUTE FUNCTION cartella_della_persona();

-- Answers kept for the repetition of requests, of every operator, older than their validity. Called by the worker, hourly.
CREATE FUNCTION elimina_risposte_scadute(p_validita interval) RETURNS bigint
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  WITH eliminate AS (DELETE FROM idempotenza WHERE creata_il < clock_timestamp() - p_validita RETURNING 1)
  SELECT count(*) FROM eliminate;
END;
