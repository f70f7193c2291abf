"""The tables of tasking: customers, users, orders and their history, holds, quotas, the audit log."""

from typing import Any

from alembic import op

from offnadir._database import sa

revision = "0002"
down_revision = "0001"

# Both databases refuse to change what was written, whoever asks; the hash chain finds who gets around it.
_SQLITE_GUARDS = (
    "CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
)
_POSTGRESQL_GUARDS = (
    "CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
    "CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_log "
    "FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only()",
    "CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only()",
)


def upgrade() -> None:
    """Make them."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    # Ids sort by time, letter by letter: no language's rules may come between.
    name = sa.String(collation=None if is_sqlite else "C")
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

    op.create_table(
        "customers",
        sa.Column("id", name, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("added_by", sa.String, nullable=False),
        sa.Column("created_tai_ns", whole, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("quota_pictures", whole),
        sa.Column("quota_area_m2", whole),
        sa.Column("screened_with", sa.String, nullable=False),
    )
    op.create_index("customers_screened", "customers", ["screened_with"])
    op.create_table(
        "users",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("roles", sa.String, nullable=False),
        sa.Column("customer_id", name, sa.ForeignKey("customers.id")),
        sa.Column("created_tai_ns", whole, nullable=False),
    )
    op.create_table(
        "orders",
        sa.Column("id", name, primary_key=True),
        sa.Column("customer_id", name, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("placed_by", sa.String, nullable=False),
        sa.Column("placed_tai_ns", whole, nullable=False),
        sa.Column("idempotency_key", sa.String),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("deadline_tai_ns", whole),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("changed_tai_ns", whole, nullable=False),
        sa.Column("changes", whole, nullable=False),
        sa.Column("held_from", sa.String),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("screened_with", sa.String, nullable=False),
        sa.Column("quota_month", sa.String, nullable=False),
        sa.Column("quota_pictures", whole, nullable=False),
        sa.Column("quota_area_m2", whole, nullable=False),
    )
    op.create_index(
        "orders_key", "orders", ["customer_id", "idempotency_key"], unique=True,
        sqlite_where=sa.text("idempotency_key IS NOT NULL"),
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )  # fmt: skip
    op.create_index("orders_customer", "orders", ["customer_id", "id"])
    op.create_index("orders_customer_state", "orders", ["customer_id", "state", "id"])
    op.create_index("orders_state", "orders", ["state", "id"])
    open_only: dict[str, Any] = {
        "sqlite_where": sa.text("is_open"),
        "postgresql_where": sa.text("is_open"),
    }
    op.create_index("orders_screened", "orders", ["screened_with", "id"], **open_only)
    op.create_index("orders_open", "orders", ["id"], **open_only)
    op.create_index("orders_customer_open", "orders", ["customer_id", "id"], **open_only)
    op.create_index("orders_deadline", "orders", ["deadline_tai_ns"], **open_only)
    op.create_table(
        "order_history",
        sa.Column("order_id", name, sa.ForeignKey("orders.id"), primary_key=True),
        sa.Column("number", whole, primary_key=True, autoincrement=False),
        sa.Column("at_tai_ns", whole, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("step_key", sa.String),
    )
    op.create_index(
        "order_history_key", "order_history", ["order_id", "step_key"], unique=True,
        sqlite_where=sa.text("step_key IS NOT NULL"),
        postgresql_where=sa.text("step_key IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "holds",
        sa.Column("id", name, primary_key=True),
        sa.Column("customer_id", name, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("order_id", name, sa.ForeignKey("orders.id")),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("match_key", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("made_tai_ns", whole, nullable=False),
        sa.Column("until_tai_ns", whole),
        sa.Column("decided_by", sa.String),
        sa.Column("decided_tai_ns", whole),
        sa.Column("why", sa.Text),
    )
    op.create_index("holds_match", "holds", ["match_key", "status"])
    op.create_index("holds_order", "holds", ["order_id", "status"])
    op.create_index("holds_customer", "holds", ["customer_id", "status"])
    op.create_index(
        "holds_open", "holds", ["id"],
        sqlite_where=sa.text("status = 'open'"), postgresql_where=sa.text("status = 'open'"),
    )  # fmt: skip
    op.create_table(
        "clearances",
        sa.Column("match_key", sa.String, primary_key=True),
        sa.Column("decided_by", sa.String, primary_key=True),
        sa.Column("decided_tai_ns", whole, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "quota_use",
        sa.Column("customer_id", name, sa.ForeignKey("customers.id"), primary_key=True),
        sa.Column("month", sa.String, primary_key=True),
        sa.Column("pictures", whole, nullable=False),
        sa.Column("area_m2", whole, nullable=False),
    )
    op.create_table(
        "releases",
        sa.Column("order_id", name, sa.ForeignKey("orders.id"), primary_key=True),
        sa.Column("product_id", sa.String, primary_key=True),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("at_tai_ns", whole, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "audit_log",
        sa.Column("seq", whole, primary_key=True, autoincrement=False),
        sa.Column("at_tai_ns", whole, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("subject", name, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("audit_log_subject", "audit_log", ["subject", "seq"])
    op.create_table(
        "audit_head",
        sa.Column("one", sa.Integer, primary_key=True),
        sa.Column("seq", whole, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("one = 1", name="audit_head_is_one"),
    )
    start = sa.text("INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, :nothing)")
    op.execute(start.bindparams(nothing="0" * 64))
    for guard in _SQLITE_GUARDS if is_sqlite else _POSTGRESQL_GUARDS:
        op.execute(sa.text(guard))
