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
-- The cartelle kept from the caller whatever way she has to them. NULL, also when unset: all of them.
CREATE FUNCTION app_escluse() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.escluse', true), '')::uuid[];
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

-- The data classes that the agreements in force on a day share with an ente for a purpose; 0: none. An agreement that rests on consent
-- shares nothing: consent is given person by person, and is not recorded here.
CREATE FUNCTION classi_condivise(p_ente uuid, p_finalita text, p_data date) RETURNS integer
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN coalesce((SELECT bit_or(d.classi) FROM condivisione d JOIN accordo x ON x.id = d.accordo_id
                   WHERE d.ente_id = p_ente AND d.finalita = p_finalita AND x.base_giuridica <> 'consenso'
                     AND daterange(d.dal, d.al, '[]') @> p_data AND daterange(x.dal, x.al, '[]') @> p_data), 0);
END $$;

-- The cartelle whose sharing is stopped by an opposition or a limitation accepted and in force on a day, among those an operator reaches
-- by the grants of an ente: granted themselves, or of somebody in the household of one that is.
CREATE FUNCTION cartelle_limitate(p_operatore uuid, p_ente uuid, p_data date) RETURNS uuid[]
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN ARRAY(
    WITH raggiunte AS MATERIALIZED (
      SELECT a.cartella_id FROM accesso a
      WHERE a.operatore_id = p_operatore AND a.ente_id = p_ente AND daterange(a.dal, a.al, '[]') @> p_data AND a.revocato_il IS NULL
    )
    SELECT l.cartella_id FROM limitazione l
    WHERE l.esito = 'accolta' AND daterange(l.dal, l.al, '[]') @> p_data
      AND l.cartella_id IN (SELECT r.cartella_id FROM raggiunte r
                            UNION ALL
                            SELECT p.cartella_id FROM raggiunte r JOIN cartella c ON c.id = r.cartella_id
                              JOIN componente m ON m.nucleo_id = c.nucleo_id JOIN persona p ON p.id = m.persona_id));
END $$;

-- Enter a transaction as an operator under one incarico: checks that it is hers and in force that day and that its role has
-- the operation, then sets the scope for the row policies until the end of the transaction. Of a role that sees by agreement, the
-- classes are those that both the role has and an agreement shares with its ente for the purpose. Who has not even the identity sees
-- no cartella; the others see all but those she is excluded from and those whose sharing is stopped.
-- Errors: AM400 several incarichi and none named; AM403 none in force, not hers, or a role without the operation.
CREATE FUNCTION app_entra(p_operatore uuid, p_incarico uuid, p_ruoli text[], p_data date, p_finalita text,
                          OUT incarico_id uuid, OUT ambito_id integer, OUT ente_id uuid, OUT ruolo text, OUT classi integer)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  quanti integer;
  accordo boolean;
  escluse uuid[];
BEGIN
  SELECT count(*) OVER (), i.id, i.ambito_id, i.ente_id, i.ruolo, r.classi, r.per_accordo,
         ARRAY(SELECT e.cartella_id FROM esclusione e
               WHERE e.operatore_id = p_operatore AND daterange(e.dal, e.al, '[]') @> p_data AND e.revocata_il IS NULL)
    INTO quanti, incarico_id, ambito_id, ente_id, ruolo, classi, accordo, escluse
    FROM incarico i JOIN regola_ruolo r ON r.ruolo = i.ruolo
   WHERE i.operatore_id = p_operatore AND (p_incarico IS NULL OR i.id = p_incarico)
     AND i.dal <= p_data AND (i.al IS NULL OR i.al >= p_data) AND i.revocato_il IS NULL
   LIMIT 1;
  IF quanti IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'AM403', MESSAGE = 'nessun incarico in corso';
  ELSIF quanti > 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'AM400', MESSAGE = 'indicare l''incarico';
  ELSIF (ruolo = ANY (p_ruoli)) IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'AM403', MESSAGE = 'operazione non consentita al ruolo';
  END IF;
  IF accordo THEN
    classi := classi & classi_condivise(ente_id, p_finalita, p_data);
    escluse := escluse || cartelle_limitate(p_operatore, ente_id, p_data);
  END IF;
  IF classi & 1 = 0 THEN
    escluse := NULL;
  END IF;
  PERFORM set_config('app.operatore', p_operatore::text, true), set_config('app.incarico', incarico_id::text, true),
          set_config('app.ambito', ambito_id::text, true), set_config('app.ente', ente_id::text, true),
          set_config('app.ruolo', ruolo, true), set_config('app.classi', classi::text, true),
          set_config('app.data', p_data::text, true), set_config('app.escluse', escluse::text, true),
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
-- Protected persons are never found, nor those who are in the records only as household of a reserved cartella (`celata`), nor whom
-- the caller is excluded from. The caller is audited by the operation that uses it.
CREATE FUNCTION cerca_codice_fiscale(p_codice text)
  RETURNS TABLE (persona_id uuid, cognome text, nome text, anno_nascita integer, cartella_id uuid, competenza_id integer)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT p.id, p.cognome, p.nome, extract(year FROM p.data_nascita)::integer, c.id, c.competenza_id
  FROM persona p LEFT JOIN cartella c ON c.persona_id = p.id AND NOT c.riservata
  WHERE p.ambito_id = app_ambito() AND p.codice_fiscale = p_codice AND NOT p.protetta AND NOT p.celata
    AND (p.cartella_id <> ALL (app_escluse())) IS NOT FALSE AND app_escluse() IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM cartella r WHERE r.persona_id = p.id AND r.riservata);
END;

-- Who is in the records only as household of a reserved cartella: outside the unique key of the codice fiscale and the search, where
-- a conflict or an answer would tell that she is there. Written here whenever a household or a cartella changes.
CREATE FUNCTION persone_celate() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
  persone uuid[] := ARRAY[NEW.persona_id];
  nuclei uuid[] := ARRAY[NEW.nucleo_id];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    persone := persone || OLD.persona_id;
    nuclei := nuclei || OLD.nucleo_id;
  END IF;
  IF TG_TABLE_NAME = 'cartella' THEN
    persone := persone || ARRAY(SELECT m.persona_id FROM componente m WHERE m.nucleo_id = ANY (nuclei));
  END IF;
  -- aggregates, and not EXISTS: those PostgreSQL may answer by hashing every household, at each row of a bulk load
  UPDATE persona p SET celata = s.celata
    FROM unnest(persone) AS x (id) CROSS JOIN LATERAL (
      SELECT coalesce(bool_or(k.riservata) AND NOT bool_or(NOT k.riservata), false) AS celata
      FROM (SELECT c.riservata FROM componente m JOIN cartella c ON c.nucleo_id = m.nucleo_id WHERE m.persona_id = x.id
            UNION ALL
            SELECT c.riservata FROM cartella c WHERE c.persona_id = x.id AND NOT c.riservata) k) s
   WHERE p.id = x.id AND p.celata <> s.celata;
  RETURN NULL;
END $$;
CREATE TRIGGER persone_celate AFTER INSERT OR UPDATE OF riservata, persona_id, nucleo_id ON cartella
  FOR EACH ROW EXECUTE FUNCTION persone_celate();
CREATE TRIGGER persone_celate AFTER INSERT OR UPDATE OF persona_id, nucleo_id ON componente
  FOR EACH ROW EXECUTE FUNCTION persone_celate();

-- How many domande of an avviso are to be ranked, whoever may see them: a ranking formed on a part would be wrong.
CREATE FUNCTION conta_domande_presentate(p_avviso uuid) RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT count(*) FROM domanda d WHERE d.avviso_id = p_avviso AND d.ambito_id = app_ambito() AND d.stato IN ('presentata', 'istruttoria');
END;

-- Whether the caller is excluded from some cartella of her territory (art. 6-bis L. 241/1990: a conflict even potential), or sees none.
CREATE FUNCTION esclusa_nel_territorio() RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT app_escluse() IS NULL
         OR EXISTS (SELECT 1 FROM cartella c WHERE c.id = ANY (app_escluse())
                    AND c.competenza_id = ANY (coalesce(app_competenze(), '{}'::integer[])));
END;

-- What a graduatoria is ordered by: every domanda presented under an avviso in the caller's territory, whoever may see it. Without the
-- reserved ones the ranking would be wrong, and to refuse to form it would reveal them. For the roles that form it, which may not
-- open a valutazione (class SANITARIA): of it the scores alone; of the person, nothing. Nothing to whom is excluded from a cartella of
-- her territory, whether it has a domanda or not: who is in conflict forms no ranking, and learns nothing of it. Locks the domande.
CREATE FUNCTION candidature_graduatoria(p_avviso uuid)
  RETURNS TABLE (domanda_id uuid, protocollo text, tipo_intervento text, presentata_il date, continuita boolean, decisione_id uuid,
                 esito text, importo_mensile_centesimi bigint, isee_centesimi bigint, valutazione_id uuid, adl integer, iadl integer)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT d.id, d.protocollo, d.tipo_intervento, d.presentata_il, (d.dati ->> 'continuita')::boolean, x.id, x.esito,
         (x.spiegazione #>> '{valori,importo_mensile_centesimi}')::bigint, (f.valore ->> 'importo_centesimi')::bigint,
         v.id, v.punteggio_adl, v.punteggio_iadl
  FROM domanda d
  JOIN cartella c ON c.id = d.cartella_id
  JOIN decisione x ON x.id = d.decisione_id
  LEFT JOIN fatto f ON f.id = (x.fatti #>> '{isee,id}')::uuid
  LEFT JOIN valutazione v ON v.domanda_id = d.id AND v.stato = 'conclusa'
  WHERE d.avviso_id = p_avviso AND d.ambito_id = app_ambito() AND d.stato IN ('presentata', 'istruttoria')
    AND app_ruolo() IN ('amministrativo_misura', 'responsabile_servizio')
    AND c.competenza_id = ANY (coalesce(app_competenze(), '{}'::integer[]))
    AND NOT esclusa_nel_territorio()
  ORDER BY d.id FOR UPDATE OF d;
END;

-- What a graduatoria does to the domande it ranks, those of a reserved cartella included: their state, and the assegnazioni of the funded
-- ones (p_assegnazioni: rows of assegnazione without cartella). Same roles and territory as above, while the avviso is open. Returns
-- what the events must say: version and cartella.
CREATE FUNCTION applica_graduatoria(p_graduatoria uuid, p_domande uuid[], p_stati text[], p_assegnazioni jsonb)
  RETURNS TABLE (domanda_id uuid, versione bigint, cartella_id uuid)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  WITH cambiate AS (
    UPDATE domanda d SET stato = n.stato, versione = d.versione + 1
      FROM unnest(p_domande, p_stati) AS n (id, stato), graduatoria g, avviso a, cartella c
     WHERE d.id = n.id AND g.id = p_graduatoria AND a.id = g.avviso_id AND d.avviso_id = a.id AND c.id = d.cartella_id
       AND g.ambito_id = app_ambito() AND a.stato = 'aperto'
       AND d.stato IN ('presentata', 'istruttoria') AND n.stato IN ('assegnata', 'in_graduatoria', 'respinta')
       AND app_ruolo() IN ('amministrativo_misura', 'responsabile_servizio')
       AND c.competenza_id = ANY (coalesce(app_competenze(), '{}'::integer[]))
       AND NOT esclusa_nel_territorio()
    RETURNING d.id, d.versione, d.cartella_id, d.ambito_id, d.stato
  ), assegnate AS (
    INSERT INTO assegnazione (id, versione, ambito_id, cartella_id, domanda_id, graduatoria_id, misura,
                              importo_mensile_centesimi, mesi, dal, al, stato)
    SELECT r.id, 1, m.ambito_id, m.cartella_id, m.id, p_graduatoria, r.misura, r.importo_mensile_centesimi, r.mesi, r.dal, r.al, 'attiva'
      FROM jsonb_to_recordset(p_assegnazioni) AS r (id uuid, domanda_id uuid, misura text, importo_mensile_centesimi bigint, mesi integer,
                                                    dal date, al date)
      JOIN cambiate m ON m.id = r.domanda_id AND m.stato = 'assegnata'
  )
  SELECT m.id, m.versione, m.cartella_id FROM cambiate m;
END;

-- Until when, that day included, the caller may open a cartella to others; NULL: not at all. Without end when she holds it by territory;
-- as long as her own grant when it is reserved, and she holds it both ways; on a P.I.P.P.I. case that exists, as long as her
-- own grant on that case, whatever else she holds: the identifier of a case is no key to it (docs/adr/0011). A guest of a team opens
-- nothing (docs/security/squadre.md). For the policies, where a subquery on accesso would recurse.
CREATE FUNCTION concede_fino_a(p_motivo text, p_cartella uuid, p_origine uuid) RETURNS date
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  WITH propri AS (
    SELECT a.motivo, a.origine_id, coalesce(a.al, 'infinity'::date) AS fino_a FROM accesso a
    WHERE a.operatore_id = app_operatore() AND a.ente_id = app_ente() AND a.ambito_id = app_ambito() AND a.cartella_id = p_cartella
      AND daterange(a.dal, a.al, '[]') @> app_data() AND a.revocato_il IS NULL AND a.scade_il IS NULL
  )
  SELECT CASE
    WHEN (p_cartella <> ALL (app_escluse())) IS NOT TRUE THEN NULL
    WHEN p_motivo = 'pippi' AND EXISTS (SELECT 1 FROM accesso a WHERE a.origine_id = p_origine) THEN
      (SELECT max(o.fino_a) FROM propri o WHERE o.motivo = 'pippi' AND o.origine_id = p_origine)
    WHEN p_motivo IN ('equipe', 'pippi') THEN
      (SELECT CASE WHEN c.riservata THEN (SELECT max(o.fino_a) FROM propri o) ELSE 'infinity'::date END FROM cartella c
       WHERE c.id = p_cartella AND c.ambito_id = app_ambito() AND c.competenza_id = ANY (coalesce(app_competenze(), '{}'::integer[])))
  END;
END;

-- End the grants a team gave: all of them, or those of one member for one ente. Only who could give them now. The last day comes nearer,
-- never farther and never before today (what could be seen until now could be seen); when it is not in the future, the
-- record closes at once.
CREATE FUNCTION termina_accessi(p_motivo text, p_origine uuid, p_operatore uuid, p_ente uuid, p_ultimo date) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  UPDATE accesso a
     SET al = least(a.al, greatest(p_ultimo, app_data(), a.dal)),
         revocato_il = CASE WHEN p_ultimo <= app_data() THEN clock_timestamp() END
   WHERE a.motivo = p_motivo AND a.origine_id = p_origine AND a.ambito_id = app_ambito()
     AND (p_operatore IS NULL OR (a.operatore_id = p_operatore AND a.ente_id = p_ente))
     AND a.revocato_il IS NULL AND (a.al IS NULL OR a.al >= app_data())
     AND concede_fino_a(a.motivo, a.cartella_id, a.origine_id) IS NOT NULL;
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

-- Numbers for /metrics: rows of the audit trail not yet sealed (counted up to 100 000), heads the witness in use has not
-- counter-signed, and how long the oldest of each has waited, in seconds. PL/pgSQL with custom plans: a plan that does not know
-- from where to count reads the whole trail.
CREATE FUNCTION misura_sigillo(OUT audit_da_sigillare bigint, OUT audit_da_sigillare_secondi double precision,
                               OUT teste_da_testimoniare bigint, OUT teste_da_testimoniare_secondi double precision)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_assodato bigint := coalesce((SELECT s.assodato FROM sigillo_stato s), 0);
  v_testimoniato bigint := coalesce((SELECT max(r.lotto) FROM sigillo_ricevuta r JOIN sigillo_stato s ON s.testimone = r.kid), 0);
  v_riga timestamptz;
  v_testa timestamptz;
BEGIN
  SELECT count(*), min(n.quando) INTO audit_da_sigillare, v_riga
    FROM (SELECT a.quando FROM audit a
          WHERE a.id > v_assodato
            AND NOT EXISTS (SELECT 1 FROM sigillo_voce v WHERE v.audit_id = a.id AND v.audit_id > v_assodato)
          ORDER BY a.id LIMIT 100000) n;
  SELECT count(*), min(h.quando) INTO teste_da_testimoniare, v_testa FROM sigillo_testa h WHERE h.lotto > v_testimoniato;
  audit_da_sigillare_secondi := coalesce(greatest(extract(epoch FROM clock_timestamp() - v_riga), 0), 0);
  teste_da_testimoniare_secondi := coalesce(greatest(extract(epoch FROM clock_timestamp() - v_testa), 0), 0);
END $$;

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
                                     (SELECT n.ambito_id FROM indicatore n WHERE n.id = o.id),
                                     (SELECT x.ambito_id FROM incarico x WHERE x.id = o.id)) AS ambito_id) t
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
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
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

-- Open a cartella in emergency, for p_ore hours, to an operator whose incarico is marked for the pronto intervento; within her
-- ambito, and never what is kept from her: a reserved cartella, that of a protected person, or one she is excluded from is as one that
-- does not exist.
-- `risultato`: aperta, gia_aperta (the live one is returned), troppe (p_massime live ones, whatever she asks for now), non_trovata,
-- vietata (no mark). Her openings take turns, so that two at once are one.
CREATE FUNCTION apri_emergenza(p_emergenza uuid, p_cartella uuid, p_codice text, p_motivazione text, p_ore integer, p_massime integer,
                               OUT risultato text, OUT trovata uuid)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  bersaglio uuid;
  ora timestamptz;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM incarico i
                 WHERE i.id = app_incarico() AND i.operatore_id = app_operatore() AND i.pronto_intervento AND i.revocato_il IS NULL) THEN
    risultato := 'vietata';
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('emergenza ' || app_operatore()::text, 0));
  ora := clock_timestamp();
  SELECT c.id INTO bersaglio FROM cartella c JOIN persona p ON p.id = c.persona_id
   WHERE c.ambito_id = app_ambito() AND (c.id = p_cartella OR (p.ambito_id = app_ambito() AND p.codice_fiscale = p_codice))
     AND NOT c.riservata AND NOT p.protetta AND NOT p.celata AND c.id <> ALL (app_escluse());
  SELECT e.id INTO trovata FROM emergenza e
   WHERE e.cartella_id = bersaglio AND e.operatore_id = app_operatore() AND e.ente_id = app_ente()
     AND e.chiusa_il IS NULL AND e.scade_il > ora;
  IF trovata IS NOT NULL THEN
    risultato := 'gia_aperta';
  ELSIF (SELECT count(*) FROM emergenza e
         WHERE e.operatore_id = app_operatore() AND e.chiusa_il IS NULL AND e.scade_il > ora) >= p_massime THEN
    risultato := 'troppe';
  ELSIF bersaglio IS NULL THEN
    risultato := 'non_trovata';
  ELSE
    INSERT INTO emergenza (id, versione, ambito_id, cartella_id, operatore_id, incarico_id, ente_id, aperta_il, scade_il, esito)
      VALUES (p_emergenza, 1, app_ambito(), bersaglio, app_operatore(), app_incarico(), app_ente(), ora,
              ora + make_interval(hours => p_ore), 'da_riesaminare');
    INSERT INTO nota_emergenza (id, ambito_id, emergenza_id, specie, testo, scritta_da)
      VALUES (gen_random_uuid(), app_ambito(), p_emergenza, 'motivazione', p_motivazione, app_operatore());
    INSERT INTO accesso (id, ambito_id, cartella_id, operatore_id, ente_id, motivo, origine_id, dal, al, scade_il)
      VALUES (gen_random_uuid(), app_ambito(), bersaglio, app_operatore(), app_ente(), 'emergenza', p_emergenza, app_data(),
              app_data() + ceil(p_ore / 24.0)::integer, ora + make_interval(hours => p_ore));
    risultato := 'aperta';
    trovata := p_emergenza;
  END IF;
END $$;

-- Close an emergency before its hour, and its grant with it: who opened it, or who holds the territory of its cartella. Returns the
-- new version; NULL when it is over, not at that version, or not hers to close.
CREATE FUNCTION chiudi_emergenza(p_emergenza uuid, p_versione bigint) RETURNS bigint
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  WITH chiusa AS (
    UPDATE emergenza e SET chiusa_il = clock_timestamp(), versione = e.versione + 1
     WHERE e.id = p_emergenza AND e.versione = p_versione AND e.ambito_id = app_ambito()
       AND e.chiusa_il IS NULL AND e.scade_il > clock_timestamp()
       AND (e.operatore_id = app_operatore()
            OR (app_ruolo() IN ('responsabile_servizio', 'coordinatore')
                AND EXISTS (SELECT 1 FROM cartella c WHERE c.id = e.cartella_id AND NOT c.riservata
                              AND c.competenza_id = ANY (coalesce(app_competenze(), '{}'::integer[])))))
    RETURNING e.id, e.versione
  ), revocato AS (
    UPDATE accesso a SET revocato_il = clock_timestamp() FROM chiusa c
     WHERE a.motivo = 'emergenza' AND a.origine_id = c.id AND a.revocato_il IS NULL
  )
  SELECT c.versione FROM chiusa c;
END;

-- What was opened in emergency closes when its cartella becomes reserved, its person protected, or the incarico it was opened under
-- ends at once. Arguments: what the emergencies are sought by (cartella, incarico), and the column of the row that names it.
CREATE FUNCTION cessa_emergenze() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  chiave uuid := to_jsonb(NEW) ->> TG_ARGV[1];
BEGIN
  WITH chiuse AS (
    UPDATE emergenza e SET chiusa_il = clock_timestamp(), versione = e.versione + 1
     WHERE CASE TG_ARGV[0] WHEN 'incarico' THEN e.incarico_id ELSE e.cartella_id END = chiave
       AND e.chiusa_il IS NULL AND e.scade_il > clock_timestamp()
    RETURNING e.id
  )
  UPDATE accesso a SET revocato_il = clock_timestamp() FROM chiuse c
   WHERE a.motivo = 'emergenza' AND a.origine_id = c.id AND a.revocato_il IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER cessa_emergenze AFTER UPDATE OF riservata ON cartella
  FOR EACH ROW WHEN (NEW.riservata AND NOT OLD.riservata) EXECUTE FUNCTION cessa_emergenze('cartella', 'id');
CREATE TRIGGER cessa_emergenze AFTER UPDATE OF protetta ON persona
  FOR EACH ROW WHEN (NEW.protetta AND NOT OLD.protetta) EXECUTE FUNCTION cessa_emergenze('cartella', 'cartella_id');
CREATE TRIGGER cessa_emergenze AFTER UPDATE OF revocato_il ON incarico
  FOR EACH ROW WHEN (NEW.revocato_il IS NOT NULL AND OLD.revocato_il IS NULL) EXECUTE FUNCTION cessa_emergenze('incarico', 'id');

-- Whether the caller answers for an incarico of her ente: a territorial role with no class of data that hers lacks, over Comuni and
-- services that hers includes.
CREATE FUNCTION governa_incarico(p_ente uuid, p_ruolo text, p_comuni integer[], p_servizi text[]) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT p_ente = app_ente() AND EXISTS (
    SELECT 1 FROM incarico g JOIN regola_ruolo suo ON suo.ruolo = g.ruolo JOIN regola_ruolo r ON r.ruolo = p_ruolo
     WHERE g.id = app_incarico() AND app_ruolo() = 'responsabile_servizio' AND g.ruolo = app_ruolo()
       AND r.territoriale AND r.classi & ~suo.classi = 0
       AND (g.comuni IS NULL OR p_comuni <@ g.comuni) AND (g.servizi IS NULL OR p_servizi <@ g.servizi));
END;

-- Whether an incarico may be given as a substitution: of a colleague's that the caller answers for and that has not ended, to another
-- operator of the same ente, never to herself; nothing more than the colleague had, not one day outside hers. Holds the
-- colleague's incarico, so that it does not end meanwhile. For the policy of insertion, where a subquery on incarico would recurse.
CREATE FUNCTION puo_sostituire(p_sostituisce uuid, p_operatore uuid, p_ente uuid, p_ruolo text, p_comuni integer[], p_servizi text[],
                               p_dal date, p_al date, p_pronto_intervento boolean) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM incarico s
   WHERE s.id = p_sostituisce AND s.ambito_id = app_ambito() AND s.ente_id = p_ente AND s.ruolo = p_ruolo
     AND s.revocato_il IS NULL AND s.sostituisce_id IS NULL
     AND p_operatore NOT IN (s.operatore_id, app_operatore())
     AND (s.comuni IS NULL OR p_comuni <@ s.comuni) AND (s.servizi IS NULL OR p_servizi <@ s.servizi)
     AND p_dal >= greatest(s.dal, app_data()) AND p_al <= coalesce(s.al, 'infinity') AND (s.pronto_intervento OR NOT p_pronto_intervento)
     AND governa_incarico(s.ente_id, s.ruolo, s.comuni, s.servizi)
     FOR SHARE;
  RETURN FOUND AND EXISTS (
    SELECT 1 FROM incarico o
     WHERE o.operatore_id = p_operatore AND o.ente_id = p_ente AND o.revocato_il IS NULL
       AND o.dal <= p_dal AND (o.al IS NULL OR o.al >= p_al));
END $$;

-- End an incarico the caller answers for, not her own, on p_ultimo or on the earlier day it had; at once, when that day is not in the
-- future. The substitutions of it end with it. Returns those ended, the one named first; none when it is not at that version, is
-- over, or is not hers to end. Only ever brings the end nearer.
CREATE FUNCTION cessa_incarico(p_incarico uuid, p_versione bigint, p_ultimo date)
  RETURNS TABLE (incarico_id uuid, versione_nuova bigint, ultimo_giorno date, subito boolean)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY
    UPDATE incarico i
       SET al = least(i.al, greatest(p_ultimo, app_data(), i.dal)), versione = i.versione + 1,
           revocato_il = CASE WHEN p_ultimo <= app_data() THEN clock_timestamp() END
     WHERE i.id = p_incarico AND i.versione = p_versione AND i.ambito_id = app_ambito() AND i.operatore_id <> app_operatore()
       AND i.revocato_il IS NULL AND (i.al IS NULL OR i.al > p_ultimo OR i.al = app_data())
       AND governa_incarico(i.ente_id, i.ruolo, i.comuni, i.servizi)
    RETURNING i.id, i.versione, i.al, i.revocato_il IS NOT NULL;
  IF FOUND THEN
    RETURN QUERY
      UPDATE incarico i
         SET al = least(i.al, greatest(p_ultimo, app_data(), i.dal)), versione = i.versione + 1,
             revocato_il = CASE WHEN p_ultimo <= app_data() OR i.dal > p_ultimo THEN clock_timestamp() END
       WHERE i.sostituisce_id = p_incarico AND i.revocato_il IS NULL AND (i.al > p_ultimo OR i.al = app_data())
      RETURNING i.id, i.versione, i.al, i.revocato_il IS NOT NULL;
  END IF;
END $$;

-- The recorded axis of access: whenever a row that the rule reads is written, the columns it reads (the arguments of the trigger, and
-- nothing else) are kept with the instant; the version before is closed at the same instant. Under the row's lock, strictly
-- increasing for each row whatever the clock does.
CREATE FUNCTION ricorda_accesso() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
  intera jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
  precedente jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) END;
  chiave uuid := intera ->> 'id';
  letta jsonb := (SELECT jsonb_object_agg(colonna, intera -> colonna) FROM unnest(TG_ARGV) colonna);
  istante timestamptz := clock_timestamp();
BEGIN
  IF letta = (SELECT jsonb_object_agg(colonna, precedente -> colonna) FROM unnest(TG_ARGV) colonna) THEN
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    UPDATE storia_accesso s SET registrato_al = greatest(istante, s.registrato_il + interval '1 microsecond')
     WHERE s.tabella = TG_TABLE_NAME AND s.riga_id = chiave AND s.registrato_al IS NULL;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO storia_accesso (ambito_id, tabella, riga_id, cartella_id, ente_id, riga, registrato_il)
      SELECT (intera ->> 'ambito_id')::integer, TG_TABLE_NAME, chiave, (letta ->> 'cartella_id')::uuid,
             coalesce(letta ->> 'ente_id', letta ->> 'ente_gestore_id')::uuid, letta, greatest(istante, max(s.registrato_al))
        FROM storia_accesso s WHERE s.tabella = TG_TABLE_NAME AND s.riga_id = chiave;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ricorda_accesso AFTER INSERT OR UPDATE OR DELETE ON incarico FOR EACH ROW
  EXECUTE FUNCTION ricorda_accesso('operatore_id', 'ente_id', 'ruolo', 'comuni', 'servizi', 'dal', 'al', 'revocato_il');
CREATE TRIGGER ricorda_accesso AFTER INSERT OR UPDATE OR DELETE ON ente FOR EACH ROW
  EXECUTE FUNCTION ricorda_accesso('tipo', 'comune_id');
CREATE TRIGGER ricorda_accesso AFTER INSERT OR UPDATE OR DELETE ON delega FOR EACH ROW
  EXECUTE FUNCTION ricorda_accesso('competenza_id', 'ente_gestore_id', 'dal', 'al');
CREATE TRIGGER ricorda_accesso AFTER INSERT OR UPDATE OR DELETE ON accesso FOR EACH ROW
  EXECUTE FUNCTION ricorda_accesso('cartella_id', 'operatore_id', 'ente_id', 'motivo', 'dal', 'al', 'revocato_il', 'scade_il');
CREATE TRIGGER ricorda_accesso AFTER INSERT OR UPDATE OF competenza_id, riservata OR DELETE ON cartella FOR EACH ROW
  EXECUTE FUNCTION ricorda_accesso('competenza_id', 'riservata');
CREATE TRIGGER ricorda_accesso AFTER INSERT OR UPDATE OR DELETE ON esclusione FOR EACH ROW
  EXECUTE FUNCTION ricorda_accesso('cartella_id', 'operatore_id', 'dal', 'al', 'revocata_il');
CREATE TRIGGER ricorda_accesso AFTER INSERT OR UPDATE OR DELETE ON limitazione FOR EACH ROW
  EXECUTE FUNCTION ricorda_accesso('cartella_id', 'esito', 'dal', 'al');
CREATE TRIGGER ricorda_accesso AFTER INSERT OR UPDATE OR DELETE ON accordo FOR EACH ROW
  EXECUTE FUNCTION ricorda_accesso('base_giuridica', 'dal', 'al');
CREATE TRIGGER ricorda_accesso AFTER INSERT OR UPDATE OR DELETE ON condivisione FOR EACH ROW
  EXECUTE FUNCTION ricorda_accesso('accordo_id', 'ente_id', 'classi', 'finalita', 'dal', 'al');
