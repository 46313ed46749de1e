"""With the application's own role and forged settings: what an injected statement could do, and what a header could inject."""

from typing import Any

import asyncpg
import pytest

from services.core.platform.ids import nuovo_id
from tests.attack.mondo import ADA, LEO, Mondo, come_app
from tests.casa import problema
from tests.percorsi import COMUNE_CREMA

pytestmark = pytest.mark.asyncio(loop_scope="module")

TABELLE_NEGATE = ("cursore", "sequenza", "destinazione", "consegna", "tentativo_consegna", "regola_ruolo", "alembic_version")
COLONNE_NEGATE = (
    "SELECT dati FROM evento",
    "UPDATE evento SET dati = '{}'",
    "DELETE FROM audit",
    "UPDATE audit SET motivo = 'x'",
)


async def ambiente(mondo: Mondo, chi: str, competenze: str = "{}", **altro: object) -> dict[str, object]:
    """The settings that entering as an operator sets, all right; `altro` forges some of them."""
    riga = await mondo.casa.admin.fetchrow(
        """SELECT i.* , r.classi FROM incarico i JOIN regola_ruolo r ON r.ruolo = i.ruolo
           WHERE i.operatore_id = $1 AND i.al IS NULL LIMIT 1""",
        await mondo.casa.operatore(chi),
    )
    assert riga is not None
    base = {
        "operatore": riga["operatore_id"], "incarico": riga["id"], "ambito": riga["ambito_id"], "ente": riga["ente_id"],
        "ruolo": riga["ruolo"], "classi": riga["classi"], "data": "2025-09-15", "competenze": competenze,
        "escluse": "{}",
    }  # fmt: skip
    return base | altro


async def rifiutata(connessione: "asyncpg.Connection[Any]", istruzione: str, *valori: object) -> str:
    """Run a statement that must fail, inside a savepoint, and return its SQLSTATE."""
    with pytest.raises(asyncpg.PostgresError) as errore:
        async with connessione.transaction():
            await connessione.execute(istruzione, *valori)
    return str(errore.value.sqlstate)


@pytest.mark.parametrize(
    "forgiato",
    [
        {"ambito": "1 OR true"}, {"ambito": "1,2"}, {"ambito": "{1,2}"}, {"competenze": "{1} OR true"},
        {"competenze": "SELECT id FROM competenza"}, {"operatore": "' OR ''='"}, {"data": "2025-09-15' --"}, {"classi": "63; --"},
    ],
)  # fmt: skip
async def test_il_testo_nelle_impostazioni_non_diventa_condizione(mondo: Mondo, forgiato: dict[str, str]) -> None:
    """A setting is cast, never spliced: a malformed one stops the query, and shows no row."""
    async with come_app(mondo.casa.settings, **await ambiente(mondo, "as-crema", **forgiato)) as c:
        with pytest.raises(asyncpg.DataError):
            async with c.transaction():
                await c.fetch("SELECT * FROM fatto f JOIN cartella c ON c.id = f.cartella_id")


async def test_senza_un_pezzo_dello_scope_non_si_vede_nulla(mondo: Mondo) -> None:
    """Each setting emptied in turn: fail closed."""
    completo = await ambiente(mondo, "asst-crema")
    contate = "SELECT count(*) FROM cartella"
    async with come_app(mondo.casa.settings, **completo) as c:
        assert await c.fetchval(contate) == 1, "by the team"
    for nome in ("ambito", "operatore", "ente", "data"):
        async with come_app(mondo.casa.settings, **(completo | {nome: ""})) as c:
            assert await c.fetchval(contate) == 0, nome
    async with come_app(mondo.casa.settings, **(completo | {"classi": ""})) as c:
        for tabella in ("domanda", "valutazione", "progetto", "fatto", "decisione"):
            assert await c.fetchval(f"SELECT count(*) FROM {tabella}") == 0, tabella


async def test_evento_e_audit_non_si_scrivono_in_nome_d_altri(mondo: Mondo) -> None:
    casa = mondo.casa
    altra = await casa.operatore("coord-csc")
    mio = await ambiente(mondo, "as-crema")
    audit = """INSERT INTO audit (richiesta_id, ambito_id, operatore_id, incarico_id, operazione, esito, oggetti)
               VALUES ($1, $2, $3, $4, 'leggiCartella', 'consentita', '{}')"""
    evento = """INSERT INTO evento (aggregato_id, ambito_id, operatore_id, incarico_id, tipo, schema_versione, aggregato,
                                    versione, dati)
                VALUES ($1, $2, $3, $4, 'cartelle.cartella.chiusa', 1, 'cartella', 9, '{}')"""
    falsi = (
        (1, altra, mio["incarico"]),
        (1, mio["operatore"], nuovo_id()),
        (1, None, None),
        (2, mio["operatore"], mio["incarico"]),
    )
    async with come_app(casa.settings, **mio) as c:
        for istruzione in (audit, evento):
            for falso in falsi:
                assert await rifiutata(c, istruzione, nuovo_id(), *falso) == "42501"
            await c.execute(istruzione, nuovo_id(), 1, mio["operatore"], mio["incarico"])
        numero = "INSERT INTO audit (id, richiesta_id, operazione, esito) VALUES (1, $1, 'x', 'consentita')"
        assert await rifiutata(c, numero, nuovo_id()) in ("42501", "428C9")
        quando = "INSERT INTO audit (quando, richiesta_id, operazione, esito) VALUES ('2020-01-01', $1, 'x', 'consentita')"
        assert await rifiutata(c, quando, nuovo_id()) == "42501"


async def test_un_accesso_si_da_solo_a_cio_che_si_vede(mondo: Mondo) -> None:
    casa = mondo.casa
    dario, carla = await casa.operatore("as-offanengo"), await casa.operatore("as-crema")
    concedi = """INSERT INTO accesso (id, ambito_id, cartella_id, operatore_id, ente_id, motivo, origine_id, dal)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, '2025-09-15')"""
    async with come_app(casa.settings, **await ambiente(mondo, "as-offanengo")) as c:
        for motivo, origine in (("equipe", nuovo_id()), ("pippi", nuovo_id()), ("pippi", mondo.ids["caso_id"])):
            assert await rifiutata(c, concedi, nuovo_id(), 1, ADA, dario, COMUNE_CREMA, motivo, origine) == "42501"
        assert await rifiutata(c, "UPDATE accesso SET operatore_id = $1", dario) == "42501"
    competenze = await casa.admin.fetchval("SELECT array_agg(competenza_id)::text FROM cartella WHERE ambito_id = 1")
    async with come_app(casa.settings, **await ambiente(mondo, "as-crema", competenze)) as c:
        assert await rifiutata(c, concedi, nuovo_id(), 2, ADA, carla, COMUNE_CREMA, "equipe", nuovo_id()) == "42501"
        caso = mondo.ids["caso_id"]
        leo = await casa.admin.fetchval("SELECT cartella_id FROM caso_pippi WHERE id = $1", caso)
        assert await rifiutata(c, concedi, nuovo_id(), 1, leo, carla, COMUNE_CREMA, "pippi", caso) == "42501"
        await c.execute(concedi, nuovo_id(), 1, leo, carla, COMUNE_CREMA, "equipe", caso)  # sees the cartella: may open it
        assert await c.fetchval("SELECT count(*) FROM caso_pippi") == 0, "another reason, the case's id: no case"


async def test_cio_che_non_e_dell_applicazione_e_negato(mondo: Mondo) -> None:
    """Tables, columns, roles and files the application has nothing to do with; temporary objects that would shadow ours."""
    async with come_app(mondo.casa.settings, **await ambiente(mondo, "as-crema")) as c:
        for tabella in TABELLE_NEGATE:
            assert await rifiutata(c, f"SELECT * FROM {tabella}") == "42501", tabella
        for istruzione in COLONNE_NEGATE:
            assert await rifiutata(c, istruzione) == "42501", istruzione
        for istruzione in (
            "CREATE TEMP TABLE persona (id uuid)",
            "CREATE TABLE public.trappola (id uuid)",
            "CREATE FUNCTION public.app_ambito(text) RETURNS int LANGUAGE sql RETURN 1",
            "SET ROLE ambito_definer",
            "SET ROLE ambito_caricatore",
            "SET ROLE ambito_lettore_piano",
            "SET SESSION AUTHORIZATION ambito_owner",
            "ALTER TABLE persona DISABLE ROW LEVEL SECURITY",
            "DROP POLICY ambito ON persona",
            "COPY persona TO PROGRAM 'cat'",
            "SELECT pg_read_file('/etc/passwd')",
            "SELECT elimina_risposte_scadute(interval '0')",
            "SELECT competenze_dell_incarico(gen_random_uuid(), '2025-09-15')",
            "DELETE FROM cartella",
            "DELETE FROM accesso",
            "TRUNCATE audit",
        ):
            assert await rifiutata(c, istruzione) == "42501", istruzione
        await c.execute("SET row_security = off")
        assert await rifiutata(c, "SELECT * FROM persona") == "42501", "an error, not all the rows"


async def test_le_funzioni_del_proprietario_non_danno_piu_di_quanto_dicono(mondo: Mondo) -> None:
    """Each definer function an operator's request reaches, with arguments she could choose."""
    casa, ids = mondo.casa, mondo.ids
    di_altri = await casa.admin.fetchval("SELECT id FROM avviso WHERE ambito_id = 2 LIMIT 1")
    competenze = await casa.admin.fetchval("SELECT array_agg(competenza_id)::text FROM cartella WHERE ambito_id = 1")
    async with come_app(casa.settings, **await ambiente(mondo, "amm-misure-csc", competenze)) as c:
        assert await c.fetchval("SELECT conta_domande_presentate($1)", di_altri) == 0
    async with come_app(casa.settings) as c:
        assert await c.fetch("SELECT * FROM cerca_codice_fiscale('ZZQDAA67C52D142D')") == []
        assert await c.fetchval("SELECT concede_fino_a('pippi', $1, $2)", LEO, ids["caso_id"]) is None
        assert await c.fetchval("SELECT concede_fino_a('pippi', $1, $2)", LEO, nuovo_id()) is None
        assert await c.fetchval("SELECT concede_fino_a('equipe', $1, NULL)", ADA) is None
        assert await rifiutata(c, "SELECT * FROM app_entra_waas('nessuna')") == "AM403"
        assert await rifiutata(c, "SELECT * FROM app_entra_waas('%')") == "AM403"
        carla = await casa.operatore("as-crema")
        for ruoli in ("'{}'", "NULL", "'{NULL}'"):
            entra = f"SELECT * FROM app_entra($1, NULL, {ruoli}::text[], '2025-09-15', NULL)"
            assert await rifiutata(c, entra, carla) == "AM403", ruoli


async def test_un_diniego_si_scrive_solo_come_diniego(mondo: Mondo) -> None:
    """The one function by which the trail is written across ambiti writes refusals only, with an incarico of that operator's."""
    casa, richiesta = mondo.casa, nuovo_id()
    dario, di_carla = await casa.operatore("as-offanengo"), (await ambiente(mondo, "as-crema"))["incarico"]
    async with come_app(casa.settings) as c:
        await c.execute(
            "SELECT registra_diniego($1, $2, $3, 'leggiCartella', 'controllo', 'non-trovato', $4, '2025-09-15')",
            richiesta, dario, di_carla, [ADA],
        )  # fmt: skip
        await c.execute("SELECT set_config('app.ambito', '1', true), set_config('app.ruolo', 'dpo', true)")
        [riga] = await c.fetch("SELECT * FROM audit WHERE richiesta_id = $1", richiesta)
    assert (riga["esito"], riga["incarico_id"], riga["ambito_id"], riga["oggetti"]) == ("negata", None, 1, [ADA])


INIEZIONI = (
    "'; SELECT set_config('app.ambito','2',true); --",
    "00000000-0000-0000-0000-000000000000' OR '1'='1",
    "00000000-0000-0000-0000-000000000000'::uuid, NULL, '{dpo}'); --",
    "NULL",
    "*",
    "1",
    "",
    "\u00bd" * 8,
)


@pytest.mark.parametrize("percorso", ["/cartelle", f"/cartelle/{ADA}", "/io", "/avvisi", f"/cartelle/{ADA}/fatti"])
async def test_nulla_si_inietta_con_le_intestazioni(mondo: Mondo, percorso: str) -> None:
    """Hot reads put the scope in the text of a statement: what reaches it is a UUID, a date and our own role codes."""
    casa = mondo.casa
    prima = await casa.impronta("audit")
    for testo in INIEZIONI:
        for nome in ("Incarico", "Finalita"):
            testate = {**{k.encode(): v.encode() for k, v in casa.token("as-crema").items()}, nome.encode(): testo.encode()}
            risposta = await casa.client.get(percorso, headers=list(testate.items()))
            problema(risposta, 422, "dati-non-validi")
            assert testo == "" or testo in ("1", "*") or testo not in risposta.text
    proprio = (await ambiente(mondo, "as-crema"))["incarico"]
    for forma in (f"{{{proprio}}}", f"urn:uuid:{proprio}", str(proprio).upper(), str(proprio).replace("-", "")):
        assert (await casa.get("as-crema", percorso, incarico=forma)).status_code == 200, "other forms of the same UUID"
    assert await casa.impronta("audit") == prima
