"""Who may see an item beside the item, on PostgreSQL: a search looks at many that its asker may not see."""

from alembic import op

revision = "0005"
down_revision = "0004"

_CAME = "UPDATE archive_items SET readers = array_append(readers, NEW.reader) WHERE key = NEW.key"
_WENT = "UPDATE archive_items SET readers = array_remove(readers, OLD.reader) WHERE key = OLD.key"


def upgrade() -> None:
    """Add the column, fill it by writing the table and its indexes anew, and keep it by triggers."""
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute("ALTER TABLE archive_items ADD COLUMN readers text[] NOT NULL DEFAULT '{}'")
    op.execute(
        "CREATE FUNCTION archive_readers_of(bigint) RETURNS text[] LANGUAGE sql STABLE AS "
        "'SELECT coalesce(array_agg(reader ORDER BY reader), ''{}'') FROM archive_readers WHERE key = $1'"
    )
    # An update would leave a dead row for each one; this leaves none, and packs the index of places well.
    op.execute(
        "ALTER TABLE archive_items ALTER COLUMN readers TYPE text[] USING archive_readers_of(key)"
    )
    op.execute("DROP FUNCTION archive_readers_of(bigint)")
    for name, event, change in (("came", "INSERT", _CAME), ("went", "DELETE", _WENT)):
        op.execute(
            f"CREATE FUNCTION archive_readers_{name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"'BEGIN {change}; RETURN NULL; END'"
        )
        op.execute(
            f"CREATE TRIGGER archive_readers_{name} AFTER {event} ON archive_readers "
            f"FOR EACH ROW EXECUTE FUNCTION archive_readers_{name}()"
        )
