"""The loop's tables, as `_database/versions/v0003_operations.py` makes them."""

from __future__ import annotations

from typing import Final

from offnadir._database import sa

_META: Final = sa.MetaData()

FACTS: Final = sa.Table(
    "operation_facts", _META,
    sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text),
)  # fmt: skip
PLANS: Final = sa.Table(
    "plans", _META,
    sa.Column("number", sa.Integer, primary_key=True), sa.Column("made_tai_ns", sa.BigInteger),
    sa.Column("sha256", sa.Text), sa.Column("why", sa.Text), sa.Column("document", sa.LargeBinary),
)  # fmt: skip
UPLINKS: Final = sa.Table(
    "uplinks", _META,
    sa.Column("satellite", sa.Text, primary_key=True),
    sa.Column("at_tai_ns", sa.BigInteger, primary_key=True),
    sa.Column("station", sa.Text), sa.Column("state", sa.Text), sa.Column("plan", sa.Integer),
)  # fmt: skip
PICTURES: Final = sa.Table(
    "pictures", _META,
    sa.Column("id", sa.Text, primary_key=True), sa.Column("order_id", sa.Text),
    sa.Column("satellite", sa.Text), sa.Column("start_tai_ns", sa.BigInteger),
    sa.Column("stop_tai_ns", sa.BigInteger), sa.Column("down_tai_ns", sa.BigInteger),
    sa.Column("station", sa.Text), sa.Column("state", sa.Text), sa.Column("plan", sa.Integer),
    sa.Column("collection", sa.Text), sa.Column("tries", sa.Integer),
    sa.Column("due_tai_ns", sa.BigInteger), sa.Column("told", sa.Text), sa.Column("item", sa.Text),
    sa.Column("changed_tai_ns", sa.BigInteger),
)  # fmt: skip
MESSAGES: Final = sa.Table(
    "messages", _META,
    sa.Column("id", sa.Text, primary_key=True), sa.Column("order_id", sa.Text),
    sa.Column("url", sa.Text), sa.Column("body", sa.Text), sa.Column("state", sa.Text),
    sa.Column("tries", sa.Integer), sa.Column("due_tai_ns", sa.BigInteger), sa.Column("told", sa.Text),
)  # fmt: skip
