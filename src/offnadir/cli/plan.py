"""`offnadir plan`: from a mission file to a checked collection plan and a report."""

from __future__ import annotations

import json as json_
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.cli._documents import read_plan
from offnadir.errors import InputError, OffnadirError

if TYPE_CHECKING:
    from offnadir.briefs import Image
    from offnadir.planning import Plan

_SHOWN = 8
_CHANGE_PRICE = 0.05
_Report = Callable[[str, int, int], None]


class CheckFailedError(OffnadirError):
    """The independent checker refused our own plan: a fault of ours, and nothing is written."""


class NoOpportunityError(OffnadirError):
    """Nothing that was asked for can be taken: the files say why, and the exit code says so."""

    exit_code = 2


def plan(
    mission: Annotated[Path, typer.Argument(metavar="MISSION.toml", help="The mission file.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")
    ],
    replan: Annotated[
        Path | None,
        typer.Option(metavar="OLD.json", help="Mend this plan: change it no more than pays."),
    ] = None,
    change_price: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="What keeping a picture of the old plan is worth, as a share of its request's weight "
            "(0.05).",
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON on stdout.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Plan a mission: find every opportunity, choose, check, and write the results to a folder.

    Writes plan.json, opportunities.parquet and .csv, plan.geojson, plan.czml, plan.ics and report.html.
    Ctrl-C while it chooses ends the search, and the plan so far is written.
    """
    if change_price is not None and replan is None:
        raise InputError("--change-price", change_price, "given together with --replan")
    report = run_plan(
        mission, output, quiet=quiet, as_json=json, replan=replan, change_price=change_price
    )
    if not json:
        print(report)


def run_plan(
    mission_file: Path,
    output: Path,
    *,
    quiet: bool,
    as_json: bool = False,
    replan: Path | None = None,
    change_price: float | None = None,
    images: Callable[[dict[str, Any], _Report], Sequence[Image]] | None = None,
) -> Path:
    """Do the whole job; returns the path of the report. `images` makes what the report shows of a plan."""
    from offnadir.briefs import write_results
    from offnadir.planning import load_mission, make_plan

    with write_results(output) as results:  # finds out first whether the folder can be written
        previous = None if replan is None else read_plan(replan)
        mission = load_mission(mission_file)
        if not quiet:
            _say.warn(mission.warnings)
            _say.first_plan()
        with _say.progress(quiet) as report, _ended_by_hand(report, quiet) as (tell, interrupted):
            plan = make_plan(
                mission,
                previous=previous,
                progress=tell,
                interrupted=interrupted,
                change_price=_CHANGE_PRICE if change_price is None else change_price,
            )
        document = plan.document
        if not document["check"]["passed"]:
            broken = [v for rule in document["check"]["rules"] for v in rule["violations"]]
            raise CheckFailedError(
                "internal error, please report it: the checker refuses the plan: "
                + "; ".join(_say.some(broken))
            )
        shown: Sequence[Image] = ()
        if images is not None:
            with _say.progress(quiet) as report:
                shown = images(document, report)
        results.write(plan.document, plan.opportunities, plan.tracks, shown)
    if not quiet:
        _say.note(_summary(plan))
        left_out = _left_out(document)
        if left_out:
            _say.note(left_out)
    if as_json:
        print(json_.dumps(_brief(plan, output), indent=1))
    if len(plan.opportunities) == 0:
        why = [f"{r['name']}: {r['reason']['text']}" for r in document["requests"]]
        raise NoOpportunityError(
            f"{mission_file}: no opportunity at all; {output / 'report.html'} says why:\n"
            + "\n".join(_say.some(why))
        )
    return output / "report.html"


@contextmanager
def _ended_by_hand(report: _Report, quiet: bool) -> Iterator[tuple[_Report, Callable[[], bool]]]:
    """The first Ctrl-C while it chooses ends the search; any other ends the program."""
    pressed = threading.Event()
    stage = ""

    def tell(name: str, done: int, total: int) -> None:
        nonlocal stage
        stage = name.partition(":")[0]
        report(name, done, total)

    def on_interrupt(number: int, frame: Any) -> None:
        if stage != "Choosing" or pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()
        if not quiet:
            _say.note("Interrupted: the search ends, and the plan so far is written.")

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # it is ignored, or someone else's
        yield tell, pressed.is_set
        return
    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield tell, pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _brief(plan: Plan, output: Path) -> dict[str, Any]:
    document = plan.document
    taken = sum(request["status"] == "taken" for request in document["requests"])
    return {
        "result": document["result"],
        "requests": len(document["requests"]),
        "taken": taken,
        "pictures": len(document["collections"]),
        "opportunities": len(plan.opportunities),
        "left_out": [
            {"request": r["name"], **r["reason"]} for r in document["requests"] if r["reason"]
        ],
        "check_passed": document["check"]["passed"],
        "warnings": document["warnings"],
        "folder": str(output),
        "report": str(output / "report.html"),
    }


def _summary(plan: Plan) -> str:
    document, result = plan.document, plan.document["result"]
    brief = _brief(plan, Path())
    rules = document["check"]["rules"]
    checked = sum(rule["checked"] for rule in rules)
    open_rules = [rule["id"] for rule in rules if rule.get("unchecked")]
    partly = f", not to be looked at in full: {', '.join(open_rules)}" if open_rules else ""
    gap = result["gap"] if result["gap"] is not None else result["objective"]["gap"]
    proven = {
        "optimal": "proven best for its grid of start times",
        "feasible": f"at most {100 * gap:.2f} % below the best possible",
        "nothing_to_take": "nothing to take",
    }[result["status"]]
    bound = "" if result["bound"] is None else f", bound {result['bound']:.3f}"
    changed = ""
    if "changes" in result:
        parts = (f"{result['changes'][k]} {k}" for k in ("kept", "moved", "dropped", "added"))
        changed = f"against the plan before: {', '.join(parts)}\n"
    return (
        f"{brief['opportunities']} opportunities; {brief['taken']} of {brief['requests']} requests "
        f"taken in {brief['pictures']} pictures\n"
        f"value {result['value']:.3f}{bound}: {proven}\n"
        f"{changed}"
        f"checker: {len(rules)} rules, {checked} checks, all passed{partly}"
    )


def _left_out(document: dict[str, Any]) -> str:
    """The heaviest requests that are left out, why, and what would have made them possible."""
    from offnadir.briefs import REASONS

    rows = [
        [r["name"], f"{r['weight']:g}", REASONS[r["reason"]["code"]].lower(),
         r["reason"].get("would_need") or "-"]
        for r in sorted(document["requests"], key=lambda r: (r.get("tier", 1), -r["weight"]))
        if r["reason"]
    ]  # fmt: skip
    if not rows:
        return ""
    head = ["left out", "weight", "why", "would have needed"]
    table = _say.columns(head, rows[:_SHOWN], [False, True, False, False])
    more = len(rows) - _SHOWN
    return f"\n{table}" + (f"\n... and {more} more, in the report" if more > 0 else "") + "\n"
