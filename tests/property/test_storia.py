"""What the history says of an instant is what the live policies said at that instant, whatever came before and after.

A world is written and then changed, one act at a time. After each act the live policies are asked, under the application role; at
the end the history is asked of every such instant. One transaction for each world, rolled back: recorded time runs within it too.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.access.ruoli import Finalita, Ruolo
from services.core.access.storia import Motivo, Quesito, poteva_vedere
from services.core.platform.db import crea_engine
from services.core.platform.ids import nuovo_id
from tests.ambiente import GIORNO, Server

AMBITO = 8101
CARTELLE = 2
FINALITA = Finalita.VALUTAZIONE
RUOLI = (Ruolo.ASSISTENTE_SOCIALE, Ruolo.COORDINATORE, Ruolo.OPERATORE_ASST, Ruolo.ETS_GESTORE, Ruolo.UFFICIO_DI_PIANO)

giorni = st.integers(-1, 1).map(lambda n: GIORNO + timedelta(days=n))
fini = st.none() | giorni
quale = st.integers(0, CARTELLE - 1)
si_no = st.booleans()

Atto = tuple[object, ...]
atti = st.lists(
    st.one_of(
        st.tuples(st.just("incarico_al"), fini),
        st.tuples(st.just("incarico_revocato"), si_no),
        st.tuples(st.just("incarico_servizi"), st.sampled_from((None, ["uno"], ["uno", "due"], ["due"]))),
        st.tuples(st.just("delega"), quale, fini),
        st.tuples(st.just("delega_al"), quale, fini),
        st.tuples(st.just("ente"), si_no),
        st.tuples(st.just("competenza"), quale, st.integers(0, 3)),
        st.tuples(st.just("riservata"), quale, si_no),
        st.tuples(st.just("squadra"), quale, si_no, giorni, fini),
        st.tuples(st.just("emergenza"), quale, si_no),
        st.tuples(st.just("accessi_al"), quale, giorni),
        st.tuples(st.just("accessi_revocati"), quale),
        st.tuples(st.just("esclusa"), quale, fini),
        st.tuples(st.just("esclusione_revocata"), quale),
        st.tuples(st.just("limitata"), quale, si_no),
        st.tuples(st.just("condivisa"), st.integers(1, 63), si_no, fini),
        st.tuples(st.just("accordo_al"), fini),
        st.tuples(st.just("tolti"), quale),
    ),
    min_size=1,
    max_size=14,
)


@dataclass
class Scena:
    sessione: AsyncSession
    ids: dict[str, UUID]
    competenze: list[int]
    cartelle: list[UUID]
    comune: int

    async def sql(self, istruzione: str, **valori: object) -> None:
        await self.sessione.execute(sa.text(istruzione), self.ids | valori)

    async def compie(self, atto: Atto) -> None:
        nome, *valori = atto
        await getattr(self, f"_{nome}")(*valori)

    async def _incarico_al(self, al: date | None) -> None:
        await self.sql("UPDATE incarico SET al = :al, revocato_il = NULL WHERE id = :incarico", al=al)

    async def _incarico_revocato(self, si: bool) -> None:
        istante = "clock_timestamp()" if si else "NULL"
        await self.sql(f"UPDATE incarico SET al = coalesce(al, dal), revocato_il = {istante} WHERE id = :incarico")

    async def _incarico_servizi(self, servizi: list[str] | None) -> None:
        await self.sql("UPDATE incarico SET servizi = CAST(:servizi AS text[]) WHERE id = :incarico", servizi=servizi)

    async def _delega(self, k: int, al: date | None) -> None:
        await self.sql("DELETE FROM delega WHERE competenza_id = :k", k=self.competenze[k])
        await self.sql(
            "INSERT INTO delega (id, ambito_id, competenza_id, ente_gestore_id, dal, al)"
            " VALUES (:id, 8101, :k, :ente, '2025-01-01', :al)",
            id=nuovo_id(), k=self.competenze[k], al=al,
        )  # fmt: skip

    async def _delega_al(self, k: int, al: date | None) -> None:
        await self.sql("UPDATE delega SET al = :al WHERE competenza_id = :k", k=self.competenze[k], al=al)

    async def _ente(self, comune: bool) -> None:
        await self.sql(
            "UPDATE ente SET tipo = :tipo, comune_id = :comune WHERE id = :ente",
            tipo="comune" if comune else "azienda", comune=self.comune if comune else None,
        )  # fmt: skip

    async def _competenza(self, n: int, k: int) -> None:
        await self.sql("UPDATE cartella SET competenza_id = :k WHERE id = :c", c=self.cartelle[n], k=self.competenze[k])

    async def _riservata(self, n: int, si: bool) -> None:
        await self.sql("UPDATE cartella SET riservata = :si WHERE id = :c", c=self.cartelle[n], si=si)

    async def _squadra(self, n: int, sua: bool, dal: date, al: date | None) -> None:
        await self.sql(
            "INSERT INTO accesso (id, ambito_id, cartella_id, operatore_id, ente_id, motivo, origine_id, dal, al)"
            " VALUES (:id, 8101, :c, :chi, :ente, 'equipe', :id, :dal, :al)",
            id=nuovo_id(), c=self.cartelle[n], chi=self.ids["operatore" if sua else "collega"], dal=dal, al=al and max(dal, al),
        )  # fmt: skip

    async def _emergenza(self, n: int, viva: bool) -> None:
        segno = "+" if viva else "-"
        await self.sql(
            "INSERT INTO accesso (id, ambito_id, cartella_id, operatore_id, ente_id, motivo, origine_id, dal, al, scade_il)"
            " VALUES (:id, 8101, :c, :operatore, :ente, 'emergenza', :id, :oggi, :oggi,"
            f" clock_timestamp() {segno} interval '1 hour')",
            id=nuovo_id(), c=self.cartelle[n], oggi=GIORNO,
        )  # fmt: skip

    async def _accessi_al(self, n: int, al: date) -> None:
        await self.sql(
            "UPDATE accesso SET al = greatest(dal, CAST(:al AS date)) WHERE cartella_id = :c", c=self.cartelle[n], al=al
        )

    async def _accessi_revocati(self, n: int) -> None:
        await self.sql(
            "UPDATE accesso SET al = coalesce(al, greatest(dal, :oggi)), revocato_il = clock_timestamp() WHERE cartella_id = :c",
            c=self.cartelle[n], oggi=GIORNO,
        )  # fmt: skip

    async def _tolti(self, n: int) -> None:
        await self.sql("DELETE FROM accesso WHERE cartella_id = :c", c=self.cartelle[n])

    async def _esclusa(self, n: int, al: date | None) -> None:
        await self.sql(
            "INSERT INTO esclusione (id, versione, ambito_id, cartella_id, operatore_id, motivo, dal, al)"
            " VALUES (:id, 1, 8101, :c, :operatore, 'parentela', '2025-01-01', :al)",
            id=nuovo_id(), c=self.cartelle[n], al=al,
        )  # fmt: skip

    async def _esclusione_revocata(self, n: int) -> None:
        await self.sql(
            "UPDATE esclusione SET al = coalesce(al, :oggi), revocata_il = clock_timestamp() WHERE cartella_id = :c",
            c=self.cartelle[n], oggi=GIORNO,
        )  # fmt: skip

    async def _limitata(self, n: int, accolta: bool) -> None:
        await self.sql(
            "INSERT INTO limitazione"
            " (id, versione, ambito_id, cartella_id, tipo, richiesta_il, motivazione, esito, decisa_il, dal)"
            " VALUES (:id, 1, 8101, :c, 'opposizione', '2025-01-01', 'Prova', :esito, '2025-01-02', CAST(:dal AS date))",
            id=nuovo_id(), c=self.cartelle[n], esito="accolta" if accolta else "respinta", dal=GIORNO if accolta else None,
        )  # fmt: skip

    async def _condivisa(self, classi: int, per_valutare: bool, al: date | None) -> None:
        await self.sql("DELETE FROM condivisione WHERE ente_id = :ente")
        finalita = FINALITA if per_valutare else Finalita.EROGAZIONE
        await self.sql(
            "INSERT INTO condivisione (id, ambito_id, accordo_id, ente_id, classi, finalita, dal, al)"
            " VALUES (:id, 8101, :accordo, :ente, :classi, :finalita, '2025-01-01', :al)",
            id=nuovo_id(), classi=classi, finalita=finalita.value, al=al,
        )  # fmt: skip

    async def _accordo_al(self, al: date | None) -> None:
        await self.sql("UPDATE accordo SET al = :al WHERE id = :accordo", al=al)

    async def vive(self) -> tuple[datetime, frozenset[UUID]]:
        """What the live policies show now, and the instant; nothing where the incarico is refused."""
        sotto = await self.sessione.begin_nested()  # a refused entry must not end the transaction
        try:
            await self.sessione.execute(sa.text("SET LOCAL ROLE ambito_app"))
            await self.sql(
                "SELECT app_entra(:operatore, :incarico, :ruoli, :oggi, :finalita)",
                ruoli=[r.value for r in Ruolo], oggi=GIORNO, finalita=FINALITA.value,
            )  # fmt: skip
            viste = frozenset((await self.sessione.execute(sa.text("SELECT id FROM cartella"))).scalars())
        except sa.exc.DBAPIError as errore:
            if getattr(errore.orig, "sqlstate", None) != "AM403":
                raise
            viste = frozenset()
        await sotto.rollback()
        istante = await self.sessione.scalar(sa.text("SELECT clock_timestamp()"))
        assert istante is not None
        return istante, viste


async def _scena(sessione: AsyncSession, ruolo: Ruolo) -> Scena:
    ids = {nome: nuovo_id() for nome in ("operatore", "collega", "incarico", "ente", "accordo")}
    scena = Scena(sessione, ids, [], [], 0)
    await scena.sql("INSERT INTO ambito VALUES (8101, 'prova-8101', 'Prova')")
    await scena.sql("INSERT INTO servizio VALUES ('uno', 'Uno'), ('due', 'Due') ON CONFLICT DO NOTHING")
    for nome in ("operatore", "collega"):
        chi = {"chi": ids[nome], "soggetto": str(ids[nome])}
        await scena.sql("INSERT INTO operatore VALUES (:chi, 'prova', :soggetto, 'Zzq', 'Zzq')", **chi)
    comune = (
        "INSERT INTO comune (ambito_id, codice_istat, codice_belfiore, denominazione)"
        " VALUES (8101, :istat, 'Z999', 'P') RETURNING id"
    )
    for istat in ("998001", "998002"):
        id_ = await sessione.scalar(sa.text(comune), {"istat": istat})
        assert id_ is not None
        scena.comune = scena.comune or id_
        for servizio in ("uno", "due"):
            competenza = "INSERT INTO competenza (ambito_id, comune_id, servizio) VALUES (8101, :c, :s) RETURNING id"
            scena.competenze.append(await sessione.scalar(sa.text(competenza), {"c": id_, "s": servizio}))
    await scena.sql("INSERT INTO ente (id, ambito_id, tipo, codice, denominazione) VALUES (:ente, 8101, 'azienda', 'x', 'X')")
    await scena.sql(
        "INSERT INTO accordo (id, ambito_id, codice, titolo, estremi, base_giuridica, norma, dal)"
        " VALUES (:accordo, 8101, 'x', 'X', 'x', 'gdpr_6_1_e', 'x', '2025-01-01')"
    )
    await scena.sql(
        "INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, dal)"
        " VALUES (:incarico, :operatore, 8101, :ente, :ruolo, '2025-01-01')",
        ruolo=ruolo.value,
    )
    for n in range(CARTELLE):
        scena.cartelle.append(nuovo_id())
        persona, nucleo = nuovo_id(), nuovo_id()
        await scena.sql(
            "INSERT INTO persona (id, versione, ambito_id, cognome, nome, data_nascita, sesso, comune_residenza_id, cittadinanza,"
            " protetta) VALUES (:p, 1, 8101, 'Zzq', 'Zzq', '1960-01-01', 'F', :comune, '380', false)",
            p=persona, comune=scena.comune,
        )  # fmt: skip
        await scena.sql("INSERT INTO nucleo VALUES (:n, 8101)", n=nucleo)
        await scena.sql(
            "INSERT INTO cartella (id, versione, ambito_id, persona_id, nucleo_id, competenza_id, stato, riservata, aperta_il,"
            " creata_il) VALUES (:c, 1, 8101, :p, :n, :k, 'aperta', false, '2025-01-01', clock_timestamp())",
            c=scena.cartelle[n], p=persona, n=nucleo, k=scena.competenze[n],
        )  # fmt: skip
    return scena


async def _prova(sessione: AsyncSession, ruolo: Ruolo, sequenza: list[Atto]) -> None:
    scena = await _scena(sessione, ruolo)
    istanti = [await scena.vive()]
    for atto in sequenza:
        await scena.compie(atto)
        istanti.append(await scena.vive())
    for istante, viste in istanti:
        for cartella in scena.cartelle:
            quesito = Quesito(
                scena.ids["operatore"], scena.ids["incarico"], cartella, GIORNO, istante, istante, FINALITA
            )  # fmt: skip
            risposta = await poteva_vedere(sessione, quesito)
            assert risposta.poteva == (cartella in viste), (istante, risposta)
            assert bool(risposta.vie and risposta.fondamenti) == risposta.poteva
            assert risposta.motivo is not Motivo.IGNOTI
    await _ordinata(sessione)


async def _ordinata(sessione: AsyncSession) -> None:
    """The versions of a row follow one another: no two at one instant, no hole but where it was deleted, at most one open."""
    disordine = await sessione.scalar(
        sa.text(
            """SELECT count(*) FROM (
                 SELECT registrato_al, lead(registrato_il) OVER (PARTITION BY tabella, riga_id ORDER BY registrato_il) AS seguente
                 FROM storia_accesso WHERE ambito_id = 8101) s
               WHERE s.seguente < coalesce(s.registrato_al, 'infinity')"""
        )
    )
    assert disordine == 0


@pytest.fixture(scope="module")
def banco(server: Server, modello: str) -> Iterator[tuple[asyncio.Runner, str]]:
    nome = server.clona(modello)
    with asyncio.Runner() as corridore:
        yield corridore, server.settings(nome).dsn_admin
    server.elimina(nome)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ruolo=st.sampled_from(RUOLI), sequenza=atti)
def test_la_storia_dice_cio_che_le_politiche_dicevano(
    banco: tuple[asyncio.Runner, str], ruolo: Ruolo, sequenza: list[Atto]
) -> None:
    corridore, dsn = banco

    async def esegui() -> None:
        engine = crea_engine(dsn, massimo=1)
        try:
            async with AsyncSession(engine) as sessione:
                await _prova(sessione, ruolo, sequenza)
                await sessione.rollback()
        finally:
            await engine.dispose()

    corridore.run(esegui())
