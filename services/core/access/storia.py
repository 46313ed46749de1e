"""Could she see it on a day, by what was recorded at an instant? The rule of access, asked of the past on two axes of time.

One query rebuilds what the rule could read at the instant `noto_al` (`storia_accesso`); the predicates that make the point check
(`regola.puo_vedere`, `preclusione`) then judge the day `giorno`. Roles and their classes are those of the code that runs now; a
competenza is a Comune and a service for ever, and has no history.

An instant recorded is that of the writing; what was written shows when its transaction commits, a moment later.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.access import preclusione, regola
from services.core.access.preclusione import CondivisioneVista, EsclusioneVista, LimitazioneVista
from services.core.access.regola import AccessoVisto, CartellaVista, Scope
from services.core.access.ruoli import RUOLI_PER_ACCORDO, RUOLI_TERRITORIALI, Classe, Finalita, Ruolo
from services.core.platform.clock import FUSO


class Motivo(StrEnum):
    """Why the answer is what it is."""

    VISIBILE = "visibile"
    IGNOTI = "ignoti"
    """The incarico, or the cartella, was not recorded by then; or it is another operator's incarico, or of another ambito."""
    INCARICO_NON_IN_CORSO = "incarico_non_in_corso"
    PRECLUSA = "preclusa"
    """Kept from her: excluded, limited, or shared by no agreement for that purpose."""
    NESSUNA_VIA = "nessuna_via"


@dataclass(frozen=True, slots=True)
class Quesito:
    """Under which incarico, which cartella, on which day; by what was recorded at `noto_al`.

    `istante` is the moment of that day, on the clock that revocations and expiries are told by; None: at any moment of it.
    """

    operatore_id: UUID
    incarico_id: UUID
    cartella_id: UUID
    giorno: date
    noto_al: datetime
    istante: datetime | None = None
    finalita: Finalita | None = None


@dataclass(frozen=True, slots=True)
class Fondamento:
    """A recorded row the answer rests on."""

    tabella: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Risposta:
    """Whether she could; by which ways; on which rows: those that gave, or, when kept from her, those that kept."""

    motivo: Motivo
    vie: tuple[str, ...] = ()
    fondamenti: tuple[Fondamento, ...] = ()

    @property
    def poteva(self) -> bool:
        return self.motivo is Motivo.VISIBILE


RICOSTRUISCI = sa.text(
    """WITH nota AS NOT MATERIALIZED (
         SELECT s.* FROM storia_accesso s
         WHERE s.registrato_il <= :noto_al AND (s.registrato_al IS NULL OR s.registrato_al > :noto_al)
       ), incarico_noto AS MATERIALIZED (
         SELECT * FROM nota WHERE tabella = 'incarico' AND riga_id = :incarico
       ), cartella_nota AS MATERIALIZED (
         SELECT * FROM nota WHERE tabella = 'cartella' AND riga_id = :cartella
       ), condivise AS MATERIALIZED (
         SELECT * FROM nota WHERE tabella = 'condivisione' AND ente_id = (SELECT i.ente_id FROM incarico_noto i)
       ), righe AS (
         SELECT * FROM incarico_noto
         UNION ALL SELECT * FROM cartella_nota
         UNION ALL SELECT * FROM condivise
         UNION ALL SELECT * FROM nota WHERE tabella = 'ente' AND riga_id = (SELECT i.ente_id FROM incarico_noto i)
         UNION ALL SELECT * FROM nota WHERE tabella = 'delega' AND ente_id = (SELECT i.ente_id FROM incarico_noto i)
         UNION ALL SELECT a.* FROM (SELECT DISTINCT (riga ->> 'accordo_id')::uuid AS id FROM condivise) d
                    CROSS JOIN LATERAL (SELECT * FROM nota n WHERE n.tabella = 'accordo' AND n.riga_id = d.id LIMIT 1) a
         UNION ALL SELECT * FROM nota WHERE tabella IN ('accesso', 'esclusione', 'limitazione') AND cartella_id = :cartella
       )
       SELECT tabella, riga_id, ambito_id, riga FROM righe
        WHERE tabella NOT IN ('accesso', 'esclusione') OR riga ->> 'operatore_id' = CAST(CAST(:operatore AS uuid) AS text)
       UNION ALL
       SELECT 'competenza', NULL, k.ambito_id, jsonb_build_object('comune_id', k.comune_id, 'servizio', k.servizio)
         FROM cartella_nota c JOIN competenza k ON k.id = (c.riga ->> 'competenza_id')::integer"""
)


@dataclass(frozen=True, slots=True)
class Riga:
    """A row as it was: its columns are those the rule reads, as JSON has them."""

    id: UUID
    ambito_id: int
    colonne: dict[str, Any]

    def __getitem__(self, nome: str) -> Any:
        return self.colonne[nome]

    def uuid(self, nome: str) -> UUID:
        return UUID(self.colonne[nome])

    def giorno(self, nome: str) -> date | None:
        valore = self.colonne[nome]
        return None if valore is None else date.fromisoformat(valore)

    def istante(self, nome: str) -> datetime | None:
        valore = self.colonne[nome]
        return None if valore is None else datetime.fromisoformat(valore)

    def periodo(self) -> tuple[date, date | None]:
        return date.fromisoformat(self.colonne["dal"]), self.giorno("al")

    def nel_giorno(self, giorno: date) -> bool:
        dal, al = self.periodo()
        return dal <= giorno and (al is None or al >= giorno)


@dataclass(frozen=True, slots=True)
class Noto:
    """What the rule could read then, of one operator under one incarico and of one cartella."""

    righe: dict[str, list[Riga]]

    def di(self, tabella: str) -> list[Riga]:
        return self.righe.get(tabella, [])

    def una(self, tabella: str) -> Riga | None:
        return next(iter(self.di(tabella)), None)


async def poteva_vedere(sessione: AsyncSession, quesito: Quesito) -> Risposta:
    """Answer from what the caller may read of the history: the DPO, that of her ambito."""
    parametri = {
        "noto_al": quesito.noto_al,
        "incarico": quesito.incarico_id,
        "cartella": quesito.cartella_id,
        "operatore": quesito.operatore_id,
    }
    righe: dict[str, list[Riga]] = {}
    for tabella, id_, ambito_id, colonne in (await sessione.execute(RICOSTRUISCI, parametri)).all():
        righe.setdefault(tabella, []).append(Riga(id_, ambito_id, colonne))
    return giudica(quesito, Noto(righe))


def giudica(quesito: Quesito, noto: Noto) -> Risposta:
    """Answer from the rows; of a day without a moment, the first moment at which she could, or why not at its beginning."""
    if quesito.istante is not None:
        return _giudica(quesito, noto, quesito.istante)
    risposte = [_giudica(quesito, noto, istante) for istante in _momenti(quesito.giorno, noto)]
    return next((r for r in risposte if r.poteva), risposte[0])


def _momenti(giorno: date, noto: Noto) -> list[datetime]:
    """The beginning of a day in Italy, and every instant in it from which more could be seen: the end of an exclusion."""
    inizio = datetime.combine(giorno, time(), FUSO)
    fine = datetime.combine(giorno + timedelta(days=1), time(), FUSO)
    revoche = (e.istante("revocata_il") for e in noto.di("esclusione"))
    return [inizio, *sorted(i for i in revoche if i is not None and inizio < i < fine)]


def _giudica(quesito: Quesito, noto: Noto, istante: datetime) -> Risposta:
    incarico, cartella = noto.una("incarico"), noto.una("cartella")
    if incarico is None or cartella is None or incarico.uuid("operatore_id") != quesito.operatore_id:
        return Risposta(Motivo.IGNOTI)
    if not incarico.nel_giorno(quesito.giorno) or _passato(incarico.istante("revocato_il"), istante):
        return Risposta(Motivo.INCARICO_NON_IN_CORSO, fondamenti=(Fondamento("incarico", incarico.id),))
    vista = CartellaVista(cartella.id, cartella.ambito_id, cartella["competenza_id"], cartella["riservata"])
    titoli = _titoli(incarico, noto, quesito.giorno)
    scope = Scope(
        ambito_id=incarico.ambito_id,
        operatore_id=quesito.operatore_id,
        ente_id=incarico.uuid("ente_id"),
        competenze=frozenset({vista.competenza_id}) if titoli else frozenset(),
        data=quesito.giorno,
        istante=istante,
        escluse=_escluse(quesito, incarico, noto, istante),
    )
    accessi = {riga.id: _accesso(riga, istante) for riga in noto.di("accesso")}
    vie = [via for via in regola.VIE if via.vale(scope, vista, list(accessi.values()))]
    if not regola.puo_vedere(scope, vista, list(accessi.values())):
        if vie and vista.ambito_id == scope.ambito_id:
            return Risposta(Motivo.PRECLUSA, fondamenti=tuple(_precludono(incarico, quesito.giorno, noto, istante)))
        return Risposta(Motivo.NESSUNA_VIA)
    senza_territorio = replace(scope, competenze=frozenset())
    grant = [id_ for id_, a in accessi.items() if regola.puo_vedere(senza_territorio, vista, [a])]
    territorio = titoli if regola.puo_vedere(scope, vista, []) else []
    fondamenti = (*territorio, *(Fondamento("accesso", id_) for id_ in grant))
    return Risposta(Motivo.VISIBILE, tuple(via.nome for via in vie), fondamenti)


def _passato(fine: datetime | None, istante: datetime) -> bool:
    return fine is not None and fine <= istante


def _titoli(incarico: Riga, noto: Noto, giorno: date) -> list[Fondamento]:
    """What gives the incarico the competenza of the cartella: its ente being the Comune, or a delega of that day."""
    ente, competenza, cartella = noto.una("ente"), noto.una("competenza"), noto.una("cartella")
    if ente is None or competenza is None or cartella is None or Ruolo(incarico["ruolo"]) not in RUOLI_TERRITORIALI:
        return []
    if incarico["comuni"] is not None and competenza["comune_id"] not in incarico["comuni"]:
        return []
    if incarico["servizi"] is not None and competenza["servizio"] not in incarico["servizi"]:
        return []
    proprio = ente["tipo"] == "comune" and ente["comune_id"] == competenza["comune_id"]
    deleghe = [
        d
        for d in noto.di("delega")
        if d["competenza_id"] == cartella["competenza_id"] and d.ambito_id == incarico.ambito_id and d.nel_giorno(giorno)
    ]
    return [*([Fondamento("ente", ente.id)] if proprio else []), *(Fondamento("delega", d.id) for d in deleghe)]


def _accesso(riga: Riga, istante: datetime) -> AccessoVisto:
    dal, al = riga.periodo()
    return AccessoVisto(
        ambito_id=riga.ambito_id,
        cartella_id=riga.uuid("cartella_id"),
        operatore_id=riga.uuid("operatore_id"),
        ente_id=riga.uuid("ente_id"),
        dal=dal,
        al=al,
        revocato=_passato(riga.istante("revocato_il"), istante),
        scade_il=riga.istante("scade_il"),
    )


def _escluse(quesito: Quesito, incarico: Riga, noto: Noto, istante: datetime) -> frozenset[UUID] | None:
    ruolo, ente_id = Ruolo(incarico["ruolo"]), incarico.uuid("ente_id")
    classi = preclusione.classi_viste(ruolo, ente_id, quesito.finalita, quesito.giorno, _condivisioni(noto))
    esclusioni = [
        EsclusioneVista(e.uuid("cartella_id"), e.uuid("operatore_id"), *e.periodo(), _passato(e.istante("revocata_il"), istante))
        for e in noto.di("esclusione")
    ]
    limitazioni = [
        LimitazioneVista(x.uuid("cartella_id"), x["esito"] == "accolta", x.giorno("dal"), x.giorno("al"))
        for x in noto.di("limitazione")
    ]
    return preclusione.escluse(ruolo, classi, quesito.operatore_id, quesito.giorno, esclusioni, limitazioni)


def _condivisioni(noto: Noto) -> Iterable[CondivisioneVista]:
    accordi = {a.id: a for a in noto.di("accordo")}
    for riga in noto.di("condivisione"):
        accordo = accordi.get(riga.uuid("accordo_id"))
        if accordo is not None:
            classi, finalita = Classe(riga["classi"]), Finalita(riga["finalita"])
            su_consenso = accordo["base_giuridica"] == "consenso"
            ente_id = riga.uuid("ente_id")
            yield CondivisioneVista(ente_id, classi, finalita, *riga.periodo(), *accordo.periodo(), su_consenso)


def _precludono(incarico: Riga, giorno: date, noto: Noto, istante: datetime) -> Iterable[Fondamento]:
    """The rows that keep it; none when it is the lack of an agreement that does."""
    for e in noto.di("esclusione"):
        if e.nel_giorno(giorno) and not _passato(e.istante("revocata_il"), istante):
            yield Fondamento("esclusione", e.id)
    for x in noto.di("limitazione") if Ruolo(incarico["ruolo"]) in RUOLI_PER_ACCORDO else ():
        if x["esito"] == "accolta" and x.nel_giorno(giorno):
            yield Fondamento("limitazione", x.id)
