"""`offnadir screen`: is a customer, end user or beneficiary on a list of sanctioned persons?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.cli._screen_table import read_parties
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.tasking import Hit, Party, SanctionsList, Screener, Screening

_NO_LIST = (
    "the XML file of a list of sanctioned persons, given by --list FILE (or OFFNADIR_SANCTIONS); the UN "
    "Security Council publishes its Consolidated List, without charge, at "
)


def screen(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Whom to screen, in any script.")
    ] = None,
    lists: Annotated[
        list[Path] | None,
        typer.Option(
            "--list",
            metavar="FILE",
            envvar="OFFNADIR_SANCTIONS",
            help="List in the XML form of the UN Security Council's Consolidated List; gzip too. Repeatable.",
        ),
    ] = None,
    kind: Annotated[
        str, typer.Option(metavar="person|organisation|vessel|unknown", help="What is screened.")
    ] = "unknown",
    alias: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Another name of the same. Repeatable.")
    ] = None,
    born: Annotated[
        list[str] | None,
        typer.Option(metavar="DATE", help="Date of birth, such as 1984-01-08 or 1984. Repeatable."),
    ] = None,
    nationality: Annotated[
        list[str] | None, typer.Option(metavar="COUNTRY", help="Name or ISO code. Repeatable.")
    ] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(metavar="PLACE", help="Of birth or residence: town, country. Repeatable."),
    ] = None,
    document: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER", help="Number of a passport. Repeatable.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Screen many: a table with a column `name`, and if there are such: kind, alias, born, "
            "nationality, place, document (several in one cell parted by semicolons).",
        ),
    ] = None,
    threshold: Annotated[
        float, typer.Option(metavar="SCORE", help="Least score of a hit, 0 to 1.")
    ] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Results as JSON on stdout.")] = False,
) -> None:
    """Compare a name with lists of sanctioned persons; tell every entry that it may be, and why.

    A hit decides nothing: somebody must look at it. Exit code 0: no hit; 1: at least one; 2: bad input.
    """
    from offnadir.tasking import Party, Screener, read_list
    from offnadir.tasking.screening_list import UN_ADDRESS

    if (name is None) == (file is None):
        raise InputError("NAME", name or "", "given, or else --file CSV with many names, not both")
    if not lists:
        raise InputError("--list", "", _NO_LIST + UN_ADDRESS)
    if file is not None:
        parties = read_parties(file)
    else:
        assert name is not None
        parties = [
            Party(
                name=name,
                kind=kind,  # type: ignore[arg-type]
                aliases=tuple(alias or ()),
                birth_dates=tuple(born or ()),
                places=tuple(place or ()),
                nationalities=tuple(nationality or ()),
                ident=tuple(document or ()),
            )
        ]
    read = [read_list(path) for path in lists]
    screener = Screener(read, threshold=threshold)
    with _say.progress(quiet=len(parties) < 2) as bar:
        done = list(screener.screen_many(parties, report=lambda n, of: bar("screening", n, of)))
    if as_json:
        _say.print_json(_document(done, screener) if file is not None else _one(done[0], screener))
    elif file is not None:
        _print_many(done, read)
    else:
        _print_one(done[0], read)
    if any(result.is_hit for result in done):
        raise typer.Exit(1)


def _print_one(result: Screening, read: list[SanctionsList]) -> None:
    print(f"{_who(result.party)}: {_count(result)}")
    for hit in result.hits:
        print()
        print(f"  {hit.reference}  {hit.entry_name}  ({hit.entry_kind})")
        print(f"    list     {hit.list_name} of {hit.list_date}")
        print(f"    listed   {hit.listed_on or 'not told'}")
        print(f"    score    {hit.score:.2f}  (name alone {hit.name_score:.2f})")
        print(f"    matched  {hit.matched_name}")
        for n, reason in enumerate(hit.reasons):
            print(f"    {'reasons ' if n == 0 else '        '} {reason}")
    print()
    _print_lists(read, result.threshold)
    if result.is_hit:
        print(
            "A hit decides nothing: a person must look at it before anything is done for this party."
        )
    else:
        print("No hit is no proof: lists change, and nobody is bound to use a listed name.")


def _who(party: Party) -> str:
    told = [
        *party.aliases,
        *(f"born {date}" for date in party.birth_dates),
        *party.nationalities,
        *party.places,
    ]
    return f"{party.name} ({', '.join(told)})" if told else party.name


def _count(result: Screening) -> str:
    return f"{_say.count(len(result.hits), 'hit')}: review" if result.is_hit else "no hit"


def _print_lists(read: list[SanctionsList], threshold: float) -> None:
    for one in read:
        print(
            f"Screened against: {one.name} of {one.date}, "
            f"{len(one.entries)} entries, sha256 {one.sha256[:16]}"
        )
    print(f"Least score of a hit: {threshold:g}")


def _print_many(done: list[Screening], read: list[SanctionsList]) -> None:
    rows = [
        [
            result.party.name,
            hit.reference,
            f"{hit.score:.2f}",
            hit.matched_name,
            "; ".join(hit.reasons),
        ]
        for result in done
        for hit in result.hits
    ]
    if rows:
        header = ["name", "entry", "score", "listed as", "reasons"]
        print(_say.columns(header, rows, [False, False, True, False, False]))
        print()
    hit = sum(result.is_hit for result in done)
    print(
        f"{_say.count(len(done), 'party').replace('partys', 'parties')} screened, {hit} to review"
    )
    _print_lists(read, done[0].threshold if done else 0.0)


def _document(done: list[Screening], screener: Screener) -> dict[str, Any]:
    return {
        "lists": _lists(screener),
        "threshold": screener.threshold,
        "screened": len(done),
        "to_review": sum(result.is_hit for result in done),
        "results": [
            {
                "name": result.party.name,
                "verdict": _verdict(result),
                "hits": [_hit(h) for h in result.hits],
            }
            for result in done
        ],
    }


def _one(result: Screening, screener: Screener) -> dict[str, Any]:
    return {
        "name": result.party.name,
        "verdict": _verdict(result),
        "threshold": result.threshold,
        "lists": _lists(screener),
        "hits": [_hit(hit) for hit in result.hits],
    }


def _verdict(result: Screening) -> str:
    return "review" if result.is_hit else "no hit"


def _lists(screener: Screener) -> list[dict[str, str]]:
    return [{"name": n, "date": d, "sha256": s} for n, d, s in screener.lists]


def _hit(hit: Hit) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(hit)
