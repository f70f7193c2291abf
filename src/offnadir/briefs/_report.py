"""report.html: one file that works offline, readable without its script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template
from typing import Any

from offnadir.briefs._html import Markup, clock, count, esc, join, num, script_json
from offnadir.briefs._images import Image, images_link, images_section
from offnadir.briefs._map import WIDTH, MapView, map_svg, map_view, outside, scale_bar
from offnadir.briefs._sections import (
    contacts_table,
    pictures_table,
    requests_table,
    rules_table,
    satellites_table,
    stations_table,
)
from offnadir.briefs._timeline import level_curves, memory_curves, opportunity_index, timeline
from offnadir.briefs._tracks import Track
from offnadir.briefs._words import figures, glossary, in_part, not_taken, verdict, warnings

_NAMED = 6
_WIDE_M = 8e6  # across: beyond that the scale changes visibly


def report_html(
    plan: Mapping[str, Any],
    opportunities: Sequence[Mapping[str, Any]],
    tracks: Sequence[Track],
    images: Sequence[Image] = (),
) -> str:
    """The report of a plan: map, timeline, memory, tables, in one HTML file without references.

    `plan` is the document of plan.json, `opportunities` the rows of opportunities.csv, `tracks` where
    the satellites are, `images` what was taken already. The same input gives the same text.
    """
    view = map_view(plan)
    shelf = files("offnadir.briefs") / "templates"
    css, js, page = (
        (shelf / name).read_text(encoding="utf-8")
        for name in ("report.css", "report.js", "report.html")
    )
    span = plan["span"]
    left_out = sum(request["status"] != "taken" for request in plan["requests"])
    return Template(page).substitute(
        css=css,
        js=js,
        data=script_json(_data(plan, opportunities)),
        title=esc(plan["mission"]["name"]),
        verdict=esc(verdict(plan)),
        verdict_class="good" if plan["check"]["passed"] else "bad",
        span=esc(
            f"{clock(span['start'], seconds=False)} to {clock(span['stop'], seconds=False)} UTC"
        ),
        fleet=esc(
            f"{count(len(plan['satellites']), 'satellite')}, {count(len(plan['stations']), 'station')}"
        ),
        figures=figures(plan),
        warnings=warnings(plan),
        map=map_svg(plan, tracks, view),
        map_note=_map_note(plan, view),
        scale=_scale(scale_bar(view)),
        timeline=timeline(plan, opportunities),
        not_taken=join([not_taken(plan), in_part(plan)]),
        left_out=num(left_out),
        images=images_section(images),
        images_link=images_link(images),
        pictures=pictures_table(plan),
        requests=requests_table(plan),
        contacts=contacts_table(plan),
        memory=memory_curves(plan),
        levels=level_curves(plan),
        rules=rules_table(plan),
        satellites=satellites_table(plan),
        stations=stations_table(plan),
        glossary=glossary(),
        version=esc(plan["offnadir_version"]),
        sha256=esc(plan["mission"]["sha256"]),
        solver=esc(_solver(plan["result"])),
    )


def _data(plan: Mapping[str, Any], opportunities: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the script needs and cannot read from the page."""
    number = {request["name"]: i for i, request in enumerate(plan["requests"])}
    return {
        "requests": [
            [r["name"], (r["reason"] or {}).get("text", ""), r["opportunities"]]
            for r in plan["requests"]
        ],
        "pictures": [
            [
                p["id"],
                number[p["request"]],
                f"{p['satellite']}, {clock(p['start'])} UTC, {num(p['off_nadir_deg'], 1)}° off-nadir, "
                f"NIIRS {num(p['niirs'], 1)}",
            ]
            for p in plan["collections"]
        ],
        "opportunities": opportunity_index(plan, opportunities),
    }


def _map_note(plan: Mapping[str, Any], view: MapView) -> Markup:
    """What the map cannot show: stations beyond its frame, and how far its scale holds."""
    notes = []
    if not view.projection.world and WIDTH * view.unit_m > _WIDE_M:
        notes.append("The scale holds at the middle of the map.")
    beyond = outside(plan, view)
    if beyond:
        more = f" and {num(len(beyond) - _NAMED)} more" if len(beyond) > _NAMED else ""
        which = "Station" if len(beyond) == 1 else "Stations"
        notes.append(f"{which} outside the map: {', '.join(beyond[:_NAMED])}{more}.")
    return esc(" ".join(notes))


def _scale(bar: tuple[int, float] | None) -> Markup:
    if bar is None:
        return Markup("")
    km, share = bar
    return Markup(
        f'<div class="scale" style="width:{100 * share:.2f}%"><span>{num(km)} km</span></div>'
    )


def _solver(result: Mapping[str, Any]) -> str:
    return (
        f"{result['solver']}, seed {result['seed']}, time limit {result['time_limit_s']:g} s, "
        f"{count(result['candidates'], 'candidate picture')}"
    )
