"""`offnadir may`: it can be imaged; will it be released, to whom, and when?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.cli._may_question import Asked
    from offnadir.tasking.policy import Pack

_REFUSED = 1


def may(
    plan: Annotated[
        Path | None,
        typer.Argument(metavar="[PLAN.json]", help="Ask for every picture of a plan instead."),
    ] = None,
    place: Annotated[
        str | None, typer.Option(metavar="LAT,LON", help="The place, in degrees.")
    ] = None,
    area: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Or what the picture shows: GeoJSON polygons."),
    ] = None,
    stage: Annotated[
        str, typer.Option(metavar="feasibility|order|delivery", help="What is to be done.")
    ] = "delivery",
    at: Annotated[
        str | None, typer.Option(metavar="UTC", help="When that is to be done. [default: now]")
    ] = None,
    operator: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who runs the satellite, such as Planet.")
    ] = None,
    operator_country: Annotated[
        str | None,
        typer.Option(
            metavar="CODE", help="Under whose law, such as US. [default: as packs know it]"
        ),
    ] = None,
    sensor: Annotated[
        str | None, typer.Option(metavar="NAME", help="The sensor, such as skysat-c.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="optical|tir|hyperspectral|sar",
            help="Kind of sensor. [default: as the sensor library knows it]",
        ),
    ] = None,
    mode: Annotated[str | None, typer.Option(metavar="NAME", help="Mode of the sensor.")] = None,
    gsd: Annotated[
        float | None, typer.Option(metavar="M", help="Ground sample distance that is delivered.")
    ] = None,
    system_gsd: Annotated[
        float | None,
        typer.Option(metavar="M", help="The finest that the system can do. [default: --gsd]"),
    ] = None,
    bands: Annotated[
        int | None, typer.Option(metavar="N", help="Number of spectral bands.")
    ] = None,
    phase: Annotated[
        bool | None,
        typer.Option("--phase/--no-phase", help="Whether radar phase can be had from the data."),
    ] = None,
    age: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Age of the picture at that time, such as 2d."),
    ] = None,
    imaged_at: Annotated[
        str | None, typer.Option(metavar="UTC", help="Or when it was taken. [default: it is fresh]")
    ] = None,
    recipient_country: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Where the recipient is, such as DE; NATO, EU, UN."),
    ] = None,
    recipient_kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", help="media, company, ngo, research, person, government, military ..."
        ),
    ] = None,
    recipient_name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The recipient's name; see also offnadir screen."),
    ] = None,
    ground: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE[:OPERATOR]",
            help="A ground segment: its country, and who runs it (a code, NATO, EU); none: there is none. "
            "Repeatable.",
        ),
    ] = None,
    purpose: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD", help="A purpose that rules know. Repeatable."),
    ] = None,
    licence: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD", help="A licence of the system, such as us-tier-1. Repeatable."
        ),
    ] = None,
    pack: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A pack of rules beside the public one. Repeatable."),
    ] = None,
    lists: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Lists of countries in place of those of the public pack."
        ),
    ] = None,
    public: Annotated[
        bool,
        typer.Option(
            "--public/--no-public", help="Whether to ask the public pack, which is bundled."
        ),
    ] = True,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="UTC", help="With --until: how the answer changes with time."
        ),
    ] = None,
    stop: Annotated[
        str | None, typer.Option("--until", metavar="UTC", help="End of that time.")
    ] = None,
    trace: Annotated[
        bool, typer.Option("--trace", help="Show every rule, and why it binds or not.")
    ] = False,
    inside: Annotated[
        bool,
        typer.Option(
            "--inside", help="Show also what packs tell nobody else: for the operator's eyes only."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether a picture may be had, by whom and when, by dated rules with their sources.

    Example: offnadir may --place 31.5,34.4 --operator Planet --sensor skysat-c --gsd 0.5
    --recipient-country DE --recipient-kind media --age 2d

    Not legal advice. What is not told is said to be unknown, and never makes the answer laxer. The exit
    code is 0 if it may, perhaps in a coarser form; 1 if it may not, not yet or only with a permit.
    """
    from offnadir.cli._may_question import Asked

    asked = Asked(
        place=place, area=area, stage=stage, at=at, operator=operator, operator_country=operator_country,
        sensor=sensor, kind=kind, mode=mode, gsd_m=gsd, system_gsd_m=system_gsd, bands=bands, phase=phase,
        age=age, imaged_at=imaged_at, recipient_country=recipient_country, recipient_kind=recipient_kind,
        recipient_name=recipient_name, ground=ground, purposes=purpose or (), licences=licence or (),
    )  # fmt: skip
    packs = _packs(pack or [], lists, public)
    if plan is not None:
        _plan(plan, asked, packs, (start, stop), inside=inside, json=json, trace=trace)
    elif start is not None or stop is not None:
        _timeline(asked, packs, start, stop, inside=inside, json=json)
    else:
        _one(asked, packs, trace=trace, inside=inside, json=json)


def _packs(files: list[Path], lists: Path | None, public: bool) -> list[Pack]:
    from offnadir.tasking.policy import public_pack, read_pack

    packs = [public_pack(lists=lists)] if public else []
    if lists is not None and not public:
        raise InputError("--lists", str(lists), "given with the public pack")
    packs += [read_pack(path) for path in files]
    if not packs:
        raise InputError("--pack", "", "given at least once with --no-public")
    return packs


def _one(asked: Asked, packs: list[Pack], *, trace: bool, inside: bool, json: bool) -> None:
    from offnadir.tasking.policy import judge

    verdict = judge(packs, asked.question())
    shown = verdict if inside else verdict.public()
    if json:
        _say.print_json(shown.as_dict())
    else:
        print("\n\n".join(shown.sentences()))
        if trace:
            print()
            for line in shown.trace:
                print(f"{line.rule_id}: {line.state}: {'; '.join(line.why)}")
    if not shown.is_released:
        raise typer.Exit(_REFUSED)


def _timeline(
    asked: Asked,
    packs: list[Pack],
    start: str | None,
    stop: str | None,
    *,
    inside: bool,
    json: bool,
) -> None:
    from offnadir.cli._may_question import span
    from offnadir.tasking.policy import NOT_LEGAL_ADVICE, timeline

    over = span(start, stop)
    pieces = timeline(packs, asked.question(), over, public=not inside)
    rows: list[dict[str, Any]] = [
        {
            "start": one.start.utc(),
            "stop": one.stop.utc(),
            "effect": one.effect,
            "sure_effect": one.sure_effect,
            "gsd_m": one.gsd_m,
            "released": one.is_released,
            "rules": list(one.rules),
        }
        for one in pieces
    ]
    if json:
        _say.print_json({"pieces": rows, "notice": NOT_LEGAL_ADVICE})
    else:
        cells = [
            (row["start"][:19], row["stop"][:19], _effect(row), ", ".join(row["rules"]))
            for row in rows
        ]
        print(_say.columns(("from", "until", "answer", "rules"), cells, (False,) * 4))
        print(f"\n{NOT_LEGAL_ADVICE}")
    if not any(one.is_released for one in pieces):
        raise typer.Exit(_REFUSED)


def _plan(
    path: Path, asked: Asked, packs: list[Pack], times: tuple[str | None, str | None], *,
    inside: bool, json: bool, trace: bool,
) -> None:  # fmt: skip
    from offnadir.cli._documents import read_plan
    from offnadir.cli._may_question import plan_questions
    from offnadir.tasking.policy import NOT_LEGAL_ADVICE, judge

    if any(times):
        raise InputError("--from", times[0], "not given with a plan")
    rows: list[dict[str, Any]] = []
    document = read_plan(path)
    for picture, question in plan_questions(document, asked, str(path)):
        verdict = judge(packs, question)
        shown = (verdict if inside else verdict.public()).as_dict()
        if not trace:
            del shown["trace"]
        rows.append({**picture, **shown})
    if json:
        _say.print_json({"plan": str(path), "pictures": rows, "notice": NOT_LEGAL_ADVICE})
    else:
        cells = [
            (
                row["id"],
                row["request"],
                row["at"][:19],
                _effect(row),
                (row["until"] or "")[:19],
                _why(row),
            )
            for row in rows
        ]
        head = ("picture", "request", str(asked.stage), "answer", "free from", "rules")
        print(_say.columns(head, cells, (False,) * 6))
        print(f"\n{NOT_LEGAL_ADVICE}")
    if not all(row["released"] for row in rows):
        raise typer.Exit(_REFUSED)


def _effect(row: dict[str, Any]) -> str:
    text = str(row["effect"])
    if text == "degrade" and row["gsd_m"] is not None:
        text += f" to {row['gsd_m']:g} m"
    return text if row["effect"] == row["sure_effect"] else f"{text} (surely: {row['sure_effect']})"


def _why(row: dict[str, Any]) -> str:
    return ", ".join(_say.some([one["rule"] for one in row["findings"]], 3))
