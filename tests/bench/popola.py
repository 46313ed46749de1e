"""Fill a migrated database with invented cartelle, in SQL.

One ambito of 48 Comuni and six services; persons have impossible surnames.
"""

from uuid import UUID

import asyncpg

AMBITO = 9001
COMUNI = 48
SERVIZI = ("servizio_sociale_base", "tutela_minori", "disabilita", "anziani", "adulti_inclusione", "segretariato")
OPERATORE_COMUNE = UUID("00000000-0000-7000-8000-000000000001")
OPERATORE_AZIENDA = UUID("00000000-0000-7000-8000-000000000002")
ENTE_COMUNE = UUID("00000000-0000-7000-8000-0000000000e1")
ENTE_AZIENDA = UUID("00000000-0000-7000-8000-0000000000e2")
EMITTENTE_BANCO = "banco"

_TERRITORIO = f"""
INSERT INTO ambito (id, codice, denominazione) VALUES ({AMBITO}, 'banco', 'Ambito del banco di prova');
INSERT INTO servizio (codice, denominazione) SELECT s, s FROM unnest($1::text[]) s ON CONFLICT DO NOTHING;
INSERT INTO comune (ambito_id, codice_istat, codice_belfiore, denominazione)
  SELECT {AMBITO}, lpad(i::text, 6, '9'), 'Z' || lpad(i::text, 3, '0'), 'Comune di prova ' || i
  FROM generate_series(1, {COMUNI}) i;
INSERT INTO competenza (ambito_id, comune_id, servizio)
  SELECT {AMBITO}, c.id, s FROM comune c CROSS JOIN unnest($1::text[]) s WHERE c.ambito_id = {AMBITO};
INSERT INTO ente (id, ambito_id, tipo, codice, denominazione, comune_id)
  SELECT '{ENTE_COMUNE}', {AMBITO}, 'comune', 'comune-1', 'Comune di prova 1', min(id) FROM comune WHERE ambito_id = {AMBITO};
INSERT INTO ente (id, ambito_id, tipo, codice, denominazione)
  VALUES ('{ENTE_AZIENDA}', {AMBITO}, 'azienda', 'azienda', 'Azienda di prova');
INSERT INTO delega (id, ambito_id, competenza_id, ente_gestore_id, dal)
  SELECT gen_random_uuid(), {AMBITO}, id, '{ENTE_AZIENDA}', '2025-01-01' FROM competenza WHERE ambito_id = {AMBITO};
INSERT INTO operatore (id, emittente, soggetto, cognome, nome) VALUES
  ('{OPERATORE_COMUNE}', '{EMITTENTE_BANCO}', 'comune', 'Zzbanco', 'Uno'),
  ('{OPERATORE_AZIENDA}', '{EMITTENTE_BANCO}', 'azienda', 'Zzbanco', 'Due');
INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, dal) VALUES
  (gen_random_uuid(), '{OPERATORE_COMUNE}', {AMBITO}, '{ENTE_COMUNE}', 'assistente_sociale', '2025-01-01'),
  (gen_random_uuid(), '{OPERATORE_AZIENDA}', {AMBITO}, '{ENTE_AZIENDA}', 'coordinatore', '2025-01-01');
"""

_CASI = f"""
CREATE TEMP TABLE caso ON COMMIT DROP AS
  SELECT i, gen_random_uuid() AS persona, gen_random_uuid() AS nucleo, gen_random_uuid() AS cartella,
         k.id AS competenza, k.comune_id AS comune, timestamptz '2024-01-01' + i * interval '31 seconds' AS creata
  FROM generate_series(1, $1::int) i
  JOIN (SELECT id, comune_id, row_number() OVER (ORDER BY id) - 1 AS n FROM competenza WHERE ambito_id = {AMBITO}) k
    ON k.n = (i::bigint * 7919) % {COMUNI * len(SERVIZI)};
INSERT INTO persona (id, versione, ambito_id, cognome, nome, data_nascita, sesso, comune_residenza_id, cittadinanza, protetta,
                     cartella_id, competenza_id, riservata)
  SELECT persona, 1, {AMBITO}, 'Zzqprova' || (i % 997), 'Nome' || (i % 89), date '1930-01-01' + (i % 30000), 'F',
         comune, '380', false, cartella, competenza, false FROM caso;
INSERT INTO nucleo (id, ambito_id) SELECT nucleo, {AMBITO} FROM caso;
INSERT INTO cartella (id, versione, ambito_id, persona_id, nucleo_id, competenza_id, stato, riservata, aperta_il, creata_il)
  SELECT cartella, 1, {AMBITO}, persona, nucleo, competenza, 'aperta', false, creata::date, creata FROM caso;
INSERT INTO componente (id, ambito_id, nucleo_id, persona_id, relazione, dal)
  SELECT gen_random_uuid(), {AMBITO}, nucleo, persona, 'intestatario', creata::date FROM caso;
"""

TABELLE = ("persona", "nucleo", "cartella", "componente")


async def popola(dsn_admin: str, quante: int) -> None:
    """Add the territory and `quante` cartelle, and bring the statistics up to date."""
    connessione = await asyncpg.connect(dsn_admin)
    try:
        async with connessione.transaction():
            for istruzione in _TERRITORIO.split(";\n"):
                if istruzione.strip():
                    argomenti = [list(SERVIZI)] if "$1" in istruzione else []
                    await connessione.execute(istruzione, *argomenti)
            for istruzione in _CASI.split(";\n"):
                if istruzione.strip():
                    # DDL takes no parameters: the one number is ours
                    await connessione.execute(istruzione.replace("$1::int", str(int(quante))), timeout=1800)
        for tabella in TABELLE:
            await connessione.execute(f"VACUUM ANALYZE {tabella}", timeout=600)
        await connessione.execute("ANALYZE")
    finally:
        await connessione.close()
