"""The report's timeline and memory curves: one lane for each satellite, time from left to right."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from offnadir.briefs._html import Markup, clock, coordinate, count, element, esc, join, num, utc_s

WIDTH = 20_000  # units across a lane
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_THINNEST = 18  # about a pixel
_STEPS_MIN = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)
_MOST_OPPORTUNITIES = (
    24_000  # that the script may light up; beyond that the file would grow too large
)


class Scale:
    """Time to units across a lane."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self.start_s = utc_s(plan["span"]["start"])
        self.stop_s = utc_s(plan["span"]["stop"])

    def __call__(self, text: str) -> int:
        """Where a UTC text lies, kept inside the lane."""
        share = (utc_s(text) - self.start_s) / max(self.stop_s - self.start_s, 1.0)
        return round(min(max(share, 0.0), 1.0) * WIDTH)

    def ticks(self) -> list[tuple[float, str]]:
        """(share, `06:00`) of round times, a dozen at most; midnights read as a day."""
        span = self.stop_s - self.start_s
        step = next((60 * s for s in _STEPS_MIN if span / (60 * s) <= 12), 60 * _STEPS_MIN[-1])
        first = math.ceil(self.start_s / step) * step
        found = []
        for k in range(int((self.stop_s - first) // step) + 1):
            at = first + k * step
            text = "" if step >= 86400 else time.strftime("%H:%M", time.gmtime(at))
            found.append(((at - self.start_s) / span, text))
        return found

    def days(self) -> list[tuple[float, float, str]]:
        """(share at the start, share of the width, `31 May`) of each day."""
        span = self.stop_s - self.start_s
        day = self.start_s // 86400 * 86400
        found = []
        while day < self.stop_s:
            a, b = max(day, self.start_s), min(day + 86400, self.stop_s)
            found.append(((a - self.start_s) / span, (b - a) / span, _day(day)))
            day += 86400
        return found


def _day(utc: float) -> str:
    at = time.gmtime(utc)
    return f"{at.tm_mday} {_MONTHS[3 * at.tm_mon - 3 : 3 * at.tm_mon]}"


def _axis(scale: Scale) -> Markup:
    days = [
        f'<span class="day" style="left:{100 * left:.3f}%;width:{100 * width:.3f}%">'
        f"{text if width > 0.045 else ''}</span>"
        for left, width, text in scale.days()
    ]
    hours = [
        f'<span class="hour" style="left:{100 * share:.3f}%">{text}</span>'
        for share, text in scale.ticks()
        if text not in ("", "00:00") and 0.01 < share < 0.985
    ]
    return Markup(
        f'<div class="lane top"><div class="name">UTC</div><div class="axis">{"".join(days)}'
        f'<span class="hours">{"".join(hours)}</span></div></div>'
    )


def _grid(scale: Scale) -> str:
    return "".join(f"M{round(share * WIDTH)} 0V100" for share, _ in scale.ticks())


def _midnights(scale: Scale) -> str:
    return "".join(f"M{round(left * WIDTH)} 0V100" for left, _, _ in scale.days() if left > 0)


def _plot(name: str, caption: str, scale: Scale, lanes: Iterable[Markup]) -> Markup:
    grid = (
        '<svg class="behind" aria-hidden="true" preserveAspectRatio="none" '
        f'viewBox="0 0 {WIDTH} 100"><path class="gr" d="{_grid(scale)}"/>'
        f'<path class="gd" d="{_midnights(scale)}"/></svg>'
    )
    return Markup(
        f'<div class="wide chart" id="{name}" tabindex="0" role="region" aria-label="{esc(caption)}">'
        f'<div class="plot" data-start="{scale.start_s:.0f}" data-stop="{scale.stop_s:.0f}">'
        f"{_axis(scale)}{grid}{join(lanes, chr(10))}</div></div>"
    )


def _spans(spans: Iterable[tuple[int, int]], y0: int, y1: int) -> str:
    """One path of rectangles, those that touch made one."""
    merged: list[list[int]] = []
    for a, b in sorted(spans):
        stop = max(b, a + _THINNEST)
        if merged and a <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], stop)
        else:
            merged.append([a, stop])
    return "".join(f"M{a} {y0}H{b}V{y1}H{a}z" for a, b in merged)


def _by_satellite(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["satellite"], []).append(row)
    return found


def timeline(plan: Mapping[str, Any], opportunities: Sequence[Mapping[str, Any]]) -> Markup:
    """Opportunities faint, pictures strong, used contacts below them."""
    scale = Scale(plan)
    number = {request["name"]: i for i, request in enumerate(plan["requests"])}
    index = {picture["id"]: j for j, picture in enumerate(plan["collections"])}
    chances = _by_satellite(opportunities)
    pictures = _by_satellite(plan["collections"])
    contacts = _by_satellite(contact for contact in plan["contacts"] if contact["used"])
    lanes = []
    for i, satellite in enumerate(plan["satellites"]):
        name = satellite["name"]
        faint = _spans(
            ((scale(o["start"]), scale(o["stop"])) for o in chances.get(name, ())), 4, 18
        )
        down = _spans(
            ((scale(c["start"]), scale(c["stop"])) for c in contacts.get(name, ())), 22, 27
        )
        ticks = [
            f'<path class="pic" data-c="{index[p["id"]]}" data-r="{number[p["request"]]}" '
            f'd="M{(scale(p["start"]) + scale(p["stop"])) // 2} 2V20"><title>{esc(p["id"])} '
            f"{esc(p['request'])}, {clock(p['start'])} UTC</title></path>"
            for p in pictures.get(name, ())
        ]
        said = (
            f"{name}: {count(len(chances.get(name, ())), 'opportunity', 'opportunities')}, "
            f"{count(len(ticks), 'picture')}, {count(len(contacts.get(name, ())), 'used contact')}"
        )
        lanes.append(
            Markup(
                f'<div class="lane"><div class="name">{esc(name)}</div><svg data-s="{i}" role="img" '
                f'aria-label="{esc(said)}" preserveAspectRatio="none" viewBox="0 0 {WIDTH} 30">'
                f'<path class="opp" d="{faint}"/><path class="lit" d=""/>'
                f'<path class="con" d="{down}"/>{"".join(ticks)}</svg></div>'
            )
        )
    return _plot("timeline", "Timeline of each satellite", scale, lanes)


def opportunity_index(
    plan: Mapping[str, Any], opportunities: Sequence[Mapping[str, Any]]
) -> list[list[int]]:
    """For each request satellite, start and stop of its opportunities, for the script to light up."""
    if len(opportunities) > _MOST_OPPORTUNITIES:
        return []
    scale = Scale(plan)
    number = {request["name"]: i for i, request in enumerate(plan["requests"])}
    lane = {satellite["name"]: i for i, satellite in enumerate(plan["satellites"])}
    found: list[list[int]] = [[] for _ in number]
    for row in opportunities:
        if row["request"] in number and row["satellite"] in lane:
            start, stop = scale(row["start"]), scale(row["stop"])
            found[number[row["request"]]] += [lane[row["satellite"]], start, stop - start]
    return found


def memory_curves(plan: Mapping[str, Any]) -> Markup:
    """Level of each satellite's memory; those that take no picture in a fold of their own."""
    scale = Scale(plan)
    busy = {picture["satellite"] for picture in plan["collections"]}
    used = [curve for curve in plan["memory"] if curve["satellite"] in busy]
    idle = [curve for curve in plan["memory"] if curve["satellite"] not in busy]
    parts: list[Markup] = []
    if used:
        lanes = [_memory_lane(curve, scale) for curve in used]
        parts.append(_plot("memory", "Memory level of each satellite", scale, lanes))
    if idle:
        rows = join(
            Markup(f"<li>{esc(c['satellite'])} ({num(c['capacity_gbit'])} Gbit)</li>") for c in idle
        )
        parts.append(
            Markup(
                f"<details><summary>{count(len(idle), 'satellite')} without pictures: memory stays "
                f'as it is</summary><ul class="plain columns">{rows}</ul></details>'
            )
        )
    return join(parts) if parts else Markup('<p class="none">There are no satellites.</p>')


_LEVELS = (
    ("battery", "Battery", "capacity_wh", "Wh", "Charged in sunlight, drained all the time."),
    ("thermal", "Camera", "max_rise_k", "K", "Above its temperature at rest; warms in pictures."),
)


def level_curves(plan: Mapping[str, Any]) -> Markup:
    """Level of each battery, and how warm each camera gets, where a mission tells of them."""
    parts: list[Markup] = []
    for key, title, limit, unit, note in _LEVELS:
        curves = plan.get(key) or ()
        if not curves:
            continue
        scale = Scale(plan)
        lanes = [_level_lane(plan, curve, key, limit, unit, scale) for curve in curves]
        parts.append(element("h3", title))
        parts.append(element("p", f"{note} The dashed line is the limit.", class_="note"))
        parts.append(_plot(key, f"{title} of each satellite", scale, lanes))
    return join(parts)


def _level_lane(
    plan: Mapping[str, Any],
    curve: Mapping[str, Any],
    key: str,
    limit_key: str,
    unit: str,
    scale: Scale,
) -> Markup:
    """A battery between its floor and its capacity, or a camera between rest and its limit."""
    name = curve["satellite"]
    levels = [float(level) for _, level in curve["points"]]
    limit = float(curve[limit_key])
    bottom, top = 0.0, 1.12 * max([limit, *levels])
    if key == "battery":
        own = next(s for s in plan["satellites"] if s["name"] == name)["battery"]
        depth = own.get("max_depth_of_discharge")
        limit *= 1.0 - (0.3 if depth is None else depth)
        room = max(float(curve[limit_key]) - limit, 1e-9)
        bottom, top = min([limit, *levels]) - 0.25 * room, float(curve[limit_key]) + 0.1 * room
        said = f"least {num(min(levels), 1)}, floor {num(limit, 1)} {unit}"
        over = " over" if min(levels) < limit - 1e-3 * limit else ""
    else:
        said = f"peak {num(max(levels), 1)} of {num(limit, 1)} {unit}"
        over = " over" if max(levels) > limit * 1.001 else ""

    def height(level: float) -> float:
        return 100 - 100 * (level - bottom) / (top - bottom)

    corners = [(scale(at), height(float(level))) for at, level in curve["points"]]
    line = "L".join(f"{x} {coordinate(y)}" for x, y in corners)
    first, last = (corners[0][0], corners[-1][0]) if corners else (0, WIDTH)
    at = height(limit)
    side = " above" if at > 50.0 else ""  # a note under a low line would be cut off
    return Markup(
        f'<div class="lane tall{over}"><div class="name">{esc(name)}<small>{said}</small></div>'
        f'<div class="cell"><svg role="img" aria-label="{esc(name)}: {said}" '
        f'preserveAspectRatio="none" viewBox="0 0 {WIDTH} 100">'
        f'<path class="fill" d="M{line}L{last} 100H{first}z"/><path class="level" d="M{line}"/>'
        f'<path class="cap" d="M0 {coordinate(at)}H{WIDTH}"/></svg>'
        f'<span class="capnote{side}" style="top:{coordinate(at)}%">{num(limit, 1)} {unit}</span></div></div>'
    )


def _memory_lane(curve: Mapping[str, Any], scale: Scale) -> Markup:
    capacity = float(curve["capacity_gbit"])
    points = [(scale(at), float(level)) for at, level in curve["points"]]
    peak = max((level for _, level in points), default=0.0)
    to_scale = peak >= 0.2 * capacity
    top = max(capacity, peak) * 1.12 if to_scale else peak * 1.45
    if top <= 0:
        top = 1.0
    limit = 100 - 100 * capacity / top if to_scale else 6.0
    corners = [(x, 100 - 100 * level / top) for x, level in points]
    if corners:  # the level holds until the end of the span
        corners = [(0, corners[0][1]), *corners, (WIDTH, corners[-1][1])]
    line = "L".join(f"{x} {coordinate(y)}" for x, y in corners)
    over = " over" if peak > capacity else ""
    note = f"{num(capacity, 0)} Gbit" + ("" if to_scale else " (line not to scale)")
    said = f"{curve['satellite']}: at most {num(peak, 1)} of {num(capacity, 0)} Gbit"
    return Markup(
        f'<div class="lane tall{over}"><div class="name">{esc(curve["satellite"])}'
        f"<small>peak {num(peak, 1)} of {num(capacity, 0)} Gbit</small></div>"
        f'<div class="cell"><svg role="img" aria-label="{esc(said)}" preserveAspectRatio="none" '
        f'viewBox="0 0 {WIDTH} 100"><path class="fill" d="M{line}V100H0z"/>'
        f'<path class="level" d="M{line}"/><path class="cap" d="M0 {coordinate(limit)}H{WIDTH}"/></svg>'
        f'<span class="capnote" style="top:{coordinate(limit)}%">{note}</span></div></div>'
    )
