"""The service's tables: API keys, who may see which item, searches that go on after the answer."""

from alembic import op

from offnadir._database import sa

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.name"), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("made_tai_ns", sa.BigInteger, nullable=False),
        sa.Column("ends_tai_ns", sa.BigInteger),
        sa.Column("revoked_tai_ns", sa.BigInteger),
    )
    op.create_index("api_keys_by_user", "api_keys", ["user"])
    op.create_table(
        "archive_readers",
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column(
            "key",
            sa.BigInteger,
            sa.ForeignKey("archive_items.key", ondelete="CASCADE"),
            primary_key=True,
        ),
    )
    op.create_index("archive_readers_by_key", "archive_readers", ["key"])
    op.create_table(
        "searches",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("product", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("made_tai_ns", sa.BigInteger, nullable=False),
        sa.Column("changed_tai_ns", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.LargeBinary),
    )
    op.create_index("searches_by_state", "searches", ["state", "made_tai_ns"])
    op.create_index("searches_by_customer", "searches", ["customer_id", "id"])
