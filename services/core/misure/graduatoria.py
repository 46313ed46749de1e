"""The ranking: a total, deterministic order with every tie-break recorded, a budget line, and a snapshot that runs again.

Pure. Amounts are integer cents. The order, its titles and its act come from the dated parameters `criteri_graduatoria` and
`punteggio_fragilita`; here stand only the keys a criterion may name. A missing key is an error, never a zero: nobody is placed
on what is not known.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from services.core.misure.canonico import byte_canonici, impronta
from services.core.misure.esiti import EsitoVoce
from services.core.platform.errori import Conflitto

SCHEMA = 1
Chiave = Literal["continuita", "fragilita", "isee", "presentazione", "domanda"]


class GraduatoriaIncompleta(Conflitto):
    """Some eligible domande lack the value of an ordering key (`mancanti`: domanda → keys). The graduatoria cannot close."""

    tipo, titolo = "graduatoria-incompleta", "Mancano dati per ordinare la graduatoria"


class _Rigido(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Criterio(_Rigido):
    chiave: Chiave
    verso: Literal["crescente", "decrescente"]
    titolo: str


class PesoScala(_Rigido):
    """Points for each activity of the scale in which the person is not autonomous: (`massimo` - autonomies) x `peso`."""

    scala: Literal["ADL", "IADL"]
    titolo: str
    massimo: int = Field(ge=1)
    peso: int = Field(ge=0)


TABELLE: dict[str, TypeAdapter[Any]] = {
    "FNA_B2.criteri_graduatoria": TypeAdapter(list[Criterio]),
    "FNA_B2.punteggio_fragilita": TypeAdapter(list[PesoScala]),
}


class Candidatura(_Rigido):
    """One domanda as the ranking sees it. `adl` and `iadl` count the activities in which the person is autonomous.

    `decisione` and `valutazione` say where the values come from; they order nothing.
    """

    domanda: UUID
    idonea: bool
    presentata_il: date
    importo_mensile_centesimi: int = Field(ge=0)
    continuita: bool | None = None
    adl: int | None = Field(default=None, ge=0)
    iadl: int | None = Field(default=None, ge=0)
    isee_centesimi: int | None = Field(default=None, ge=0)
    esclusione: Literal["non_ammissibile", "non_integrata"] | None = None
    decisione: UUID | None = None
    valutazione: UUID | None = None

    @model_validator(mode="after")
    def _coerente(self) -> Self:
        if self.idonea and self.importo_mensile_centesimi == 0:
            raise ValueError("una domanda idonea ha un importo")
        if self.idonea is not (self.esclusione is None):
            raise ValueError("una domanda non idonea, e solo quella, ha il motivo dell'esclusione")
        return self


class Ingresso(_Rigido):
    """All that the ranking depends on. `atto_criteri` is the citation of the criteria, `versione_criteri` their version.

    Raises:
        ValueError: repeated domanda, repeated criterion, or the last criterion is not the unique one (`domanda`, ascending).
    """

    avviso: UUID
    misura: str
    linea: str
    data_riferimento: date
    budget_centesimi: int = Field(ge=0)
    mesi: int = Field(ge=1)
    finanziamento_parziale: bool
    criteri: tuple[Criterio, ...] = Field(min_length=1)
    atto_criteri: str
    versione_criteri: str
    pesi: tuple[PesoScala, ...]
    versione_pesi: str
    candidature: tuple[Candidatura, ...]

    @model_validator(mode="after")
    def _coerente(self) -> Self:
        chiavi = [criterio.chiave for criterio in self.criteri]
        if len(set(chiavi)) != len(chiavi):
            raise ValueError("criterio ripetuto")
        if chiavi[-1] != "domanda" or self.criteri[-1].verso != "crescente":
            raise ValueError("l'ultimo criterio deve distinguere ogni domanda: «domanda», crescente")
        if len({candidatura.domanda for candidatura in self.candidature}) != len(self.candidature):
            raise ValueError("domanda ripetuta")
        if len({peso.scala for peso in self.pesi}) != len(self.pesi):
            raise ValueError("scala ripetuta")
        return self


@dataclass(frozen=True, slots=True)
class Voce:
    """One line of the ranking. `segue_per` is the criterion that put it after the line before; None for the first and for
    those not eligible, who are listed after the others by date of presentation without being compared."""

    domanda: UUID
    posizione: int
    esito: EsitoVoce
    mesi: int
    importo_centesimi: int
    valori: dict[str, int | str]
    segue_per: Criterio | None
    esclusione: str | None = None

    def come_json(self, atto: str) -> dict[str, Any]:
        """The form kept in the snapshot; `chiavi_json` is the part kept with the line."""
        return {
            "domanda": str(self.domanda),
            "posizione": self.posizione,
            "esito": self.esito.value,
            "mesi": self.mesi,
            "importo_centesimi": self.importo_centesimi,
            "chiavi": self.chiavi_json(atto),
        }

    def chiavi_json(self, atto: str) -> dict[str, Any]:
        """Ordering keys, reason of an exclusion, and the criterion that decided against the line before, with its act."""
        decisivo = self.segue_per
        citato = None if decisivo is None else {"chiave": decisivo.chiave, "titolo": decisivo.titolo, "atto": atto}
        return {"valori": self.valori, "segue_per": citato, "esclusione": self.esclusione}


@dataclass(frozen=True, slots=True)
class Risultato:
    ingresso: Ingresso
    voci: tuple[Voce, ...]

    @property
    def impegnato_centesimi(self) -> int:
        return sum(voce.importo_centesimi for voce in self.voci)

    def istantanea(self) -> dict[str, Any]:
        """Input and outcome, in canonical order of the candidature."""
        ingresso = self.ingresso.model_dump(mode="json")
        ingresso["candidature"].sort(key=lambda candidatura: candidatura["domanda"])
        return {
            "schema": SCHEMA,
            "ingresso": ingresso,
            "voci": [voce.come_json(self.ingresso.atto_criteri) for voce in self.voci],
            "impegnato_centesimi": self.impegnato_centesimi,
        }

    def byte_istantanea(self) -> bytes:
        return byte_canonici(self.istantanea())

    def impronta(self) -> str:
        """SHA-256 of the canonical bytes of the snapshot."""
        return impronta(self.istantanea())


def calcola(ingresso: Ingresso) -> Risultato:
    """Rank and fund.

    The budget is spent in order of position. The first eligible domanda that does not fit closes the budget line: those after it
    are not funded even if they cost less, because the order would otherwise be overtaken. With `finanziamento_parziale` that
    domanda receives the whole months that fit.

    Raises:
        GraduatoriaIncompleta: an eligible domanda lacks the value of a key the criteria name.
        ValueError: a score is outside its scale.
    """
    idonee = [candidatura for candidatura in ingresso.candidature if candidatura.idonea]
    _controlla_complete(idonee, ingresso)
    valutate = [(_valori(candidatura, ingresso), candidatura) for candidatura in idonee]
    valutate.sort(key=lambda coppia: _ordine(coppia[0], ingresso.criteri))
    mesi = _mesi_finanziati([candidatura for _, candidatura in valutate], ingresso)
    voci: list[Voce] = []
    for indice, (valori, candidatura) in enumerate(valutate):
        precedente = valutate[indice - 1][0] if indice else None
        voci.append(
            Voce(
                domanda=candidatura.domanda,
                posizione=indice + 1,
                esito=EsitoVoce.IDONEA_FINANZIATA if mesi[indice] else EsitoVoce.IDONEA_NON_FINANZIATA,
                mesi=mesi[indice],
                importo_centesimi=mesi[indice] * candidatura.importo_mensile_centesimi,
                valori=valori,
                segue_per=None if precedente is None else _decisivo(precedente, valori, ingresso.criteri),
            )
        )
    return Risultato(ingresso, (*voci, *_non_idonee(ingresso, dopo=len(voci))))


def riesegui(istantanea: bytes) -> bytes:
    """Compute a snapshot again from its own input; the same bytes come back when the outcome is the one of its day.

    Raises:
        ValueError: not a snapshot of a schema known here.
    """
    documento = json.loads(istantanea)
    if documento["schema"] != SCHEMA:
        raise ValueError("schema dell'istantanea non previsto")
    return calcola(Ingresso.model_validate_json(json.dumps(documento["ingresso"]))).byte_istantanea()


def punteggio_fragilita(candidatura: Candidatura, pesi: Sequence[PesoScala]) -> int:
    """Weighted count of the activities without autonomy, over the scales named by the parameters.

    Raises:
        GraduatoriaIncompleta: a score is missing.
        ValueError: a score is above the scale's maximum.
    """
    totale = 0
    for peso in pesi:
        autonomie = candidatura.adl if peso.scala == "ADL" else candidatura.iadl
        if autonomie is None:
            raise GraduatoriaIncompleta(mancanti={str(candidatura.domanda): ["fragilita"]})
        if autonomie > peso.massimo:
            raise ValueError(f"punteggio {peso.scala} oltre il massimo della scala")
        totale += (peso.massimo - autonomie) * peso.peso
    return totale


def _controlla_complete(idonee: Sequence[Candidatura], ingresso: Ingresso) -> None:
    richieste = {criterio.chiave for criterio in ingresso.criteri}
    mancanti: dict[str, list[str]] = {}
    for candidatura in idonee:
        scale = {"ADL": candidatura.adl, "IADL": candidatura.iadl}
        assenti: dict[str, bool] = {
            "continuita": candidatura.continuita is None,
            "fragilita": any(scale[peso.scala] is None for peso in ingresso.pesi),
            "isee": candidatura.isee_centesimi is None,
        }
        chiavi: list[str] = [chiave for chiave, assente in assenti.items() if assente and chiave in richieste]
        if chiavi:
            mancanti[str(candidatura.domanda)] = chiavi
    if mancanti:
        raise GraduatoriaIncompleta(f"A {len(mancanti)} domande idonee manca un dato richiesto dai criteri", mancanti=mancanti)


def _valori(candidatura: Candidatura, ingresso: Ingresso) -> dict[str, int | str]:
    valori: dict[str, int | str] = {}
    for criterio in ingresso.criteri:
        match criterio.chiave:
            case "continuita":
                valori["continuita"] = int(candidatura.continuita is True)
            case "fragilita":
                valori["fragilita"] = punteggio_fragilita(candidatura, ingresso.pesi)
            case "isee":
                assert candidatura.isee_centesimi is not None, "checked by _controlla_complete"
                valori["isee"] = candidatura.isee_centesimi
            case "presentazione":
                valori["presentazione"] = candidatura.presentata_il.isoformat()
            case "domanda":
                valori["domanda"] = str(candidatura.domanda)
    return valori


def _ordine(valori: dict[str, int | str], criteri: Sequence[Criterio]) -> tuple[int | str, ...]:
    return tuple(_verso(valori[criterio.chiave], criterio.verso) for criterio in criteri)


def _verso(valore: int | str, verso: str) -> int | str:
    if verso == "crescente":
        return valore
    if isinstance(valore, int):
        return -valore
    return -date.fromisoformat(valore).toordinal()  # the only textual key that may descend is a date


def _decisivo(precedente: dict[str, int | str], valori: dict[str, int | str], criteri: Sequence[Criterio]) -> Criterio:
    return next(criterio for criterio in criteri if precedente[criterio.chiave] != valori[criterio.chiave])


def _mesi_finanziati(ordinate: Sequence[Candidatura], ingresso: Ingresso) -> list[int]:
    mesi = [0] * len(ordinate)
    residuo = ingresso.budget_centesimi
    for indice, candidatura in enumerate(ordinate):
        capienti = min(ingresso.mesi, residuo // candidatura.importo_mensile_centesimi)
        if capienti < ingresso.mesi:
            mesi[indice] = capienti if ingresso.finanziamento_parziale else 0
            break
        mesi[indice] = capienti
        residuo -= capienti * candidatura.importo_mensile_centesimi
    return mesi


def _non_idonee(ingresso: Ingresso, dopo: int) -> list[Voce]:
    escluse = [candidatura for candidatura in ingresso.candidature if not candidatura.idonea]
    escluse.sort(key=lambda candidatura: (candidatura.presentata_il, str(candidatura.domanda)))
    return [
        Voce(
            domanda=candidatura.domanda,
            posizione=dopo + indice,
            esito=EsitoVoce.NON_IDONEA,
            mesi=0,
            importo_centesimi=0,
            valori={"presentazione": candidatura.presentata_il.isoformat(), "domanda": str(candidatura.domanda)},
            segue_per=None,
            esclusione=candidatura.esclusione,
        )
        for indice, candidatura in enumerate(escluse, start=1)
    ]
