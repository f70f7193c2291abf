"""`offnadir plan`: from a mission file to a checked collection plan and a report."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.errors import OffnadirError

if TYPE_CHECKING:
    from offnadir.planning import Plan


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
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON on stdout.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Plan a mission: find every opportunity, choose, check, and write the results to a folder.

    Writes plan.json, opportunities.parquet and .csv, plan.geojson, plan.czml, plan.ics and report.html.
    """
    report = run_plan(mission, output, quiet=quiet, as_json=json)
    if not json:
        print(report)


def run_plan(mission_file: Path, output: Path, *, quiet: bool, as_json: bool = False) -> Path:
    """Do the whole job; returns the path of the report."""
    from offnadir.briefs import write_results
    from offnadir.planning import load_mission, make_plan

    with write_results(output) as results:  # finds out first whether the folder can be written
        mission = load_mission(mission_file)
        if not quiet:
            _say.warn(mission.warnings)
            _say.first_search()
        with _say.progress(quiet) as report:
            plan = make_plan(mission, progress=report)
        document = plan.document
        if not document["check"]["passed"]:
            broken = [v for rule in document["check"]["rules"] for v in rule["violations"]]
            raise CheckFailedError(
                "internal error, please report it: the checker refuses the plan: "
                + "; ".join(_say.some(broken))
            )
        results.write(plan.document, plan.opportunities, plan.tracks)
    if not quiet:
        _say.note(_summary(plan))
    if as_json:
        print(json_.dumps(_brief(plan, output), indent=1))
    if len(plan.opportunities) == 0:
        why = [f"{r['name']}: {r['reason']['text']}" for r in document["requests"]]
        raise NoOpportunityError(
            f"{mission_file}: no opportunity at all; {output / 'report.html'} says why:\n"
            + "\n".join(_say.some(why))
        )
    return output / "report.html"


def _brief(plan: Plan, output: Path) -> dict[str, Any]:
    document = plan.document
    taken = sum(request["status"] == "taken" for request in document["requests"])
    return {
        "result": document["result"],
        "requests": len(document["requests"]),
        "taken": taken,
        "pictures": len(document["collections"]),
        "opportunities": len(plan.opportunities),
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
    proven = {
        "optimal": "proven best for its grid of start times",
        "feasible": f"at most {100 * result['gap']:.2f} % below the best possible",
        "nothing_to_take": "nothing to take",
    }[result["status"]]
    return (
        f"{brief['opportunities']} opportunities; {brief['taken']} of {brief['requests']} requests "
        f"taken in {brief['pictures']} pictures\n"
        f"value {result['value']:.3f}, bound {result['bound']:.3f}: {proven}\n"
        f"checker: {len(rules)} rules, {checked} checks, all passed"
    )
