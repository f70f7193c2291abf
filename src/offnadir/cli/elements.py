"""`offnadir elements`: a local store of element sets with their history."""

from __future__ import annotations

import json as json_
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offnadir._files import replacing
from offnadir.cli import _elements as _lib
from offnadir.cli import _say
from offnadir.errors import MISSING, InputError

if TYPE_CHECKING:
    from offnadir.orbits.update import Outcome, Query

elements = typer.Typer(
    name="elements",
    help="A local store of element sets with their history: fill it, look into it, take from it.",
    short_help="A local store of element sets with their history.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: offnadir elements update --group resource",
)

_StoreFile = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="FILE",
        help="The store. [default: XDG_DATA_HOME/offnadir/elements.sqlite]",
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Name = Annotated[
    str, typer.Option(metavar="GLOB", help="Only objects of such a name: 'WORLDVIEW*'.")
]
_Norad = Annotated[
    list[int] | None, typer.Option(metavar="N", help="Only this NORAD number. Repeatable.")
]
_NewerThan = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only epochs since then: a UTC time, or 3d, 12h ago."),
]
_OlderThan = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only epochs up to then: a UTC time, or 3d, 12h ago."),
]


@elements.command("import")
def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="TLE, 3LE, or OMM as JSON, XML, KVN or CSV; gzip too."
        ),
    ],
    store: _StoreFile = None,
    json: _Json = False,
) -> None:
    """Put the sets of files into the store: all files, or none if one cannot be read.

    A set that the store has already is left alone.
    """
    from offnadir.orbits.store import open_store, read_published

    with _say.progress(quiet=json) as report:
        contents = []
        for i, path in enumerate(files):
            report("Reading", i, len(files))
            contents.append(read_published(path))
        with open_store(store, write=True) as target:
            report("Storing", 0, 0)
            added = target.add(contents)
            total, place = len(target), target.path
    _lib.warn_rejected([f"{bad.where}: {bad.reason}" for bad in added.rejected])
    if json:
        _say.print_json(
            {"new": added.new, "known": added.known, "rejected": len(added.rejected),
             "sets": total, "store": str(place)}
        )  # fmt: skip
        return
    _say.note(
        f"{_say.count(added.new, 'new set')}, {added.known} known, {len(added.rejected)} rejected; "
        f"{total} in {place}"
    )


@elements.command("list")
def list_(
    name: _Name = "",
    norad: _Norad = None,
    newer_than: _NewerThan = None,
    older_than: _OlderThan = None,
    store: _StoreFile = None,
    json: _Json = False,
) -> None:
    """List the objects of the store: how many sets, and how old the newest is.

    --newer-than and --older-than look at the newest set of an object.
    """
    from offnadir.orbits.store import open_store

    now = _lib.now()
    choice = _lib.choice(name, norad, newer_than, older_than, now)
    with open_store(store) as source:
        table = source.objects(choice)
        place, total = source.path, len(source)
    rows = _lib.object_rows(table, now)
    if json:
        _say.print_json(rows)
        return
    _lib.print_objects(rows)
    text = f"{_say.count(len(rows), 'object')} with {_say.count(int(table['sets'].sum()), 'set')}"
    if rows:
        text += f", the newest {_lib.age(min(row['age_days'] for row in rows))}"
    _say.note(f"{text}; {_say.count(total, 'set')} in {place}")


@elements.command()
def show(
    name_or_id: Annotated[
        list[str], typer.Argument(metavar="NAME_OR_ID...", help="NORAD number or (part of) a name.")
    ],
    at: Annotated[
        str | None, typer.Option(metavar="UTC", help="Only the set nearest to this time.")
    ] = None,
    newer_than: _NewerThan = None,
    older_than: _OlderThan = None,
    json: _Json = False,
    omm: Annotated[
        bool, typer.Option("--omm", help="Print OMM JSON, every field as it was published.")
    ] = False,
    tle: Annotated[
        bool, typer.Option("--tle", help="Print TLEs with names, where the number has room.")
    ] = False,
    store: _StoreFile = None,
) -> None:
    """Show all sets of an object, or the one nearest to a time."""
    from offnadir.orbits.store import open_store

    if json + omm + tle > 1:
        given = [flag for flag, on in (("--json", json), ("--omm", omm), ("--tle", tle)) if on]
        raise InputError(given[0], given[1], "given alone: choose one of --json, --omm and --tle")
    now = _lib.now()
    choice = _lib.choice("", None, newer_than, older_than, now, satellites=tuple(name_or_id))
    with open_store(store) as source:
        sets = _lib.take(source, choice, at, every=at is None)
    if omm:
        _say.print_json([dict(one.fields) for one in sets])
    elif tle:
        _lib.print_tle(sets)
    else:
        rows = [_lib.set_row(one, now) for one in sets]
        if json:
            _say.print_json(rows)
        else:
            _lib.print_sets(rows)
    _say.note(f"{_say.count(len(sets), 'set')}")


@elements.command()
def update(
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A group of CelesTrak, such as resource. Repeatable. [active]"
        ),
    ] = None,
    norad: Annotated[
        list[int] | None, typer.Option(metavar="N", help="A NORAD number. Repeatable.")
    ] = None,
    source: Annotated[
        str,
        typer.Option(
            metavar="NAME|URL", help="celestrak, space-track, or the URL of a mirror ({group})."
        ),
    ] = "celestrak",
    force: Annotated[
        bool,
        typer.Option("--force", help="Ask before it is time, and take what looks too small."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked, and ask nothing.")
    ] = False,
    store: _StoreFile = None,
    json: _Json = False,
) -> None:
    """Fetch new element sets; does nothing if the last time is too recent.

    CelesTrak is asked once in two hours at most, Space-Track once an hour. For Space-Track set
    OFFNADIR_SPACE_TRACK_USER and OFFNADIR_SPACE_TRACK_PASSWORD, or write them to a file (see the guide).
    """
    from offnadir.orbits.update import make_queries

    queries = make_queries(source, groups=group or (), norad_ids=norad or ())
    outcomes, state = _update(store, queries, force, dry_run, quiet=json)
    errors = [one.error for one in outcomes if one.error is not None]
    if json:
        _say.print_json([_lib.outcome_row(one) for one in outcomes])
    for one in outcomes:
        _lib.warn_rejected([f"{bad.where}: {bad.reason}" for bad in one.rejected])
        if one.error is None and not json:
            _say.note(f"{one.query.label}: {one.note}")
    if len(outcomes) < len(queries):
        left = _say.count(len(queries) - len(outcomes), "further request")
        _say.warn([f"{left} not made after that"])
    for error in errors[:-1]:
        _say.warn([str(error).splitlines()[0]])
    if errors:
        raise errors[-1]
    if not json:
        _say.note(f"store: {state}")


def _update(
    store: Path | None, queries: list[Query], force: bool, dry_run: bool, *, quiet: bool
) -> tuple[list[Outcome], str]:
    """Ask; what came of it, and the store in a few words. A dry run makes no store."""
    from offnadir.orbits.store import default_store_path, open_store
    from offnadir.orbits.update import Outcome, describe, update_store

    place = store or default_store_path()
    if dry_run and not place.exists():
        due = [Outcome(query=one, kind="due", note=f"would fetch {one.url}") for one in queries]
        return due, f"{place} (not there yet)"
    with open_store(place, write=True) as target:
        with _say.progress(quiet=quiet) as report:
            outcomes = update_store(target, queries, force=force, dry_run=dry_run, report=report)
        return outcomes, describe(target)


@elements.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="OMM JSON to write; - for stdout.")],
    name: _Name = "",
    norad: _Norad = None,
    newer_than: _NewerThan = None,
    older_than: _OlderThan = None,
    at: Annotated[
        str | None, typer.Option(metavar="UTC", help="The set of each object nearest to this time.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every set, not just one of each object.")
    ] = False,
    store: _StoreFile = None,
) -> None:
    """Write OMM JSON for `look --elements` and other programs: the newest set of each object.

    Every field is written as it was published. --newer-than and --older-than look at single sets.
    """
    from offnadir.orbits.store import is_store, open_store

    if every and at is not None:
        raise InputError("--at", at, "left out with --all")
    if is_store(file):
        raise InputError("FILE", str(file), "another file than a store")
    choice = _lib.choice(name, norad, newer_than, older_than, _lib.now())
    with open_store(store) as source:
        sets = _lib.take(source, choice, at, every=every)
        place = source.path
    if not sets:
        raise InputError("filters", MISSING, f"met by some of the sets in {place}")
    lines = ",\n".join(json_.dumps(one.fields, ensure_ascii=False) for one in sets)
    text = f"[\n{lines}\n]\n"
    if str(file) == "-":
        sys.stdout.write(text)
    else:
        with replacing(file) as part:
            part.write_text(text, encoding="utf-8")
        _say.note(f"{_say.count(len(sets), 'set')} written to {file}")
