"""Who gets in: tokens, operators and incarichi through the real application."""

from pathlib import Path
from uuid import UUID

import httpx
import pytest

from services.core.platform.clock import adesso_ms
from services.core.platform.ids import nuovo_id
from services.core.platform.tokens import firma
from services.sandbox.oidc import EmittenteOidc
from tests.unit.fabbrica_token import b64, chiave, componi

PROTETTA = "/cartelle"


@pytest.fixture
def forgia(settings):
    """Make a token signed by the issuer the application trusts, with claims and header changed."""
    emittente = EmittenteOidc(
        iss=settings.oidc_issuer, destinatario=settings.oidc_audience, stato=Path(settings.stato_dir), produzione=False
    )

    def fai(testa=None, privata=None, **cambi) -> str:
        ora = adesso_ms() // 1000
        base = {
            "iss": settings.oidc_issuer,
            "sub": "as-crema",
            "aud": settings.oidc_audience,
            "iat": ora,
            "exp": ora + 900,
            "jti": str(nuovo_id()),
        }
        contenuto = {k: v for k, v in (base | cambi).items() if v is not ...}
        intestazione = {"alg": "RS256", "typ": "at+jwt", "kid": emittente._chiavi.kid} | (testa or {})
        return componi(intestazione, contenuto, privata or emittente._chiavi.privata)

    return fai


async def entra(client: httpx.AsyncClient, token: str | None, **altre: str) -> httpx.Response:
    intestazioni = dict(altre) | ({} if token is None else {"Authorization": f"Bearer {token}"})
    return await client.get(PROTETTA, headers=intestazioni)


def problema(risposta: httpx.Response, stato: int, tipo: str) -> dict:
    assert risposta.status_code == stato, risposta.text
    assert risposta.headers["content-type"] == "application/problem+json"
    corpo = risposta.json()
    assert corpo["type"].endswith(tipo)
    return corpo


async def registro(admin) -> list[tuple[str, str]]:
    righe = await admin.fetch("SELECT operazione, esito FROM audit ORDER BY id")
    return [(r["operazione"], r["esito"]) for r in righe]


async def test_un_operatore_entra_e_la_lettura_si_ricorda(client, admin, forgia):
    assert (await entra(client, forgia())).status_code == 200
    assert await registro(admin) == [("elencaCartelle", "consentita")]


async def test_senza_token(client, admin):
    risposta = await entra(client, None)
    problema(risposta, 401, "non-autenticato")
    assert risposta.headers["www-authenticate"].startswith("Bearer")
    assert await registro(admin) == []


async def test_intestazioni_informi(client):
    for valore in ("", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "Bearer " + "x" * 9000, "bearer  é"):
        risposta = await client.get(PROTETTA, headers={"Authorization": valore.encode("latin-1")})
        problema(risposta, 401, "non-autenticato")


ANNO = 365 * 86_400


def casi_rifiutati(ora: int) -> list[dict]:
    """What is changed in a good token, one thing at a time."""
    return [
        *({nome: ...} for nome in ("exp", "iat", "aud", "sub", "iss")),
        {"aud": "altra-api"},
        {"exp": ora - 60, "iat": ora - 900},
        {"exp": ora + 100 * ANNO},
        {"iat": ora + 10 * ANNO, "exp": ora + 10 * ANNO + 60},
        {"nbf": ora + 3600},
        {"cnf": {"jkt": "x"}},
        {"at_hash": "x"},
        {"testa": {"typ": "JWT"}},
        {"testa": {"typ": "dpop+jwt"}},
        {"testa": {"alg": "none"}},
        {"testa": {"crit": ["b64"], "b64": True}},
        {"testa": {"kid": "ignoto"}},
        {"privata": chiave("altra")},
    ]


async def test_token_rifiutati_con_un_solo_testo(client, admin, forgia):
    informe = problema(await entra(client, "a.b.c"), 401, "non-autenticato")
    for caso in casi_rifiutati(adesso_ms() // 1000):
        rifiuto = problema(await entra(client, forgia(**caso)), 401, "non-autenticato")
        assert {**rifiuto, "instance": None} == {**informe, "instance": None}, "the reason is not for who presents the token"
    assert await registro(admin) == []
    assert (await entra(client, forgia())).status_code == 200, "and the good one does enter"


async def test_alg_none_senza_firma(client, forgia):
    testa, contenuto, _ = forgia(testa={"alg": "none"}).split(".")
    problema(await entra(client, f"{testa}.{contenuto}."), 401, "non-autenticato")


async def test_emittente_straniero(client, admin, forgia, settings):
    problema(await entra(client, forgia(iss="https://altro.esempio.it")), 401, "non-autenticato")
    straniero = firma(
        {"iss": "https://altro.esempio.it", "sub": "as-crema", "aud": settings.oidc_audience, "iat": 1, "exp": 2},
        chiave("straniera"),
        kid="k",
        typ="at+jwt",
    )
    problema(await entra(client, straniero), 401, "non-autenticato")
    assert await registro(admin) == []


async def test_un_voucher_pdnd_non_e_il_token_di_un_operatore(client, sandbox):
    poller = next(iter(sandbox.state.poller_inps.values()))
    voucher = await poller._voucher(poller.audience)
    problema(await entra(client, voucher), 401, "non-autenticato")


async def test_il_token_di_un_operatore_non_apre_il_servizio_di_inps(client, forgia):
    risposta = await client.get(
        "/waas/v1/flussi", params={"since": 0, "limit": 1}, headers={"Authorization": f"Bearer {forgia()}"}
    )
    assert risposta.status_code == 401


async def test_operatore_sconosciuto(client, admin, forgia):
    problema(await entra(client, forgia(sub="mai-visto")), 403, "operazione-non-consentita")
    problema(await entra(client, forgia(sub="as-crema' OR 1=1 --")), 403, "operazione-non-consentita")
    assert await registro(admin) == []


async def test_incarico_scaduto(client, admin, token):
    problema(await client.get(PROTETTA, headers=token("as-cessata")), 403, "operazione-non-consentita")
    assert await registro(admin) == [("elencaCartelle", "negata")]


async def incarichi(admin, soggetto: str) -> list[UUID]:
    righe = await admin.fetch(
        "SELECT i.id FROM incarico i JOIN operatore o ON o.id = i.operatore_id WHERE o.soggetto = $1 ORDER BY i.id", soggetto
    )
    return [r["id"] for r in righe]


async def test_incarico_di_un_altro(client, admin, token):
    [altrui] = await incarichi(admin, "as-offanengo")
    problema(await client.get(PROTETTA, headers=token("as-crema", incarico=str(altrui))), 403, "operazione-non-consentita")
    problema(await client.get(PROTETTA, headers=token("as-crema", incarico=str(nuovo_id()))), 403, "operazione-non-consentita")
    assert await registro(admin) == [("elencaCartelle", "negata")] * 2


async def test_due_incarichi_se_ne_indica_uno_e_la_vista_e_di_quello(client, admin, token):
    problema(await client.get(PROTETTA, headers=token("as-due-comuni")), 400, "richiesta-malformata")
    propri = await incarichi(admin, "as-due-comuni")
    viste = []
    for incarico in propri:
        risposta = await client.get(PROTETTA, headers=token("as-due-comuni", incarico=str(incarico)))
        assert risposta.status_code == 200
        viste.append({e["id"] for e in risposta.json()["elementi"]})
    assert len(propri) == 2
    assert not viste[0] & viste[1], "one incarico per request, never the union"


async def test_incarico_informe(client, token):
    for valore in ("x", "1", "00000000-0000-0000-0000-00000000000g", "' OR 1=1"):
        problema(await client.get(PROTETTA, headers=token("as-crema", incarico=valore)), 422, "dati-non-validi")


async def test_un_incarico_che_finisce_chiude_anche_chi_ha_il_token_in_mano(client, admin, forgia):
    gettone = forgia()
    assert (await entra(client, gettone)).status_code == 200
    await admin.execute(
        "UPDATE incarico SET al = dal WHERE operatore_id = (SELECT id FROM operatore WHERE soggetto = 'as-crema')"
    )
    problema(await entra(client, gettone), 403, "operazione-non-consentita")


async def test_le_chiavi_ruotano_senza_riavvio(client, app, sandbox, forgia):
    assert (await entra(client, forgia())).status_code == 200
    verificatore = app.state.ambito.servizi.verificatore
    insieme = next(iter(verificatore._fidati.values())).chiavi
    insieme._tentata_il = float("-inf")
    nuovo = forgia(testa={"kid": "nuova"}, privata=chiave("nuova"))
    problema(await entra(client, nuovo), 401, "non-autenticato")
    assert insieme._tentata_il > 0, "an unknown kid made the application ask the issuer"


async def test_emittente_irraggiungibile_503(settings, token):
    from services.api.main import create_app

    def giu(richiesta):
        raise httpx.ConnectError("giù")

    app = create_app(settings, trasporto=httpx.MockTransport(giu))
    async with app.router.lifespan_context(app):
        trasporto = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=trasporto, base_url="http://prova") as client:
            problema(await client.get(PROTETTA, headers=token("as-crema")), 503, "servizio-esterno-non-disponibile")
            problema(await client.get(PROTETTA, headers={"Authorization": f"Bearer {b64(b'{}')}.e30.AA"}), 401, "non-autenticato")
