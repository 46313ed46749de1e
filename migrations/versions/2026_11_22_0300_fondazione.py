"""The foundation: every table of the first release, its functions, policies and grants, and the queue of the wake-ups.

Nothing was released before it.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).resolve().parent.parent / "sql"


def _esegui(*nomi: str) -> None:
    """Run files of SQL, frozen with this migration, or print them. The driver's own statement takes a whole script."""
    for nome in nomi:
        testo = (SQL / nome).read_text(encoding="utf-8")
        if op.get_context().as_sql:
            op.get_context().impl.static_output(testo)
        else:
            op.get_bind().exec_driver_sql(testo.replace("%", "%%"))


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "ambito",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("codice", sa.String(), nullable=False),
        sa.Column("denominazione", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ambito")),
        sa.UniqueConstraint("codice", name=op.f("uq_ambito_codice")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("quando", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("richiesta_id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=True),
        sa.Column("ambito_oggetto_id", sa.Integer(), nullable=True),
        sa.Column("operatore_id", sa.Uuid(), nullable=True),
        sa.Column("incarico_id", sa.Uuid(), nullable=True),
        sa.Column("operazione", sa.String(), nullable=False),
        sa.Column("finalita", sa.Text(), nullable=True),
        sa.Column("esito", sa.Text(), nullable=False),
        sa.Column("motivo", sa.String(), nullable=True),
        sa.Column("oggetto_tipo", sa.String(), nullable=True),
        sa.Column("oggetti", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.CheckConstraint("esito IN ('consentita', 'negata')", name=op.f("ck_audit_esito_ammesso")),
        sa.CheckConstraint(
            "finalita IN ('presa_in_carico', 'valutazione', 'erogazione', 'programmazione', 'controllo', 'flusso_statale')",
            name=op.f("ck_audit_finalita_ammesso"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_ambito", "audit", ["ambito_id", "id"], unique=False)
    op.create_index(
        "ix_audit_ambito_oggetto",
        "audit",
        ["ambito_oggetto_id", "id"],
        unique=False,
        postgresql_where=sa.text("ambito_oggetto_id IS NOT NULL"),
    )
    op.create_table(
        "cursore",
        sa.Column("lettore", sa.String(), nullable=False),
        sa.Column("posizione", sa.BigInteger(), nullable=False),
        sa.Column("tentativi", sa.Integer(), nullable=False),
        sa.Column("errore", sa.String(), nullable=True),
        sa.Column("prossimo_tentativo", sa.DateTime(timezone=True), nullable=True),
        sa.Column("aggiornato_il", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("lettore", name=op.f("pk_cursore")),
    )
    op.create_table(
        "idempotenza",
        sa.Column("operatore_id", sa.Uuid(), nullable=False),
        sa.Column("operazione", sa.String(), nullable=False),
        sa.Column("chiave", sa.String(), nullable=False),
        sa.Column("incarico_id", sa.Uuid(), nullable=False),
        sa.Column("impronta", sa.String(), nullable=False),
        sa.Column("stato", sa.SmallInteger(), nullable=True),
        sa.Column("intestazioni", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("corpo", sa.LargeBinary(), nullable=True),
        sa.Column("oggetti", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("creata_il", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("operatore_id", "operazione", "chiave", name=op.f("pk_idempotenza")),
    )
    op.create_table(
        "operatore",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("emittente", sa.String(), nullable=False),
        sa.Column("soggetto", sa.String(), nullable=False),
        sa.Column("cognome", sa.String(), nullable=False),
        sa.Column("nome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operatore")),
        sa.UniqueConstraint("emittente", "soggetto", name=op.f("uq_operatore_emittente_soggetto")),
    )
    op.create_table(
        "regola_ruolo",
        sa.Column("ruolo", sa.Text(), nullable=False),
        sa.Column("classi", sa.Integer(), nullable=False),
        sa.Column("territoriale", sa.Boolean(), nullable=False),
        sa.Column("per_accordo", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "ruolo IN ('segretariato', 'assistente_sociale', 'coordinatore', 'responsabile_servizio', 'case_manager', 'amministrativo_misura', 'ufficio_di_piano', 'amministratore_pubblico', 'operatore_asst', 'rsa', 'ets_gestore', 'ets_coprogrammatore', 'antiviolenza', 'dpo', 'amministratore_tecnico')",
            name=op.f("ck_regola_ruolo_ruolo_ammesso"),
        ),
        sa.PrimaryKeyConstraint("ruolo", name=op.f("pk_regola_ruolo")),
    )
    op.create_table(
        "sequenza",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("ultima", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_sequenza_una_riga")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sequenza")),
    )
    op.create_table(
        "servizio",
        sa.Column("codice", sa.String(), nullable=False),
        sa.Column("denominazione", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("codice", name=op.f("pk_servizio")),
    )
    op.create_table(
        "sigillo_oblio",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("archivio", sa.Uuid(), nullable=False),
        sa.Column("numeri", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("motivo", sa.String(), nullable=False),
        sa.Column("quando", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("firma", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sigillo_oblio")),
    )
    op.create_table(
        "sigillo_ricevuta",
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("lotto", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("archivio", sa.Uuid(), nullable=False),
        sa.Column("testa", sa.LargeBinary(), nullable=False),
        sa.Column("quando", sa.DateTime(timezone=True), nullable=False),
        sa.Column("firma", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kid", "lotto", name=op.f("pk_sigillo_ricevuta")),
    )
    op.create_table(
        "sigillo_stato",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("assodato", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("testimone", sa.String(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_sigillo_stato_una_riga")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sigillo_stato")),
    )
    op.create_table(
        "sigillo_testa",
        sa.Column("lotto", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("archivio", sa.Uuid(), nullable=False),
        sa.Column("precedente", sa.LargeBinary(), nullable=False),
        sa.Column("da", sa.BigInteger(), nullable=False),
        sa.Column("a", sa.BigInteger(), nullable=False),
        sa.Column("quante", sa.BigInteger(), nullable=False),
        sa.Column("radice", sa.LargeBinary(), nullable=False),
        sa.Column("quando", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("impronta", sa.LargeBinary(), nullable=False),
        sa.Column("firma", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("lotto", name=op.f("pk_sigillo_testa")),
    )
    op.create_table(
        "sigillo_voce",
        sa.Column("numero", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audit_id", sa.BigInteger(), nullable=True),
        sa.Column("oblio_id", sa.Uuid(), nullable=True),
        sa.Column("sale", sa.LargeBinary(), nullable=True),
        sa.Column("impegno", sa.LargeBinary(), nullable=True),
        sa.Column("foglia", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("(audit_id IS NULL) <> (oblio_id IS NULL)", name=op.f("ck_sigillo_voce_una_cosa_sola")),
        sa.PrimaryKeyConstraint("numero", name=op.f("pk_sigillo_voce")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_sigillo_voce_audit_id")),
        sa.UniqueConstraint("oblio_id", name=op.f("uq_sigillo_voce_oblio_id")),
    )
    op.create_table(
        "storia_accesso",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("tabella", sa.String(), nullable=False),
        sa.Column("riga_id", sa.Uuid(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=True),
        sa.Column("ente_id", sa.Uuid(), nullable=True),
        sa.Column("riga", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("registrato_il", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registrato_al", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("registrato_al > registrato_il", name=op.f("ck_storia_accesso_registrazione_in_ordine")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storia_accesso")),
    )
    op.create_index(
        "ix_storia_accesso_cartella",
        "storia_accesso",
        ["cartella_id"],
        unique=False,
        postgresql_where=sa.text("cartella_id IS NOT NULL"),
    )
    op.create_index(
        "ix_storia_accesso_ente", "storia_accesso", ["ente_id"], unique=False, postgresql_where=sa.text("ente_id IS NOT NULL")
    )
    op.create_index("ix_storia_accesso_riga", "storia_accesso", ["riga_id", "registrato_il"], unique=False)
    op.create_index(
        "uq_storia_accesso_corrente",
        "storia_accesso",
        ["tabella", "riga_id"],
        unique=True,
        postgresql_where=sa.text("registrato_al IS NULL"),
    )
    op.create_table(
        "accordo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("codice", sa.String(), nullable=False),
        sa.Column("titolo", sa.String(), nullable=False),
        sa.Column("estremi", sa.String(), nullable=False),
        sa.Column("base_giuridica", sa.Text(), nullable=False),
        sa.Column("norma", sa.String(), nullable=False),
        sa.Column("dal", sa.Date(), nullable=False),
        sa.Column("al", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "base_giuridica IN ('gdpr_6_1_e', 'gdpr_9_2_g', 'gdpr_9_2_h', 'consenso')",
            name=op.f("ck_accordo_base_giuridica_ammesso"),
        ),
        sa.CheckConstraint("al IS NULL OR al >= dal", name=op.f("ck_accordo_date_in_ordine")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_accordo_ambito_id_ambito")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accordo")),
        sa.UniqueConstraint("ambito_id", "codice", name=op.f("uq_accordo_ambito_id_codice")),
    )
    op.create_table(
        "avviso",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("codice", sa.String(), nullable=False),
        sa.Column("misura", sa.String(), nullable=False),
        sa.Column("denominazione", sa.String(), nullable=False),
        sa.Column("anno", sa.Integer(), nullable=False),
        sa.Column("fondo", sa.String(), nullable=False),
        sa.Column("budget_centesimi", sa.BigInteger(), nullable=False),
        sa.Column("aperto_dal", sa.Date(), nullable=False),
        sa.Column("aperto_al", sa.Date(), nullable=False),
        sa.Column("stato", sa.Text(), nullable=False),
        sa.Column("opzioni", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("stato IN ('bozza', 'aperto', 'chiuso')", name=op.f("ck_avviso_stato_ammesso")),
        sa.CheckConstraint("aperto_al >= aperto_dal", name=op.f("ck_avviso_periodo_ordinato")),
        sa.CheckConstraint("budget_centesimi >= 0", name=op.f("ck_avviso_budget_non_negativo")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_avviso_ambito_id_ambito")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_avviso")),
        sa.UniqueConstraint("ambito_id", "codice", name=op.f("uq_avviso_ambito_id_codice")),
    )
    op.create_table(
        "evento",
        sa.Column("numero", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("posizione", sa.BigInteger(), nullable=True),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("tipo", sa.String(), nullable=False),
        sa.Column("schema_versione", sa.SmallInteger(), nullable=False),
        sa.Column("aggregato", sa.String(), nullable=False),
        sa.Column("aggregato_id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=True),
        sa.Column("dati", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("operatore_id", sa.Uuid(), nullable=True),
        sa.Column("incarico_id", sa.Uuid(), nullable=True),
        sa.Column("finalita", sa.String(), nullable=True),
        sa.Column("registrato_il", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_evento_ambito_id_ambito")),
        sa.PrimaryKeyConstraint("numero", name=op.f("pk_evento")),
        sa.UniqueConstraint(
            "aggregato", "aggregato_id", "versione", "tipo", name=op.f("uq_evento_aggregato_aggregato_id_versione_tipo")
        ),
        sa.UniqueConstraint("posizione", name=op.f("uq_evento_posizione")),
    )
    op.create_index("ix_evento_aggregato", "evento", ["aggregato_id"], unique=False)
    op.create_index("ix_evento_cartella", "evento", ["cartella_id"], unique=False)
    op.create_index("ix_evento_da_numerare", "evento", ["numero"], unique=False, postgresql_where=sa.text("posizione IS NULL"))
    op.create_table(
        "nucleo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_nucleo_ambito_id_ambito")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nucleo")),
    )
    op.create_table(
        "piano",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("codice", sa.String(), nullable=False),
        sa.Column("denominazione", sa.String(), nullable=False),
        sa.Column("dal", sa.Date(), nullable=False),
        sa.Column("al", sa.Date(), nullable=False),
        sa.CheckConstraint("dal <= al", name=op.f("ck_piano_periodo_ordinato")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_piano_ambito_id_ambito")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_piano")),
        sa.UniqueConstraint("ambito_id", "codice", name=op.f("uq_piano_ambito_id_codice")),
    )
    op.create_table(
        "sub_ambito",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("codice", sa.String(), nullable=False),
        sa.Column("denominazione", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_sub_ambito_ambito_id_ambito")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sub_ambito")),
        sa.UniqueConstraint("ambito_id", "codice", name=op.f("uq_sub_ambito_ambito_id_codice")),
    )
    op.create_table(
        "comune",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("sub_ambito_id", sa.Uuid(), nullable=True),
        sa.Column("codice_istat", sa.CHAR(length=6), nullable=False),
        sa.Column("codice_belfiore", sa.CHAR(length=4), nullable=False),
        sa.Column("denominazione", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_comune_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["sub_ambito_id"], ["sub_ambito.id"], name=op.f("fk_comune_sub_ambito_id_sub_ambito")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comune")),
        sa.UniqueConstraint("ambito_id", "codice_istat", name=op.f("uq_comune_ambito_id_codice_istat")),
    )
    op.create_table(
        "graduatoria",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("avviso_id", sa.Uuid(), nullable=False),
        sa.Column("linea", sa.String(), nullable=False),
        sa.Column("stato", sa.Text(), nullable=False),
        sa.Column("budget_centesimi", sa.BigInteger(), nullable=False),
        sa.Column("impegnato_centesimi", sa.BigInteger(), nullable=False),
        sa.Column("impronta", sa.String(), nullable=True),
        sa.Column("istantanea", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("chiusa_il", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "stato = 'bozza' OR (impronta ~ '^[0-9a-f]{64}$' AND istantanea IS NOT NULL AND chiusa_il IS NOT NULL)",
            name=op.f("ck_graduatoria_chiusa_con_impronta"),
        ),
        sa.CheckConstraint("stato IN ('bozza', 'chiusa', 'superata')", name=op.f("ck_graduatoria_stato_ammesso")),
        sa.CheckConstraint("impegnato_centesimi BETWEEN 0 AND budget_centesimi", name=op.f("ck_graduatoria_mai_oltre_il_budget")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_graduatoria_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["avviso_id"], ["avviso.id"], name=op.f("fk_graduatoria_avviso_id_avviso")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_graduatoria")),
    )
    op.create_index(
        "uq_graduatoria_vigente",
        "graduatoria",
        ["avviso_id", "linea"],
        unique=True,
        postgresql_where=sa.text("stato <> 'superata'"),
    )
    op.create_table(
        "obiettivo_piano",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("piano_id", sa.Uuid(), nullable=False),
        sa.Column("codice", sa.String(), nullable=False),
        sa.Column("testo", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_obiettivo_piano_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["piano_id"], ["piano.id"], name=op.f("fk_obiettivo_piano_piano_id_piano")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obiettivo_piano")),
        sa.UniqueConstraint("piano_id", "codice", name=op.f("uq_obiettivo_piano_piano_id_codice")),
    )
    op.create_index(op.f("ix_obiettivo_piano_ambito_id"), "obiettivo_piano", ["ambito_id"], unique=False)
    op.create_table(
        "competenza",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("comune_id", sa.Integer(), nullable=False),
        sa.Column("servizio", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_competenza_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["comune_id"], ["comune.id"], name=op.f("fk_competenza_comune_id_comune")),
        sa.ForeignKeyConstraint(["servizio"], ["servizio.codice"], name=op.f("fk_competenza_servizio_servizio")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competenza")),
        sa.UniqueConstraint("comune_id", "servizio", name=op.f("uq_competenza_comune_id_servizio")),
    )
    op.create_index(op.f("ix_competenza_ambito_id"), "competenza", ["ambito_id"], unique=False)
    op.create_table(
        "ente",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("tipo", sa.Text(), nullable=False),
        sa.Column("codice", sa.String(), nullable=False),
        sa.Column("denominazione", sa.String(), nullable=False),
        sa.Column("comune_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "tipo IN ('comune', 'unione', 'azienda', 'asst', 'ats_salute', 'rsa', 'ets', 'scuola', 'ufficio_di_piano')",
            name=op.f("ck_ente_tipo_ammesso"),
        ),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_ente_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["comune_id"], ["comune.id"], name=op.f("fk_ente_comune_id_comune")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ente")),
        sa.UniqueConstraint("ambito_id", "codice", name=op.f("uq_ente_ambito_id_codice")),
    )
    op.create_table(
        "indicatore",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("piano_id", sa.Uuid(), nullable=False),
        sa.Column("obiettivo_id", sa.Uuid(), nullable=False),
        sa.Column("codice", sa.String(), nullable=False),
        sa.Column("testo", sa.String(), nullable=False),
        sa.Column("unita", sa.String(), nullable=False),
        sa.Column("verso", sa.Text(), nullable=False),
        sa.Column("valore_atteso", sa.Numeric(), nullable=False),
        sa.Column("formula", sa.String(), nullable=False),
        sa.CheckConstraint("verso IN ('>=', '<=', '=')", name=op.f("ck_indicatore_verso_ammesso")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_indicatore_ambito_id_ambito")),
        sa.ForeignKeyConstraint(
            ["obiettivo_id"], ["obiettivo_piano.id"], name=op.f("fk_indicatore_obiettivo_id_obiettivo_piano")
        ),
        sa.ForeignKeyConstraint(["piano_id"], ["piano.id"], name=op.f("fk_indicatore_piano_id_piano")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicatore")),
        sa.UniqueConstraint("piano_id", "codice", name=op.f("uq_indicatore_piano_id_codice")),
    )
    op.create_index("ix_indicatore_ambito_id_formula", "indicatore", ["ambito_id", "formula"], unique=False)
    op.create_index(op.f("ix_indicatore_obiettivo_id"), "indicatore", ["obiettivo_id"], unique=False)
    op.create_table(
        "persona",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cognome", sa.String(), nullable=False),
        sa.Column("nome", sa.String(), nullable=False),
        sa.Column("data_nascita", sa.Date(), nullable=False),
        sa.Column("sesso", sa.Text(), nullable=False),
        sa.Column("codice_fiscale", sa.String(), nullable=True),
        sa.Column("comune_nascita", sa.CHAR(length=4), nullable=True),
        sa.Column("comune_residenza_id", sa.Integer(), nullable=False),
        sa.Column("cittadinanza", sa.CHAR(length=3), nullable=False),
        sa.Column("protetta", sa.Boolean(), nullable=False),
        sa.Column("celata", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=True),
        sa.Column("competenza_id", sa.Integer(), nullable=True),
        sa.Column("riservata", sa.Boolean(), nullable=True),
        sa.CheckConstraint("sesso IN ('M', 'F')", name=op.f("ck_persona_sesso_ammesso")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_persona_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["comune_residenza_id"], ["comune.id"], name=op.f("fk_persona_comune_residenza_id_comune")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persona")),
    )
    op.create_index(
        "uq_persona_codice_fiscale",
        "persona",
        ["ambito_id", "codice_fiscale"],
        unique=True,
        postgresql_where=sa.text("codice_fiscale IS NOT NULL AND NOT protetta AND NOT celata"),
    )
    op.create_table(
        "cartella",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("persona_id", sa.Uuid(), nullable=False),
        sa.Column("nucleo_id", sa.Uuid(), nullable=False),
        sa.Column("competenza_id", sa.Integer(), nullable=False),
        sa.Column("stato", sa.Text(), nullable=False),
        sa.Column("riservata", sa.Boolean(), nullable=False),
        sa.Column("aperta_il", sa.Date(), nullable=False),
        sa.Column("chiusa_il", sa.Date(), nullable=True),
        sa.Column("creata_il", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(stato = 'chiusa') = (chiusa_il IS NOT NULL)", name=op.f("ck_cartella_chiusura_datata")),
        sa.CheckConstraint("stato IN ('aperta', 'chiusa')", name=op.f("ck_cartella_stato_ammesso")),
        sa.CheckConstraint("chiusa_il >= aperta_il", name=op.f("ck_cartella_date_in_ordine")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_cartella_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["competenza_id"], ["competenza.id"], name=op.f("fk_cartella_competenza_id_competenza")),
        sa.ForeignKeyConstraint(["nucleo_id"], ["nucleo.id"], name=op.f("fk_cartella_nucleo_id_nucleo")),
        sa.ForeignKeyConstraint(["persona_id"], ["persona.id"], name=op.f("fk_cartella_persona_id_persona")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cartella")),
        sa.UniqueConstraint("persona_id", name=op.f("uq_cartella_persona_id")),
    )
    op.create_index(
        "ix_cartella_ambito",
        "cartella",
        ["ambito_id", sa.literal_column("creata_il DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_cartella_competenza",
        "cartella",
        ["competenza_id", sa.literal_column("creata_il DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_cartella_nucleo", "cartella", ["nucleo_id"], unique=False)
    op.create_table(
        "componente",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("nucleo_id", sa.Uuid(), nullable=False),
        sa.Column("persona_id", sa.Uuid(), nullable=False),
        sa.Column("relazione", sa.Text(), nullable=False),
        sa.Column("dal", sa.Date(), nullable=False),
        sa.Column("al", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "relazione IN ('intestatario', 'coniuge', 'figlio', 'genitore', 'fratello', 'convivente', 'altro')",
            name=op.f("ck_componente_relazione_ammesso"),
        ),
        sa.CheckConstraint("al IS NULL OR al >= dal", name=op.f("ck_componente_date_in_ordine")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_componente_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["nucleo_id"], ["nucleo.id"], name=op.f("fk_componente_nucleo_id_nucleo")),
        sa.ForeignKeyConstraint(["persona_id"], ["persona.id"], name=op.f("fk_componente_persona_id_persona")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_componente")),
        sa.UniqueConstraint("nucleo_id", "persona_id", "dal", name=op.f("uq_componente_nucleo_id_persona_id_dal")),
    )
    op.create_index("ix_componente_persona", "componente", ["persona_id"], unique=False)
    op.create_table(
        "condivisione",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("accordo_id", sa.Uuid(), nullable=False),
        sa.Column("ente_id", sa.Uuid(), nullable=False),
        sa.Column("classi", sa.Integer(), nullable=False),
        sa.Column("finalita", sa.Text(), nullable=False),
        sa.Column("dal", sa.Date(), nullable=False),
        sa.Column("al", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "finalita IN ('presa_in_carico', 'valutazione', 'erogazione', 'programmazione', 'controllo', 'flusso_statale')",
            name=op.f("ck_condivisione_finalita_ammesso"),
        ),
        sa.CheckConstraint("al IS NULL OR al >= dal", name=op.f("ck_condivisione_date_in_ordine")),
        sa.CheckConstraint("classi BETWEEN 1 AND 63", name=op.f("ck_condivisione_classi_ammesse")),
        sa.ForeignKeyConstraint(["accordo_id"], ["accordo.id"], name=op.f("fk_condivisione_accordo_id_accordo")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_condivisione_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["ente_id"], ["ente.id"], name=op.f("fk_condivisione_ente_id_ente")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condivisione")),
        sa.UniqueConstraint(
            "accordo_id", "ente_id", "finalita", "dal", name=op.f("uq_condivisione_accordo_id_ente_id_finalita_dal")
        ),
    )
    op.create_index("ix_condivisione_ente", "condivisione", ["ente_id"], unique=False)
    op.create_table(
        "delega",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("competenza_id", sa.Integer(), nullable=False),
        sa.Column("ente_gestore_id", sa.Uuid(), nullable=False),
        sa.Column("dal", sa.Date(), nullable=False),
        sa.Column("al", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("competenza_id"), "="),
            (sa.text("daterange(dal, al, '[]')"), "&&"),
            using="gist",
            name="ex_delega_competenza_giorno",
        ),
        sa.CheckConstraint("al IS NULL OR al >= dal", name=op.f("ck_delega_date_in_ordine")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_delega_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["competenza_id"], ["competenza.id"], name=op.f("fk_delega_competenza_id_competenza")),
        sa.ForeignKeyConstraint(["ente_gestore_id"], ["ente.id"], name=op.f("fk_delega_ente_gestore_id_ente")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delega")),
    )
    op.create_index("ix_delega_gestore", "delega", ["ente_gestore_id", "competenza_id"], unique=False)
    op.create_table(
        "destinazione",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("ente_id", sa.Uuid(), nullable=False),
        sa.Column("denominazione", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("segreto_cifrato", sa.LargeBinary(), nullable=False),
        sa.Column("segreto_precedente", sa.LargeBinary(), nullable=True),
        sa.Column("tipi", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("attiva", sa.Boolean(), nullable=False),
        sa.Column("sospesa_fino", sa.DateTime(timezone=True), nullable=True),
        sa.Column("errori_consecutivi", sa.Integer(), nullable=False),
        sa.CheckConstraint("cardinality(tipi) > 0", name=op.f("ck_destinazione_tipi_presenti")),
        sa.CheckConstraint("errori_consecutivi >= 0", name=op.f("ck_destinazione_errori_non_negativi")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_destinazione_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["ente_id"], ["ente.id"], name=op.f("fk_destinazione_ente_id_ente")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destinazione")),
        sa.UniqueConstraint("ambito_id", "ente_id", "url", name=op.f("uq_destinazione_ambito_id_ente_id_url")),
    )
    op.create_table(
        "ente_waas",
        sa.Column("ente_id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("codice_ente", sa.CHAR(length=4), nullable=False),
        sa.Column("denominazione", sa.String(), nullable=False),
        sa.Column("codice_fiscale_operatore", sa.String(), nullable=True),
        sa.Column("ultimo_ts", sa.BigInteger(), nullable=False),
        sa.Column("progressivo_giorno", sa.Date(), nullable=True),
        sa.Column("progressivo", sa.Integer(), nullable=False),
        sa.CheckConstraint("codice_ente ~ '^[A-Z][0-9]{3}$'", name=op.f("ck_ente_waas_codice_ente_belfiore")),
        sa.CheckConstraint("progressivo >= 0", name=op.f("ck_ente_waas_progressivo_non_negativo")),
        sa.CheckConstraint("ultimo_ts >= 0", name=op.f("ck_ente_waas_ultimo_ts_non_negativo")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_ente_waas_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["ente_id"], ["ente.id"], name=op.f("fk_ente_waas_ente_id_ente")),
        sa.PrimaryKeyConstraint("ente_id", name=op.f("pk_ente_waas")),
        sa.UniqueConstraint("audience", name=op.f("uq_ente_waas_audience")),
        sa.UniqueConstraint("codice_ente", name=op.f("uq_ente_waas_codice_ente")),
    )
    op.create_index(op.f("ix_ente_waas_ambito_id"), "ente_waas", ["ambito_id"], unique=False)
    op.create_table(
        "incarico",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("operatore_id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("ente_id", sa.Uuid(), nullable=False),
        sa.Column("ruolo", sa.Text(), nullable=False),
        sa.Column("comuni", postgresql.ARRAY(sa.Integer()), nullable=True),
        sa.Column("servizi", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("dal", sa.Date(), nullable=False),
        sa.Column("al", sa.Date(), nullable=True),
        sa.Column("revocato_il", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pronto_intervento", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("sostituisce_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "ruolo IN ('segretariato', 'assistente_sociale', 'coordinatore', 'responsabile_servizio', 'case_manager', 'amministrativo_misura', 'ufficio_di_piano', 'amministratore_pubblico', 'operatore_asst', 'rsa', 'ets_gestore', 'ets_coprogrammatore', 'antiviolenza', 'dpo', 'amministratore_tecnico')",
            name=op.f("ck_incarico_ruolo_ammesso"),
        ),
        sa.CheckConstraint("al IS NULL OR al >= dal", name=op.f("ck_incarico_date_in_ordine")),
        sa.CheckConstraint("revocato_il IS NULL OR al IS NOT NULL", name=op.f("ck_incarico_revocato_con_fine")),
        sa.CheckConstraint("sostituisce_id IS NULL OR al IS NOT NULL", name=op.f("ck_incarico_sostituzione_con_fine")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_incarico_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["ente_id"], ["ente.id"], name=op.f("fk_incarico_ente_id_ente")),
        sa.ForeignKeyConstraint(["operatore_id"], ["operatore.id"], name=op.f("fk_incarico_operatore_id_operatore")),
        sa.ForeignKeyConstraint(["sostituisce_id"], ["incarico.id"], name=op.f("fk_incarico_sostituisce_id_incarico")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incarico")),
        sa.UniqueConstraint(
            "operatore_id",
            "ente_id",
            "ruolo",
            "dal",
            "sostituisce_id",
            name="uq_incarico_uno_al_giorno",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_incarico_sostituisce",
        "incarico",
        ["sostituisce_id"],
        unique=False,
        postgresql_where=sa.text("sostituisce_id IS NOT NULL"),
    )
    op.create_table(
        "accesso",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("operatore_id", sa.Uuid(), nullable=False),
        sa.Column("ente_id", sa.Uuid(), nullable=False),
        sa.Column("motivo", sa.Text(), nullable=False),
        sa.Column("origine_id", sa.Uuid(), nullable=False),
        sa.Column("dal", sa.Date(), nullable=False),
        sa.Column("al", sa.Date(), nullable=True),
        sa.Column("revocato_il", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scade_il", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(motivo = 'emergenza') = (scade_il IS NOT NULL)", name=op.f("ck_accesso_emergenza_a_scadenza")),
        sa.CheckConstraint("motivo IN ('equipe', 'pippi', 'emergenza')", name=op.f("ck_accesso_motivo_ammesso")),
        sa.CheckConstraint("al IS NULL OR al >= dal", name=op.f("ck_accesso_date_in_ordine")),
        sa.CheckConstraint("revocato_il IS NULL OR al IS NOT NULL", name=op.f("ck_accesso_revocato_con_fine")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_accesso_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_accesso_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["ente_id"], ["ente.id"], name=op.f("fk_accesso_ente_id_ente")),
        sa.ForeignKeyConstraint(["operatore_id"], ["operatore.id"], name=op.f("fk_accesso_operatore_id_operatore")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accesso")),
        sa.UniqueConstraint(
            "operatore_id",
            "ente_id",
            "cartella_id",
            "motivo",
            "origine_id",
            "dal",
            name=op.f("uq_accesso_operatore_id_ente_id_cartella_id_motivo_origine_id_dal"),
        ),
    )
    op.create_index("ix_accesso_origine", "accesso", ["origine_id"], unique=False)
    op.create_table(
        "consegna",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("destinazione_id", sa.Uuid(), nullable=False),
        sa.Column("evento_posizione", sa.BigInteger(), nullable=False),
        sa.Column("evento_tipo", sa.String(), nullable=False),
        sa.Column("aggregato_id", sa.Uuid(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=True),
        sa.Column("corpo", sa.LargeBinary(), nullable=False),
        sa.Column("stato", sa.Text(), nullable=False),
        sa.Column("tentativi", sa.Integer(), nullable=False),
        sa.Column("creata_il", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prossimo_tentativo", sa.DateTime(timezone=True), nullable=False),
        sa.Column("in_corso_fino", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ultimo_stato", sa.Integer(), nullable=True),
        sa.Column("ultimo_errore", sa.String(), nullable=True),
        sa.Column("consegnata_il", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(stato = 'consegnata') = (consegnata_il IS NOT NULL)", name=op.f("ck_consegna_consegnata_con_istante")
        ),
        sa.CheckConstraint("stato IN ('da_inviare', 'consegnata', 'accantonata')", name=op.f("ck_consegna_stato_ammesso")),
        sa.CheckConstraint("tentativi >= 0", name=op.f("ck_consegna_tentativi_non_negativi")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_consegna_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_consegna_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["destinazione_id"], ["destinazione.id"], name=op.f("fk_consegna_destinazione_id_destinazione")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consegna")),
        sa.UniqueConstraint("destinazione_id", "evento_posizione", name=op.f("uq_consegna_destinazione_id_evento_posizione")),
    )
    op.create_index("ix_consegna_ambito_id_id", "consegna", ["ambito_id", "id"], unique=False)
    op.create_index("ix_consegna_cartella_id", "consegna", ["cartella_id"], unique=False)
    op.create_index(
        "ix_consegna_da_inviare",
        "consegna",
        ["destinazione_id", "prossimo_tentativo"],
        unique=False,
        postgresql_where=sa.text("stato = 'da_inviare'"),
    )
    op.create_index(
        "ix_consegna_in_attesa",
        "consegna",
        ["destinazione_id", sa.literal_column("coalesce(cartella_id, aggregato_id)"), "evento_posizione"],
        unique=False,
        postgresql_where=sa.text("stato = 'da_inviare'"),
    )
    op.create_table(
        "contributo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("indicatore_id", sa.Uuid(), nullable=False),
        sa.Column("record_tipo", sa.String(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("periodo", sa.Date(), nullable=False),
        sa.Column("numeratore", sa.BigInteger(), nullable=False),
        sa.Column("denominatore", sa.BigInteger(), nullable=True),
        sa.Column("posizione", sa.BigInteger(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("periodo = date_trunc('month', periodo)::date", name=op.f("ck_contributo_periodo_primo_del_mese")),
        sa.CheckConstraint("denominatore IS NULL OR denominatore > 0", name=op.f("ck_contributo_denominatore_positivo")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_contributo_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_contributo_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["indicatore_id"], ["indicatore.id"], name=op.f("fk_contributo_indicatore_id_indicatore")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contributo")),
        sa.UniqueConstraint(
            "indicatore_id", "record_tipo", "record_id", name=op.f("uq_contributo_indicatore_id_record_tipo_record_id")
        ),
    )
    op.create_index(op.f("ix_contributo_ambito_id"), "contributo", ["ambito_id"], unique=False)
    op.create_index(op.f("ix_contributo_cartella_id"), "contributo", ["cartella_id"], unique=False)
    op.create_index("ix_contributo_indicatore_id_periodo", "contributo", ["indicatore_id", "periodo"], unique=False)
    op.create_table(
        "domanda",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("avviso_id", sa.Uuid(), nullable=False),
        sa.Column("stato", sa.Text(), nullable=False),
        sa.Column("tipo_intervento", sa.String(), nullable=False),
        sa.Column("protocollo", sa.String(), nullable=True),
        sa.Column("presentata_il", sa.Date(), nullable=True),
        sa.Column("dati", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("esito", sa.Text(), nullable=True),
        sa.Column("decisione_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("esito IN ('ammissibile', 'non_ammissibile', 'da_chiarire')", name=op.f("ck_domanda_esito_ammesso")),
        sa.CheckConstraint(
            "stato IN ('bozza', 'presentata', 'istruttoria', 'in_graduatoria', 'assegnata', 'respinta', 'ritirata')",
            name=op.f("ck_domanda_stato_ammesso"),
        ),
        sa.CheckConstraint(
            "stato IN ('bozza', 'ritirata') OR presentata_il IS NOT NULL", name=op.f("ck_domanda_presentata_con_data")
        ),
        sa.CheckConstraint(
            "stato NOT IN ('presentata', 'istruttoria') OR protocollo IS NOT NULL", name=op.f("ck_domanda_con_protocollo")
        ),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_domanda_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["avviso_id"], ["avviso.id"], name=op.f("fk_domanda_avviso_id_avviso")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_domanda_cartella_id_cartella")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domanda")),
    )
    op.create_index("ix_domanda_ambito_id_avviso_id_stato_id", "domanda", ["ambito_id", "avviso_id", "stato", "id"], unique=False)
    op.create_index("ix_domanda_cartella_id", "domanda", ["cartella_id"], unique=False)
    op.create_index(
        "uq_domanda_aperta",
        "domanda",
        ["avviso_id", "cartella_id"],
        unique=True,
        postgresql_where=sa.text("stato NOT IN ('respinta', 'ritirata')"),
    )
    op.create_table(
        "emergenza",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("operatore_id", sa.Uuid(), nullable=False),
        sa.Column("incarico_id", sa.Uuid(), nullable=False),
        sa.Column("ente_id", sa.Uuid(), nullable=False),
        sa.Column("aperta_il", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scade_il", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chiusa_il", sa.DateTime(timezone=True), nullable=True),
        sa.Column("letta_il", sa.DateTime(timezone=True), nullable=True),
        sa.Column("letta_da", sa.Uuid(), nullable=True),
        sa.Column("esito", sa.Text(), nullable=False),
        sa.Column("riesaminata_il", sa.DateTime(timezone=True), nullable=True),
        sa.Column("riesaminata_da", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(esito = 'da_riesaminare') = (riesaminata_il IS NULL) AND (riesaminata_il IS NULL) = (riesaminata_da IS NULL)",
            name=op.f("ck_emergenza_riesame_intero"),
        ),
        sa.CheckConstraint("esito IN ('da_riesaminare', 'legittimo', 'non_legittimo')", name=op.f("ck_emergenza_esito_ammesso")),
        sa.CheckConstraint(
            "scade_il > aperta_il AND scade_il <= aperta_il + interval '72 hours'", name=op.f("ck_emergenza_durata_ammessa")
        ),
        sa.CheckConstraint("(letta_il IS NULL) = (letta_da IS NULL)", name=op.f("ck_emergenza_lettura_intera")),
        sa.CheckConstraint("chiusa_il >= aperta_il", name=op.f("ck_emergenza_istanti_in_ordine")),
        sa.CheckConstraint(
            "riesaminata_da <> operatore_id AND letta_da <> operatore_id", name=op.f("ck_emergenza_riesame_di_altri")
        ),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_emergenza_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_emergenza_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["ente_id"], ["ente.id"], name=op.f("fk_emergenza_ente_id_ente")),
        sa.ForeignKeyConstraint(["incarico_id"], ["incarico.id"], name=op.f("fk_emergenza_incarico_id_incarico")),
        sa.ForeignKeyConstraint(["letta_da"], ["operatore.id"], name=op.f("fk_emergenza_letta_da_operatore")),
        sa.ForeignKeyConstraint(["operatore_id"], ["operatore.id"], name=op.f("fk_emergenza_operatore_id_operatore")),
        sa.ForeignKeyConstraint(["riesaminata_da"], ["operatore.id"], name=op.f("fk_emergenza_riesaminata_da_operatore")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergenza")),
    )
    op.create_index("ix_emergenza_ambito", "emergenza", ["ambito_id", sa.literal_column("id DESC")], unique=False)
    op.create_index("ix_emergenza_cartella", "emergenza", ["cartella_id"], unique=False)
    op.create_index("ix_emergenza_operatore", "emergenza", ["operatore_id", "scade_il"], unique=False)
    op.create_table(
        "equipe",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("custodia_id", sa.Uuid(), nullable=False),
        sa.Column("tipo", sa.Text(), nullable=False),
        sa.Column("costituita_il", sa.Date(), nullable=False),
        sa.Column("cessata_il", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(tipo = 'equipe_pippi') = (custodia_id <> cartella_id)", name=op.f("ck_equipe_custodia_secondo_tipo")
        ),
        sa.CheckConstraint("tipo IN ('equipe_multidisciplinare', 'uvm', 'equipe_pippi')", name=op.f("ck_equipe_tipo_ammesso")),
        sa.CheckConstraint("cessata_il IS NULL OR cessata_il >= costituita_il", name=op.f("ck_equipe_date_in_ordine")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_equipe_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_equipe_cartella_id_cartella")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipe")),
        sa.UniqueConstraint("id", "cartella_id", "custodia_id", name=op.f("uq_equipe_id_cartella_id_custodia_id")),
        sa.UniqueConstraint("id", "cartella_id", name=op.f("uq_equipe_id_cartella_id")),
    )
    op.create_index("ix_equipe_cartella", "equipe", ["cartella_id"], unique=False)
    op.create_index("ix_equipe_custodia", "equipe", ["custodia_id"], unique=False)
    op.create_table(
        "esclusione",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("operatore_id", sa.Uuid(), nullable=False),
        sa.Column("motivo", sa.Text(), nullable=False),
        sa.Column("dal", sa.Date(), nullable=False),
        sa.Column("al", sa.Date(), nullable=True),
        sa.Column("revocata_il", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "motivo IN ('parentela', 'vicinato', 'proprio_nucleo', 'altro')", name=op.f("ck_esclusione_motivo_ammesso")
        ),
        sa.CheckConstraint("al IS NULL OR al >= dal", name=op.f("ck_esclusione_date_in_ordine")),
        sa.CheckConstraint("revocata_il IS NULL OR al IS NOT NULL", name=op.f("ck_esclusione_revocata_con_fine")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_esclusione_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_esclusione_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["operatore_id"], ["operatore.id"], name=op.f("fk_esclusione_operatore_id_operatore")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_esclusione")),
    )
    op.create_index("ix_esclusione_cartella", "esclusione", ["cartella_id"], unique=False)
    op.create_index("ix_esclusione_operatore", "esclusione", ["operatore_id"], unique=False)
    op.create_table(
        "fatto",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("tipo", sa.String(), nullable=False),
        sa.Column("classe", sa.Integer(), nullable=False),
        sa.Column("valore", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("fonte", sa.String(), nullable=False),
        sa.Column("schema_dati", sa.String(), nullable=False),
        sa.Column("valido_dal", sa.Date(), nullable=False),
        sa.Column("valido_al", sa.Date(), nullable=True),
        sa.Column("registrato_il", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("registrato_al", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "registrato_al IS NULL OR registrato_al > registrato_il", name=op.f("ck_fatto_registrazione_in_ordine")
        ),
        sa.CheckConstraint("valido_al IS NULL OR valido_al >= valido_dal", name=op.f("ck_fatto_validita_in_ordine")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_fatto_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_fatto_cartella_id_cartella")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fatto")),
    )
    op.create_index("ix_fatto_cartella", "fatto", ["cartella_id", "tipo", sa.literal_column("registrato_il DESC")], unique=False)
    op.create_table(
        "flusso",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("ente_id", sa.Uuid(), nullable=True),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("origine_tipo", sa.String(), nullable=False),
        sa.Column("origine_id", sa.Uuid(), nullable=False),
        sa.Column("anno", sa.SmallInteger(), nullable=False),
        sa.Column("ordine", sa.Integer(), nullable=False),
        sa.Column("id_flusso", sa.String(), nullable=True),
        sa.Column("tipo", sa.Text(), nullable=False),
        sa.Column("operazione", sa.Text(), nullable=True),
        sa.Column("ts_flusso", sa.BigInteger(), nullable=True),
        sa.Column("contenuto", sa.LargeBinary(), nullable=True),
        sa.Column("stato", sa.Text(), nullable=False),
        sa.Column("motivo", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("ts_acquisizione", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id_acquisizione_siuss", sa.String(), nullable=True),
        sa.Column("creato_il", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(ts_flusso IS NOT NULL) = (stato IN ('pubblicato', 'acquisito', 'respinto'))",
            name=op.f("ck_flusso_ts_se_pubblicato"),
        ),
        sa.CheckConstraint("operazione IN ('I', 'C')", name=op.f("ck_flusso_operazione_ammesso")),
        sa.CheckConstraint(
            "stato = 'scartato' OR (ente_id IS NOT NULL AND id_flusso IS NOT NULL AND contenuto IS NOT NULL)",
            name=op.f("ck_flusso_contenuto_presente"),
        ),
        sa.CheckConstraint(
            "stato IN ('da_pubblicare', 'pubblicato', 'acquisito', 'respinto', 'scartato')", name=op.f("ck_flusso_stato_ammesso")
        ),
        sa.CheckConstraint("tipo IN ('PS_PSA_SINA', 'SINBA')", name=op.f("ck_flusso_tipo_ammesso")),
        sa.CheckConstraint("ordine >= 1", name=op.f("ck_flusso_ordine_positivo")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_flusso_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_flusso_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["ente_id"], ["ente_waas.ente_id"], name=op.f("fk_flusso_ente_id_ente_waas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flusso")),
        sa.UniqueConstraint("ente_id", "ts_flusso", name="uq_flusso_ente_id_ts_flusso"),
        sa.UniqueConstraint("id_flusso", name="uq_flusso_id_flusso"),
        sa.UniqueConstraint("origine_tipo", "origine_id", "anno", "ordine", name="uq_flusso_origine"),
    )
    op.create_index(
        "ix_flusso_ambito_id_stato",
        "flusso",
        ["ambito_id", "stato", sa.literal_column("creato_il DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_flusso_cartella_id", "flusso", ["cartella_id"], unique=False)
    op.create_index(
        "ix_flusso_ente_id_da_pubblicare",
        "flusso",
        ["ente_id", "id"],
        unique=False,
        postgresql_where=sa.text("stato = 'da_pubblicare'"),
    )
    op.create_table(
        "limitazione",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("tipo", sa.Text(), nullable=False),
        sa.Column("richiesta_il", sa.Date(), nullable=False),
        sa.Column("motivazione", sa.String(), nullable=False),
        sa.Column("esito", sa.Text(), nullable=False),
        sa.Column("decisa_il", sa.Date(), nullable=True),
        sa.Column("motivazione_esito", sa.String(), nullable=True),
        sa.Column("dal", sa.Date(), nullable=True),
        sa.Column("al", sa.Date(), nullable=True),
        sa.CheckConstraint("(esito = 'accolta') = (dal IS NOT NULL)", name=op.f("ck_limitazione_accolta_con_inizio")),
        sa.CheckConstraint("(esito = 'in_esame') = (decisa_il IS NULL)", name=op.f("ck_limitazione_decisione_datata")),
        sa.CheckConstraint("esito IN ('in_esame', 'accolta', 'respinta')", name=op.f("ck_limitazione_esito_ammesso")),
        sa.CheckConstraint("tipo IN ('opposizione', 'limitazione')", name=op.f("ck_limitazione_tipo_ammesso")),
        sa.CheckConstraint("al IS NULL OR (dal IS NOT NULL AND al >= dal)", name=op.f("ck_limitazione_date_in_ordine")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_limitazione_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_limitazione_cartella_id_cartella")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limitazione")),
    )
    op.create_index("ix_limitazione_cartella", "limitazione", ["cartella_id"], unique=False)
    op.create_table(
        "assegnazione",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("domanda_id", sa.Uuid(), nullable=False),
        sa.Column("graduatoria_id", sa.Uuid(), nullable=False),
        sa.Column("misura", sa.String(), nullable=False),
        sa.Column("importo_mensile_centesimi", sa.BigInteger(), nullable=False),
        sa.Column("mesi", sa.Integer(), nullable=False),
        sa.Column("dal", sa.Date(), nullable=False),
        sa.Column("al", sa.Date(), nullable=False),
        sa.Column("stato", sa.Text(), nullable=False),
        sa.CheckConstraint("stato IN ('attiva', 'sospesa', 'revocata', 'conclusa')", name=op.f("ck_assegnazione_stato_ammesso")),
        sa.CheckConstraint("al >= dal", name=op.f("ck_assegnazione_periodo_ordinato")),
        sa.CheckConstraint("importo_mensile_centesimi > 0", name=op.f("ck_assegnazione_importo_positivo")),
        sa.CheckConstraint("mesi > 0", name=op.f("ck_assegnazione_mesi_positivi")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_assegnazione_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_assegnazione_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["domanda_id"], ["domanda.id"], name=op.f("fk_assegnazione_domanda_id_domanda")),
        sa.ForeignKeyConstraint(["graduatoria_id"], ["graduatoria.id"], name=op.f("fk_assegnazione_graduatoria_id_graduatoria")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assegnazione")),
        sa.UniqueConstraint("graduatoria_id", "domanda_id", name=op.f("uq_assegnazione_graduatoria_id_domanda_id")),
    )
    op.create_index("ix_assegnazione_cartella_id", "assegnazione", ["cartella_id"], unique=False)
    op.create_index("ix_assegnazione_domanda_id", "assegnazione", ["domanda_id"], unique=False)
    op.create_table(
        "caso_pippi",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("equipe_id", sa.Uuid(), nullable=False),
        sa.Column("edizione", sa.String(), nullable=False),
        sa.Column("stato", sa.Text(), nullable=False),
        sa.Column("proposto_il", sa.Date(), nullable=False),
        sa.Column("adesione_il", sa.Date(), nullable=True),
        sa.Column("chiuso_il", sa.Date(), nullable=True),
        sa.Column("motivo_interruzione", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(stato = 'interrotto') = (motivo_interruzione IS NOT NULL)", name=op.f("ck_caso_pippi_interruzione_motivata")
        ),
        sa.CheckConstraint(
            "(stato IN ('concluso', 'interrotto')) = (chiuso_il IS NOT NULL)", name=op.f("ck_caso_pippi_chiusura_datata")
        ),
        sa.CheckConstraint("stato <> 'proposto' OR adesione_il IS NULL", name=op.f("ck_caso_pippi_proposto_senza_adesione")),
        sa.CheckConstraint(
            "stato IN ('proposto', 'aderito', 'in_corso', 'concluso', 'interrotto')", name=op.f("ck_caso_pippi_stato_ammesso")
        ),
        sa.CheckConstraint(
            "stato IN ('proposto', 'interrotto') OR adesione_il IS NOT NULL", name=op.f("ck_caso_pippi_adesione_datata")
        ),
        sa.CheckConstraint("adesione_il >= proposto_il AND chiuso_il >= proposto_il", name=op.f("ck_caso_pippi_date_in_ordine")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_caso_pippi_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_caso_pippi_cartella_id_cartella")),
        sa.ForeignKeyConstraint(
            ["equipe_id", "cartella_id", "id"],
            ["equipe.id", "equipe.cartella_id", "equipe.custodia_id"],
            name="fk_caso_pippi_equipe_id_equipe",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caso_pippi")),
        sa.UniqueConstraint("id", "cartella_id", name=op.f("uq_caso_pippi_id_cartella_id")),
    )
    op.create_index("ix_caso_pippi_cartella", "caso_pippi", ["cartella_id"], unique=False)
    op.create_index("ix_caso_pippi_equipe", "caso_pippi", ["equipe_id"], unique=False)
    op.create_table(
        "decisione",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("domanda_id", sa.Uuid(), nullable=False),
        sa.Column("data_riferimento", sa.Date(), nullable=False),
        sa.Column("esito", sa.Text(), nullable=False),
        sa.Column("spiegazione", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("fatti", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("parametri", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("impronta", sa.String(), nullable=False),
        sa.Column("creata_il", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("esito IN ('ammissibile', 'non_ammissibile', 'da_chiarire')", name=op.f("ck_decisione_esito_ammesso")),
        sa.CheckConstraint("impronta ~ '^[0-9a-f]{64}$'", name=op.f("ck_decisione_impronta_sha256")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_decisione_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_decisione_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["domanda_id"], ["domanda.id"], name=op.f("fk_decisione_domanda_id_domanda")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisione")),
    )
    op.create_index("ix_decisione_cartella_id", "decisione", ["cartella_id"], unique=False)
    op.create_index("ix_decisione_domanda_id", "decisione", ["domanda_id"], unique=False)
    op.create_table(
        "esito_flusso",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("ente_id", sa.Uuid(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=True),
        sa.Column("flusso_id", sa.Uuid(), nullable=True),
        sa.Column("id_flusso", sa.String(), nullable=True),
        sa.Column("tipo", sa.Text(), nullable=True),
        sa.Column("ts_flusso", sa.BigInteger(), nullable=True),
        sa.Column("ts_acquisizione", sa.DateTime(timezone=True), nullable=True),
        sa.Column("codice_esito", sa.String(), nullable=True),
        sa.Column("descrizione", sa.String(), nullable=True),
        sa.Column("id_acquisizione_siuss", sa.String(), nullable=True),
        sa.Column("stato", sa.Text(), nullable=False),
        sa.Column("impronta", sa.CHAR(length=64), nullable=False),
        sa.Column("grezzo", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("ricevuto_il", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "stato = 'malformato' OR (id_flusso IS NOT NULL AND codice_esito IS NOT NULL)",
            name=op.f("ck_esito_flusso_letto_se_valido"),
        ),
        sa.CheckConstraint(
            "stato IN ('applicato', 'superato', 'sconosciuto', 'malformato')", name=op.f("ck_esito_flusso_stato_ammesso")
        ),
        sa.CheckConstraint("tipo IN ('PS_PSA_SINA', 'SINBA')", name=op.f("ck_esito_flusso_tipo_ammesso")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_esito_flusso_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_esito_flusso_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["ente_id"], ["ente_waas.ente_id"], name=op.f("fk_esito_flusso_ente_id_ente_waas")),
        sa.ForeignKeyConstraint(["flusso_id"], ["flusso.id"], name=op.f("fk_esito_flusso_flusso_id_flusso")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_esito_flusso")),
        sa.UniqueConstraint("ente_id", "id_flusso", "ts_acquisizione", name="uq_esito_flusso_ente_id_id_flusso_ts_acquisizione"),
        sa.UniqueConstraint("ente_id", "impronta", name="uq_esito_flusso_ente_id_impronta"),
    )
    op.create_index(
        "ix_esito_flusso_ambito_id_stato",
        "esito_flusso",
        ["ambito_id", "stato", sa.literal_column("ricevuto_il DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_esito_flusso_cartella_id", "esito_flusso", ["cartella_id"], unique=False)
    op.create_index(
        "ix_esito_flusso_flusso_id", "esito_flusso", ["flusso_id", sa.literal_column("ts_acquisizione DESC")], unique=False
    )
    op.create_table(
        "membro_equipe",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("equipe_id", sa.Uuid(), nullable=False),
        sa.Column("custodia_id", sa.Uuid(), nullable=False),
        sa.Column("operatore_id", sa.Uuid(), nullable=True),
        sa.Column("ente_id", sa.Uuid(), nullable=True),
        sa.Column("persona_id", sa.Uuid(), nullable=True),
        sa.Column("qualifica", sa.Text(), nullable=False),
        sa.Column("descrizione", sa.String(), nullable=True),
        sa.Column("dal", sa.Date(), nullable=False),
        sa.Column("al", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "qualifica IN ('assistente_sociale', 'medico', 'infermiere', 'psicologo', 'educatore', 'insegnante', 'genitore', 'caregiver', 'altro')",
            name=op.f("ck_membro_equipe_qualifica_ammesso"),
        ),
        sa.CheckConstraint("al IS NULL OR al >= dal", name=op.f("ck_membro_equipe_date_in_ordine")),
        sa.CheckConstraint(
            "operatore_id IS NOT NULL OR persona_id IS NOT NULL OR (ente_id IS NOT NULL AND descrizione IS NOT NULL)",
            name=op.f("ck_membro_equipe_membro_individuato"),
        ),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_membro_equipe_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_membro_equipe_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["ente_id"], ["ente.id"], name=op.f("fk_membro_equipe_ente_id_ente")),
        sa.ForeignKeyConstraint(
            ["equipe_id", "cartella_id", "custodia_id"],
            ["equipe.id", "equipe.cartella_id", "equipe.custodia_id"],
            name=op.f("fk_membro_equipe_equipe_id_equipe"),
        ),
        sa.ForeignKeyConstraint(["operatore_id"], ["operatore.id"], name=op.f("fk_membro_equipe_operatore_id_operatore")),
        sa.ForeignKeyConstraint(["persona_id"], ["persona.id"], name=op.f("fk_membro_equipe_persona_id_persona")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membro_equipe")),
    )
    op.create_index("ix_membro_equipe_cartella", "membro_equipe", ["cartella_id"], unique=False)
    op.create_index("ix_membro_equipe_custodia", "membro_equipe", ["custodia_id"], unique=False)
    op.create_index("ix_membro_equipe_equipe", "membro_equipe", ["equipe_id"], unique=False)
    op.create_index(
        "uq_membro_equipe_operatore",
        "membro_equipe",
        ["equipe_id", "custodia_id", "operatore_id", "dal"],
        unique=True,
        postgresql_where=sa.text("operatore_id IS NOT NULL"),
    )
    op.create_index(
        "uq_membro_equipe_persona",
        "membro_equipe",
        ["equipe_id", "custodia_id", "persona_id", "dal"],
        unique=True,
        postgresql_where=sa.text("persona_id IS NOT NULL"),
    )
    op.create_table(
        "nota_emergenza",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("emergenza_id", sa.Uuid(), nullable=False),
        sa.Column("specie", sa.Text(), nullable=False),
        sa.Column("testo", sa.String(), nullable=False),
        sa.Column("scritta_da", sa.Uuid(), nullable=False),
        sa.CheckConstraint("specie IN ('motivazione', 'riesame')", name=op.f("ck_nota_emergenza_specie_ammesso")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_nota_emergenza_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["emergenza_id"], ["emergenza.id"], name=op.f("fk_nota_emergenza_emergenza_id_emergenza")),
        sa.ForeignKeyConstraint(["scritta_da"], ["operatore.id"], name=op.f("fk_nota_emergenza_scritta_da_operatore")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nota_emergenza")),
        sa.UniqueConstraint("emergenza_id", "specie", name=op.f("uq_nota_emergenza_emergenza_id_specie")),
    )
    op.create_table(
        "tentativo_consegna",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consegna_id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("quando", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stato_http", sa.Integer(), nullable=True),
        sa.Column("errore", sa.String(), nullable=True),
        sa.Column("durata_ms", sa.Integer(), nullable=False),
        sa.Column("estratto", sa.String(), nullable=False),
        sa.CheckConstraint("(stato_http IS NULL) = (errore IS NOT NULL)", name=op.f("ck_tentativo_consegna_risposta_o_errore")),
        sa.CheckConstraint("char_length(estratto) <= 2048", name=op.f("ck_tentativo_consegna_estratto_breve")),
        sa.CheckConstraint("durata_ms >= 0", name=op.f("ck_tentativo_consegna_durata_non_negativa")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_tentativo_consegna_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["consegna_id"], ["consegna.id"], name=op.f("fk_tentativo_consegna_consegna_id_consegna")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tentativo_consegna")),
    )
    op.create_index("ix_tentativo_consegna_consegna_id", "tentativo_consegna", ["consegna_id"], unique=False)
    op.create_table(
        "valutazione",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("equipe_id", sa.Uuid(), nullable=False),
        sa.Column("domanda_id", sa.Uuid(), nullable=True),
        sa.Column("rettifica_di", sa.Uuid(), nullable=True),
        sa.Column("stato", sa.Text(), nullable=False),
        sa.Column("data_valutazione", sa.Date(), nullable=False),
        sa.Column("adl", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("iadl", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("punteggio_adl", sa.Integer(), nullable=True),
        sa.Column("punteggio_iadl", sa.Integer(), nullable=True),
        sa.Column("mobilita", sa.Text(), nullable=True),
        sa.Column("disturbi_cognitivi", sa.Text(), nullable=True),
        sa.Column("disturbi_comportamentali", sa.Text(), nullable=True),
        sa.Column("necessita_cure", sa.Text(), nullable=True),
        sa.Column("area_reddituale", sa.Text(), nullable=True),
        sa.Column("area_supporto", sa.Text(), nullable=True),
        sa.Column("strumento", sa.Text(), nullable=True),
        sa.Column("fonte", sa.Text(), nullable=True),
        sa.Column("conclusa_il", sa.Date(), nullable=True),
        sa.CheckConstraint("(stato = 'bozza') = (conclusa_il IS NULL)", name=op.f("ck_valutazione_conclusione_datata")),
        sa.CheckConstraint(
            "area_reddituale IN ('autonomo', 'aiuto_di_altri', 'bisogno_senza_aiuti')",
            name=op.f("ck_valutazione_area_reddituale_ammesso"),
        ),
        sa.CheckConstraint(
            "area_supporto IN ('presente', 'parziale', 'assente')", name=op.f("ck_valutazione_area_supporto_ammesso")
        ),
        sa.CheckConstraint(
            "disturbi_cognitivi IN ('assenti', 'lievi', 'moderati', 'gravi')",
            name=op.f("ck_valutazione_disturbi_cognitivi_ammesso"),
        ),
        sa.CheckConstraint(
            "disturbi_comportamentali IN ('assenti', 'presenti')", name=op.f("ck_valutazione_disturbi_comportamentali_ammesso")
        ),
        sa.CheckConstraint(
            "fonte IN ('uvm', 'cartella_sociale', 'altra_documentazione', 'raccolta_diretta')",
            name=op.f("ck_valutazione_fonte_ammesso"),
        ),
        sa.CheckConstraint(
            "mobilita IN ('si_sposta_da_solo', 'assistito', 'non_si_sposta')", name=op.f("ck_valutazione_mobilita_ammesso")
        ),
        sa.CheckConstraint("necessita_cure IN ('bassa', 'media', 'alta')", name=op.f("ck_valutazione_necessita_cure_ammesso")),
        sa.CheckConstraint("stato IN ('bozza', 'conclusa', 'rettificata')", name=op.f("ck_valutazione_stato_ammesso")),
        sa.CheckConstraint(
            "strumento IN ('svama', 'aged', 'rug', 'sosia', 'schema_polare', 'valgraf', 'altro')",
            name=op.f("ck_valutazione_strumento_ammesso"),
        ),
        sa.CheckConstraint("conclusa_il >= data_valutazione", name=op.f("ck_valutazione_date_in_ordine")),
        sa.CheckConstraint("punteggio_adl BETWEEN 0 AND 6", name=op.f("ck_valutazione_punteggio_adl_in_scala")),
        sa.CheckConstraint("punteggio_iadl BETWEEN 0 AND 8", name=op.f("ck_valutazione_punteggio_iadl_in_scala")),
        sa.CheckConstraint("rettifica_di <> id", name=op.f("ck_valutazione_non_rettifica_se_stessa")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_valutazione_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_valutazione_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["domanda_id"], ["domanda.id"], name=op.f("fk_valutazione_domanda_id_domanda")),
        sa.ForeignKeyConstraint(
            ["equipe_id", "cartella_id"], ["equipe.id", "equipe.cartella_id"], name=op.f("fk_valutazione_equipe_id_equipe")
        ),
        sa.ForeignKeyConstraint(["rettifica_di"], ["valutazione.id"], name=op.f("fk_valutazione_rettifica_di_valutazione")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_valutazione")),
        sa.UniqueConstraint("id", "cartella_id", name=op.f("uq_valutazione_id_cartella_id")),
        sa.UniqueConstraint("rettifica_di", name=op.f("uq_valutazione_rettifica_di")),
    )
    op.create_index("ix_valutazione_cartella", "valutazione", ["cartella_id"], unique=False)
    op.create_index("ix_valutazione_domanda", "valutazione", ["domanda_id"], unique=False)
    op.create_index("ix_valutazione_equipe", "valutazione", ["equipe_id"], unique=False)
    op.create_index(
        "uq_valutazione_domanda_conclusa",
        "valutazione",
        ["domanda_id"],
        unique=True,
        postgresql_where=sa.text("stato = 'conclusa'"),
    )
    op.create_table(
        "voce_graduatoria",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("graduatoria_id", sa.Uuid(), nullable=False),
        sa.Column("domanda_id", sa.Uuid(), nullable=False),
        sa.Column("protocollo", sa.String(), nullable=False),
        sa.Column("posizione", sa.Integer(), nullable=False),
        sa.Column("esito", sa.Text(), nullable=False),
        sa.Column("importo_centesimi", sa.BigInteger(), nullable=False),
        sa.Column("chiavi", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "esito = 'idonea_finanziata' OR importo_centesimi = 0", name=op.f("ck_voce_graduatoria_importo_solo_se_finanziata")
        ),
        sa.CheckConstraint(
            "esito IN ('idonea_finanziata', 'idonea_non_finanziata', 'non_idonea')",
            name=op.f("ck_voce_graduatoria_esito_ammesso"),
        ),
        sa.CheckConstraint("importo_centesimi >= 0", name=op.f("ck_voce_graduatoria_importo_non_negativo")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_voce_graduatoria_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["domanda_id"], ["domanda.id"], name=op.f("fk_voce_graduatoria_domanda_id_domanda")),
        sa.ForeignKeyConstraint(
            ["graduatoria_id"], ["graduatoria.id"], name=op.f("fk_voce_graduatoria_graduatoria_id_graduatoria")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voce_graduatoria")),
        sa.UniqueConstraint("graduatoria_id", "domanda_id", name=op.f("uq_voce_graduatoria_graduatoria_id_domanda_id")),
        sa.UniqueConstraint("graduatoria_id", "posizione", name=op.f("uq_voce_graduatoria_graduatoria_id_posizione")),
        sa.UniqueConstraint("graduatoria_id", "protocollo", name=op.f("uq_voce_graduatoria_graduatoria_id_protocollo")),
    )
    op.create_index("ix_voce_graduatoria_domanda_id", "voce_graduatoria", ["domanda_id"], unique=False)
    op.create_table(
        "microprogetto",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("caso_id", sa.Uuid(), nullable=False),
        sa.Column("sottodimensione", sa.Text(), nullable=False),
        sa.Column("situazione_osservata", sa.String(), nullable=False),
        sa.Column("risultato_atteso", sa.String(), nullable=False),
        sa.Column("dispositivo", sa.Text(), nullable=False),
        sa.Column("responsabile", sa.String(), nullable=False),
        sa.Column("entro", sa.Date(), nullable=False),
        sa.Column("verifica", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "dispositivo IN ('educativa_domiciliare', 'gruppi', 'partenariato_scuola_famiglia', 'vicinanza_solidale', 'sostegno_economico')",
            name=op.f("ck_microprogetto_dispositivo_ammesso"),
        ),
        sa.CheckConstraint(
            "sottodimensione IN ('salute_crescita', 'emozioni_comportamento', 'identita_autostima', 'autonomia', 'relazioni_familiari_sociali', 'imparare', 'gioco_tempo_libero', 'cure_sicurezza_protezione', 'calore_stabilita_emotiva', 'guida_regole_valori', 'divertimento_stimoli', 'autorealizzazione_genitori', 'relazioni_sostegno_sociale', 'partecipazione_comunita', 'lavoro_condizione_economica', 'abitazione', 'scuola_risorse_educative')",
            name=op.f("ck_microprogetto_sottodimensione_ammesso"),
        ),
        sa.CheckConstraint("verifica BETWEEN 1 AND 6", name=op.f("ck_microprogetto_verifica_in_scala")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_microprogetto_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_microprogetto_cartella_id_cartella")),
        sa.ForeignKeyConstraint(
            ["caso_id", "cartella_id"],
            ["caso_pippi.id", "caso_pippi.cartella_id"],
            name=op.f("fk_microprogetto_caso_id_caso_pippi"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_microprogetto")),
    )
    op.create_index("ix_microprogetto_cartella", "microprogetto", ["cartella_id"], unique=False)
    op.create_index("ix_microprogetto_caso", "microprogetto", ["caso_id"], unique=False)
    op.create_table(
        "progetto",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("equipe_id", sa.Uuid(), nullable=False),
        sa.Column("valutazione_id", sa.Uuid(), nullable=True),
        sa.Column("domanda_id", sa.Uuid(), nullable=True),
        sa.Column("tipo", sa.Text(), nullable=False),
        sa.Column("stato", sa.Text(), nullable=False),
        sa.Column("dal", sa.Date(), nullable=False),
        sa.Column("al", sa.Date(), nullable=True),
        sa.Column("firmato_il", sa.Date(), nullable=True),
        sa.CheckConstraint("stato <> 'bozza' OR firmato_il IS NULL", name=op.f("ck_progetto_bozza_senza_firma")),
        sa.CheckConstraint("stato <> 'firmato' OR firmato_il IS NOT NULL", name=op.f("ck_progetto_firma_datata")),
        sa.CheckConstraint("stato IN ('bozza', 'firmato', 'chiuso')", name=op.f("ck_progetto_stato_ammesso")),
        sa.CheckConstraint(
            "tipo IN ('progetto_individualizzato', 'progetto_individuale', 'pai', 'progetto_quadro')",
            name=op.f("ck_progetto_tipo_ammesso"),
        ),
        sa.CheckConstraint("al IS NULL OR al >= dal", name=op.f("ck_progetto_date_in_ordine")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_progetto_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_progetto_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["domanda_id"], ["domanda.id"], name=op.f("fk_progetto_domanda_id_domanda")),
        sa.ForeignKeyConstraint(
            ["equipe_id", "cartella_id"], ["equipe.id", "equipe.cartella_id"], name=op.f("fk_progetto_equipe_id_equipe")
        ),
        sa.ForeignKeyConstraint(
            ["valutazione_id", "cartella_id"],
            ["valutazione.id", "valutazione.cartella_id"],
            name=op.f("fk_progetto_valutazione_id_valutazione"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progetto")),
        sa.UniqueConstraint("id", "cartella_id", name=op.f("uq_progetto_id_cartella_id")),
    )
    op.create_index("ix_progetto_cartella", "progetto", ["cartella_id"], unique=False)
    op.create_index("ix_progetto_domanda", "progetto", ["domanda_id"], unique=False)
    op.create_index("ix_progetto_equipe", "progetto", ["equipe_id"], unique=False)
    op.create_index("ix_progetto_valutazione", "progetto", ["valutazione_id"], unique=False)
    op.create_table(
        "rilevazione_pippi",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("versione", sa.BigInteger(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("caso_id", sa.Uuid(), nullable=False),
        sa.Column("tempo", sa.Text(), nullable=False),
        sa.Column("data", sa.Date(), nullable=False),
        sa.Column("punteggi", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("tempo IN ('T0', 'T1', 'T2')", name=op.f("ck_rilevazione_pippi_tempo_ammesso")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_rilevazione_pippi_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_rilevazione_pippi_cartella_id_cartella")),
        sa.ForeignKeyConstraint(
            ["caso_id", "cartella_id"],
            ["caso_pippi.id", "caso_pippi.cartella_id"],
            name=op.f("fk_rilevazione_pippi_caso_id_caso_pippi"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rilevazione_pippi")),
        sa.UniqueConstraint("caso_id", "tempo", name=op.f("uq_rilevazione_pippi_caso_id_tempo")),
    )
    op.create_index("ix_rilevazione_pippi_cartella", "rilevazione_pippi", ["cartella_id"], unique=False)
    op.create_table(
        "firma",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("progetto_id", sa.Uuid(), nullable=False),
        sa.Column("operatore_id", sa.Uuid(), nullable=True),
        sa.Column("persona_id", sa.Uuid(), nullable=True),
        sa.Column("nominativo", sa.String(), nullable=True),
        sa.Column("ente_id", sa.Uuid(), nullable=True),
        sa.Column("ruolo_firmatario", sa.Text(), nullable=False),
        sa.Column("titolo_rappresentanza", sa.Text(), nullable=True),
        sa.Column("impronta", sa.String(), nullable=False),
        sa.Column("firmata_il", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "(ruolo_firmatario = 'rappresentante') = (titolo_rappresentanza IS NOT NULL)",
            name=op.f("ck_firma_rappresentante_con_titolo"),
        ),
        sa.CheckConstraint("impronta ~ '^[0-9a-f]{64}$'", name=op.f("ck_firma_impronta_sha256")),
        sa.CheckConstraint(
            "operatore_id IS NOT NULL OR ruolo_firmatario NOT IN ('responsabile_caso', 'asst')",
            name=op.f("ck_firma_professionista_individuato"),
        ),
        sa.CheckConstraint(
            "ruolo_firmatario IN ('persona', 'rappresentante', 'responsabile_caso', 'asst', 'membro_equipe')",
            name=op.f("ck_firma_ruolo_firmatario_ammesso"),
        ),
        sa.CheckConstraint(
            "titolo_rappresentanza IN ('genitore', 'tutore', 'curatore', 'amministratore_sostegno', 'procuratore')",
            name=op.f("ck_firma_titolo_rappresentanza_ammesso"),
        ),
        sa.CheckConstraint("num_nonnulls(operatore_id, persona_id, nominativo) = 1", name=op.f("ck_firma_un_firmatario")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_firma_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_firma_cartella_id_cartella")),
        sa.ForeignKeyConstraint(["ente_id"], ["ente.id"], name=op.f("fk_firma_ente_id_ente")),
        sa.ForeignKeyConstraint(["operatore_id"], ["operatore.id"], name=op.f("fk_firma_operatore_id_operatore")),
        sa.ForeignKeyConstraint(["persona_id"], ["persona.id"], name=op.f("fk_firma_persona_id_persona")),
        sa.ForeignKeyConstraint(
            ["progetto_id", "cartella_id"], ["progetto.id", "progetto.cartella_id"], name=op.f("fk_firma_progetto_id_progetto")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firma")),
        sa.UniqueConstraint(
            "progetto_id",
            "impronta",
            "ruolo_firmatario",
            "operatore_id",
            "persona_id",
            "nominativo",
            name="uq_firma_firmatario",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_firma_cartella", "firma", ["cartella_id"], unique=False)
    op.create_table(
        "obiettivo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ambito_id", sa.Integer(), nullable=False),
        sa.Column("cartella_id", sa.Uuid(), nullable=False),
        sa.Column("progetto_id", sa.Uuid(), nullable=False),
        sa.Column("testo", sa.String(), nullable=False),
        sa.Column("risultato_atteso", sa.String(), nullable=False),
        sa.Column("ordine", sa.Integer(), nullable=False),
        sa.CheckConstraint("ordine >= 1", name=op.f("ck_obiettivo_ordine_positivo")),
        sa.ForeignKeyConstraint(["ambito_id"], ["ambito.id"], name=op.f("fk_obiettivo_ambito_id_ambito")),
        sa.ForeignKeyConstraint(["cartella_id"], ["cartella.id"], name=op.f("fk_obiettivo_cartella_id_cartella")),
        sa.ForeignKeyConstraint(
            ["progetto_id", "cartella_id"],
            ["progetto.id", "progetto.cartella_id"],
            name=op.f("fk_obiettivo_progetto_id_progetto"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obiettivo")),
        sa.UniqueConstraint("progetto_id", "ordine", name=op.f("uq_obiettivo_progetto_id_ordine")),
    )
    op.create_index("ix_obiettivo_cartella", "obiettivo", ["cartella_id"], unique=False)
    op.create_foreign_key("fk_domanda_decisione_id_decisione", "domanda", "decisione", ["decisione_id"], ["id"])
    _esegui("0001_funzioni.sql", "0001_politiche.sql", "dramatiq.sql", "0001_worker.sql")


def downgrade() -> None:
    _esegui("0001_giu.sql")
    op.drop_constraint("fk_domanda_decisione_id_decisione", "domanda")
    op.drop_index("ix_obiettivo_cartella", table_name="obiettivo")
    op.drop_table("obiettivo")
    op.drop_index("ix_firma_cartella", table_name="firma")
    op.drop_table("firma")
    op.drop_index("ix_rilevazione_pippi_cartella", table_name="rilevazione_pippi")
    op.drop_table("rilevazione_pippi")
    op.drop_index("ix_progetto_valutazione", table_name="progetto")
    op.drop_index("ix_progetto_equipe", table_name="progetto")
    op.drop_index("ix_progetto_domanda", table_name="progetto")
    op.drop_index("ix_progetto_cartella", table_name="progetto")
    op.drop_table("progetto")
    op.drop_index("ix_microprogetto_caso", table_name="microprogetto")
    op.drop_index("ix_microprogetto_cartella", table_name="microprogetto")
    op.drop_table("microprogetto")
    op.drop_index("ix_voce_graduatoria_domanda_id", table_name="voce_graduatoria")
    op.drop_table("voce_graduatoria")
    op.drop_index("uq_valutazione_domanda_conclusa", table_name="valutazione", postgresql_where=sa.text("stato = 'conclusa'"))
    op.drop_index("ix_valutazione_equipe", table_name="valutazione")
    op.drop_index("ix_valutazione_domanda", table_name="valutazione")
    op.drop_index("ix_valutazione_cartella", table_name="valutazione")
    op.drop_table("valutazione")
    op.drop_index("ix_tentativo_consegna_consegna_id", table_name="tentativo_consegna")
    op.drop_table("tentativo_consegna")
    op.drop_table("nota_emergenza")
    op.drop_index("uq_membro_equipe_persona", table_name="membro_equipe", postgresql_where=sa.text("persona_id IS NOT NULL"))
    op.drop_index("uq_membro_equipe_operatore", table_name="membro_equipe", postgresql_where=sa.text("operatore_id IS NOT NULL"))
    op.drop_index("ix_membro_equipe_equipe", table_name="membro_equipe")
    op.drop_index("ix_membro_equipe_custodia", table_name="membro_equipe")
    op.drop_index("ix_membro_equipe_cartella", table_name="membro_equipe")
    op.drop_table("membro_equipe")
    op.drop_index("ix_esito_flusso_flusso_id", table_name="esito_flusso")
    op.drop_index("ix_esito_flusso_cartella_id", table_name="esito_flusso")
    op.drop_index("ix_esito_flusso_ambito_id_stato", table_name="esito_flusso")
    op.drop_table("esito_flusso")
    op.drop_index("ix_decisione_domanda_id", table_name="decisione")
    op.drop_index("ix_decisione_cartella_id", table_name="decisione")
    op.drop_table("decisione")
    op.drop_index("ix_caso_pippi_equipe", table_name="caso_pippi")
    op.drop_index("ix_caso_pippi_cartella", table_name="caso_pippi")
    op.drop_table("caso_pippi")
    op.drop_index("ix_assegnazione_domanda_id", table_name="assegnazione")
    op.drop_index("ix_assegnazione_cartella_id", table_name="assegnazione")
    op.drop_table("assegnazione")
    op.drop_index("ix_limitazione_cartella", table_name="limitazione")
    op.drop_table("limitazione")
    op.drop_index("ix_flusso_ente_id_da_pubblicare", table_name="flusso", postgresql_where=sa.text("stato = 'da_pubblicare'"))
    op.drop_index("ix_flusso_cartella_id", table_name="flusso")
    op.drop_index("ix_flusso_ambito_id_stato", table_name="flusso")
    op.drop_table("flusso")
    op.drop_index("ix_fatto_cartella", table_name="fatto")
    op.drop_table("fatto")
    op.drop_index("ix_esclusione_operatore", table_name="esclusione")
    op.drop_index("ix_esclusione_cartella", table_name="esclusione")
    op.drop_table("esclusione")
    op.drop_index("ix_equipe_custodia", table_name="equipe")
    op.drop_index("ix_equipe_cartella", table_name="equipe")
    op.drop_table("equipe")
    op.drop_index("ix_emergenza_operatore", table_name="emergenza")
    op.drop_index("ix_emergenza_cartella", table_name="emergenza")
    op.drop_index("ix_emergenza_ambito", table_name="emergenza")
    op.drop_table("emergenza")
    op.drop_index("uq_domanda_aperta", table_name="domanda", postgresql_where=sa.text("stato NOT IN ('respinta', 'ritirata')"))
    op.drop_index("ix_domanda_cartella_id", table_name="domanda")
    op.drop_index("ix_domanda_ambito_id_avviso_id_stato_id", table_name="domanda")
    op.drop_table("domanda")
    op.drop_index("ix_contributo_indicatore_id_periodo", table_name="contributo")
    op.drop_index(op.f("ix_contributo_cartella_id"), table_name="contributo")
    op.drop_index(op.f("ix_contributo_ambito_id"), table_name="contributo")
    op.drop_table("contributo")
    op.drop_index("ix_consegna_in_attesa", table_name="consegna", postgresql_where=sa.text("stato = 'da_inviare'"))
    op.drop_index("ix_consegna_da_inviare", table_name="consegna", postgresql_where=sa.text("stato = 'da_inviare'"))
    op.drop_index("ix_consegna_cartella_id", table_name="consegna")
    op.drop_index("ix_consegna_ambito_id_id", table_name="consegna")
    op.drop_table("consegna")
    op.drop_index("ix_accesso_origine", table_name="accesso")
    op.drop_table("accesso")
    op.drop_index("ix_incarico_sostituisce", table_name="incarico", postgresql_where=sa.text("sostituisce_id IS NOT NULL"))
    op.drop_table("incarico")
    op.drop_index(op.f("ix_ente_waas_ambito_id"), table_name="ente_waas")
    op.drop_table("ente_waas")
    op.drop_table("destinazione")
    op.drop_index("ix_delega_gestore", table_name="delega")
    op.drop_table("delega")
    op.drop_index("ix_condivisione_ente", table_name="condivisione")
    op.drop_table("condivisione")
    op.drop_index("ix_componente_persona", table_name="componente")
    op.drop_table("componente")
    op.drop_index("ix_cartella_nucleo", table_name="cartella")
    op.drop_index("ix_cartella_competenza", table_name="cartella")
    op.drop_index("ix_cartella_ambito", table_name="cartella")
    op.drop_table("cartella")
    op.drop_index(
        "uq_persona_codice_fiscale",
        table_name="persona",
        postgresql_where=sa.text("codice_fiscale IS NOT NULL AND NOT protetta AND NOT celata"),
    )
    op.drop_table("persona")
    op.drop_index(op.f("ix_indicatore_obiettivo_id"), table_name="indicatore")
    op.drop_index("ix_indicatore_ambito_id_formula", table_name="indicatore")
    op.drop_table("indicatore")
    op.drop_table("ente")
    op.drop_index(op.f("ix_competenza_ambito_id"), table_name="competenza")
    op.drop_table("competenza")
    op.drop_index(op.f("ix_obiettivo_piano_ambito_id"), table_name="obiettivo_piano")
    op.drop_table("obiettivo_piano")
    op.drop_index("uq_graduatoria_vigente", table_name="graduatoria", postgresql_where=sa.text("stato <> 'superata'"))
    op.drop_table("graduatoria")
    op.drop_table("comune")
    op.drop_table("sub_ambito")
    op.drop_table("piano")
    op.drop_table("nucleo")
    op.drop_index("ix_evento_da_numerare", table_name="evento", postgresql_where=sa.text("posizione IS NULL"))
    op.drop_index("ix_evento_cartella", table_name="evento")
    op.drop_index("ix_evento_aggregato", table_name="evento")
    op.drop_table("evento")
    op.drop_table("avviso")
    op.drop_table("accordo")
    op.drop_index("uq_storia_accesso_corrente", table_name="storia_accesso", postgresql_where=sa.text("registrato_al IS NULL"))
    op.drop_index("ix_storia_accesso_riga", table_name="storia_accesso")
    op.drop_index("ix_storia_accesso_ente", table_name="storia_accesso", postgresql_where=sa.text("ente_id IS NOT NULL"))
    op.drop_index("ix_storia_accesso_cartella", table_name="storia_accesso", postgresql_where=sa.text("cartella_id IS NOT NULL"))
    op.drop_table("storia_accesso")
    op.drop_table("sigillo_voce")
    op.drop_table("sigillo_testa")
    op.drop_table("sigillo_stato")
    op.drop_table("sigillo_ricevuta")
    op.drop_table("sigillo_oblio")
    op.drop_table("servizio")
    op.drop_table("sequenza")
    op.drop_table("regola_ruolo")
    op.drop_table("operatore")
    op.drop_table("idempotenza")
    op.drop_table("cursore")
    op.drop_index("ix_audit_ambito_oggetto", table_name="audit", postgresql_where=sa.text("ambito_oggetto_id IS NOT NULL"))
    op.drop_index("ix_audit_ambito", table_name="audit")
    op.drop_table("audit")
    op.drop_table("ambito")
