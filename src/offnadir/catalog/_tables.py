"""The archive's tables as the searches see them; `_database/versions/v0001_archive.py` makes them."""

from __future__ import annotations

from typing import Any, Final

from offnadir._database import sa

#: An item that lasts longer than that is looked for apart from the others.
LONG_NS: Final = 86_400 * 10**9
#: Parts of a footprint that have boxes of their own.
MOST_PARTS: Final = 64

#: The collection of items that name none.
PICTURES: Final = "pictures"

_META: Final = sa.MetaData()


class _Geometry(sa.types.UserDefinedType[bytes]):
    """WKB that goes in and out of a column of PostGIS."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "geometry(Geometry, 4326)"

    def bind_expression(self, bindvalue: Any) -> Any:
        return sa.func.ST_GeomFromWKB(bindvalue, 4326)

    def column_expression(self, column: Any) -> Any:
        return sa.func.ST_AsBinary(column)


ITEMS: Final = sa.Table(
    "archive_items",
    _META,
    sa.Column("key", sa.BigInteger, primary_key=True),
    sa.Column("id", sa.Text),
    sa.Column("collection", sa.Text),
    sa.Column("start_tai_ns", sa.BigInteger),
    sa.Column("stop_tai_ns", sa.BigInteger),
    sa.Column("off_nadir_deg", sa.Double),
    sa.Column("incidence_deg", sa.Double),
    sa.Column("azimuth_deg", sa.Double),
    sa.Column("gsd_m", sa.Double),
    sa.Column("niirs", sa.Double),
    sa.Column("cloud_percent", sa.Double),
    sa.Column("sun_elevation_deg", sa.Double),
    sa.Column("platform", sa.Text),
    sa.Column("level", sa.Text),
    sa.Column("west_deg", sa.Double),
    sa.Column("south_deg", sa.Double),
    sa.Column("east_deg", sa.Double),
    sa.Column("north_deg", sa.Double),
    sa.Column("sha256", sa.Text),
    sa.Column("folder", sa.Text),
    sa.Column("added_tai_ns", sa.BigInteger),
    sa.Column("geometry", sa.LargeBinary().with_variant(_Geometry(), "postgresql")),
)
DOCUMENTS: Final = sa.Table(
    "archive_documents",
    _META,
    sa.Column("key", sa.BigInteger, primary_key=True),
    sa.Column("document", sa.Text),
)
#: Who may see an item where not everybody may: a customer's id, or EVERYBODY.
READERS: Final = sa.Table(
    "archive_readers",
    _META,
    sa.Column("reader", sa.Text, primary_key=True),
    sa.Column("key", sa.BigInteger, primary_key=True),
)
EVERYBODY: Final = "*"
#: In SQLite only.
PLACES: Final = sa.Table(
    "archive_places",
    _META,
    sa.Column("part", sa.Integer, primary_key=True),
    *(sa.Column(name, sa.Double) for name in ("west", "east", "south", "north", "first", "last")),
)
