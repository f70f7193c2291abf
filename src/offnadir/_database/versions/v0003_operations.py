"""The mission loop's tables: who runs it, its clock, plans, uplinks, pictures, messages."""

from alembic import op

from offnadir._database import sa

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "operation_facts",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "plans",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("made_tai_ns", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "uplinks",
        sa.Column("satellite", sa.Text, primary_key=True),
        sa.Column("at_tai_ns", sa.BigInteger, primary_key=True),
        sa.Column("station", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("plan", sa.Integer, nullable=False),
    )
    op.create_index("uplinks_by_state", "uplinks", ["state", "at_tai_ns"])
    op.create_table(
        "pictures",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("satellite", sa.Text, nullable=False),
        sa.Column("start_tai_ns", sa.BigInteger, nullable=False),
        sa.Column("stop_tai_ns", sa.BigInteger, nullable=False),
        sa.Column("down_tai_ns", sa.BigInteger),
        sa.Column("station", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("plan", sa.Integer, nullable=False),
        sa.Column("collection", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_tai_ns", sa.BigInteger),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("item", sa.Text),
        sa.Column("changed_tai_ns", sa.BigInteger, nullable=False),
    )
    op.create_index("pictures_by_order", "pictures", ["order_id"])
    op.create_index("pictures_by_state", "pictures", ["state", "start_tai_ns"])
    op.create_table(
        "messages",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_tai_ns", sa.BigInteger, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
    )
    op.create_index("messages_by_state", "messages", ["state", "due_tai_ns"])
