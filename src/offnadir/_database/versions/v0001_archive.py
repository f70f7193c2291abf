"""The archive's tables: what is searched by, the documents, and an index over places and times."""

from alembic import op

from offnadir._database import sa
from offnadir.errors import FileError

revision = "0001"
down_revision = None

#: Columns that a search sorts by, each with an index; ties go by `key`.
_SORTED = (
    "start_tai_ns",
    "off_nadir_deg",
    "incidence_deg",
    "gsd_m",
    "niirs",
    "cloud_percent",
    "sun_elevation_deg",
    "platform",
    "level",
)
_LONG_NS = 86_400 * 10**9


def upgrade() -> None:
    """Make them."""
    on_postgresql = op.get_context().dialect.name == "postgresql"
    if on_postgresql:
        _need_postgis()
    text = sa.Text(collation="C") if on_postgresql else sa.Text()
    number: sa.types.TypeEngine[float] = sa.Double() if on_postgresql else sa.REAL()
    op.create_table(
        "archive_items",
        # Never used twice, so that the page after a page is the same whatever was added meanwhile.
        sa.Column(
            "key",
            sa.BigInteger() if on_postgresql else sa.Integer(),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("id", text, nullable=False),
        sa.Column("collection", text),
        sa.Column("start_tai_ns", sa.BigInteger(), nullable=False),
        sa.Column("stop_tai_ns", sa.BigInteger(), nullable=False),
        sa.Column("off_nadir_deg", number),
        sa.Column("incidence_deg", number),
        sa.Column("azimuth_deg", number),
        sa.Column("gsd_m", number),
        sa.Column("niirs", number),
        sa.Column("cloud_percent", number),
        sa.Column("sun_elevation_deg", number),
        sa.Column("platform", text),
        sa.Column("level", text),
        sa.Column("west_deg", number),
        sa.Column("south_deg", number),
        sa.Column("east_deg", number),
        sa.Column("north_deg", number),
        sa.Column("sha256", text, nullable=False),
        sa.Column("folder", text),
        sa.Column("added_tai_ns", sa.BigInteger(), nullable=False),
        *([] if on_postgresql else [sa.Column("geometry", sa.LargeBinary())]),
        sqlite_autoincrement=True,
    )
    if on_postgresql:
        op.execute("ALTER TABLE archive_items ADD COLUMN geometry geometry(Geometry, 4326)")
        op.execute("CREATE INDEX archive_items_geometry ON archive_items USING gist (geometry)")
    else:
        # One box for each part of a footprint, so that one cut at the date line is no belt around the Earth;
        # `part` is key * 64 + a number below 64, times are days since 1970 (TAI).
        op.execute(
            "CREATE VIRTUAL TABLE archive_places USING "
            "rtree(part, west, east, south, north, first, last)"
        )
    op.create_table(
        "archive_documents",
        sa.Column(
            "key",
            sa.BigInteger() if on_postgresql else sa.Integer(),
            sa.ForeignKey("archive_items.key", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_index("archive_items_id", "archive_items", ["id"], unique=True)
    for column in _SORTED:
        op.create_index(f"archive_items_{column}", "archive_items", [column, "key"])
    # The few that last long are looked for apart: all others begin within a day of when they end.
    op.execute(
        "CREATE INDEX archive_items_long ON archive_items (start_tai_ns, key) "
        f"WHERE stop_tai_ns - start_tai_ns > {_LONG_NS}"
    )


def _need_postgis() -> None:
    connection = op.get_bind()
    names = "SELECT count(*) FROM pg_extension WHERE extname = 'postgis'"
    if connection.execute(sa.text(names)).scalar_one():
        return
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION postgis"))
    except sa.exc.DBAPIError as error:
        raise FileError(
            connection.engine.url.render_as_string(),
            "needs PostGIS: install it, and let an administrator run CREATE EXTENSION postgis in it "
            f"({str(error.orig).strip().splitlines()[0]})",
        ) from error
