"""The event types that may leave the ambito by webhook.

A list of what is allowed, not of what is forbidden: a new type stays inside until somebody decides otherwise. Nothing of
P.I.P.P.I., of access and of the webhooks themselves is here: a P.I.P.P.I. case must not be known outside its team, and a
delivery that announced deliveries would never end.
"""

PUBBLICI: frozenset[str] = frozenset(
    {
        "misure.domanda.presentata",
        "misure.domanda.in_graduatoria",
        "misure.graduatoria.chiusa",
        "misure.assegnazione.creata",
        "valutazioni.valutazione.conclusa",
        "progetti.progetto.firmato",
    }
)
