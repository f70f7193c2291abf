"""The report's tables: pictures, requests, contacts, the checker's rules, element sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from offnadir.briefs._html import NOTHING, Markup, clock, count, element, esc, join, num, table
from offnadir.briefs._words import REASONS

_NAMED = 3
_MOST_UNUSED = 60  # contacts that are not used, listed after those that are


def _pick(name: str) -> Markup:
    return Markup(f"<button type=button class=pick>{esc(name)}</button>")


def pictures_table(plan: Mapping[str, Any]) -> Markup:
    """One row for each picture, by start."""
    if not plan["collections"]:
        return Markup('<p class="none">No picture is taken.</p>')
    number = {request["name"]: i for i, request in enumerate(plan["requests"])}
    paired = any(picture["stereo"] for picture in plan["collections"])
    clouded = any("clear_sky" in picture for picture in plan["collections"])
    pushing = any(picture.get("displaced") for picture in plan["collections"])
    heads = [
        ("Picture", "t"),
        ("Request", "w"),
        ("Satellite", "w"),
        ("Start, UTC", "t"),
        ("Duration, s", "n"),
        ("Off-nadir, °", "n"),
        ("Sun, °", "n"),
        ("GSD, m", "n"),
        ("NIIRS", "n"),
        ("Covered, %", "n"),
        *([("Clear sky, %", "n")] if clouded else []),
        ("Value", "n"),
        ("Gbit", "n"),
        ("On the ground, UTC", "t"),
        ("Contact", "t"),
        *([("Stereo with", "t")] if paired else []),
        *([("In place of", "w")] if pushing else []),
    ]
    rows = (
        (
            f' data-c="{j}" data-r="{number[p["request"]]}"',
            (
                _pick(p["id"]),
                _request_of(p),
                p["satellite"],
                clock(p["start"]),
                num(p["duration_s"], 1),
                num(p["off_nadir_deg"], 1),
                num(p["sun_elevation_deg"], 1),
                f"{num(p['gsd_along_m'], 2)} × {num(p['gsd_across_m'], 2)}",
                num(p["niirs"], 1),
                num(100 * p["coverage"]),
                *([num(100 * p["clear_sky"])] if clouded else []),
                num(p["value"], 3),
                num(p["volume_gbit"], 2),
                clock(p["delivered"], seconds=False),
                p["contact"] or NOTHING,
                *([_stereo(p["stereo"])] if paired else []),
                *([_displaced(p)] if pushing else []),
            ),
        )
        for j, p in enumerate(plan["collections"])
    )
    return table("pictures-table", "Pictures", heads, rows)


def _request_of(picture: Mapping[str, Any]) -> str:
    """The request's name, with its strip, and whether the picture is kept from the plan before."""
    strip = f", {picture['strip']}" if picture.get("strip") else ""
    frozen = " (on board)" if picture.get("frozen") else ""
    return f"{picture['request']}{strip}{frozen}"


def _displaced(picture: Mapping[str, Any]) -> str:
    """Requests left out that would have been served in a picture's place, with their values."""
    found = picture.get("displaced") or ()
    shown = [f"{one['request']} ({num(one['value'], 2)})" for one in found[:_NAMED]]
    if len(found) > _NAMED:
        shown.append(f"{num(len(found) - _NAMED)} more")
    return ", ".join(shown) or NOTHING


def _stereo(stereo: Mapping[str, Any] | None) -> str:
    return f"{stereo['partner']} ({num(stereo['convergence_deg'])}°)" if stereo else NOTHING


def requests_table(plan: Mapping[str, Any]) -> Markup:
    """One row for each request, as in the mission."""
    if not plan["requests"]:
        return Markup('<p class="none">Nothing was requested.</p>')
    heads = (
        ("Request", "w"),
        ("Status", "t"),
        ("Weight", "n"),
        ("Opportunities", "n"),
        ("Pictures", "t"),
        ("Window, UTC", "t"),
        ("Limits", "w"),
    )
    whole = (plan["span"]["start"], plan["span"]["stop"])
    rows = (
        (
            f' data-r="{i}"',
            (
                _pick(r["name"]),
                _status(r),
                num(r["weight"], 1),
                num(r["opportunities"]),
                ", ".join(r["collections"]) or NOTHING,
                _window(r["window"], whole),
                _limits(r),
            ),
        )
        for i, r in enumerate(plan["requests"])
    )
    return table("requests-table", "Requests", heads, rows)


def _status(request: Mapping[str, Any]) -> Markup:
    if request["status"] == "taken":
        return Markup('<span class="tag on">taken</span>')
    code = (request["reason"] or {}).get("code", "")
    return Markup(f'<span class="tag off">{esc(REASONS.get(code, "not taken").lower())}</span>')


def _window(window: Mapping[str, str], whole: tuple[str, str]) -> str:
    if (window["start"], window["stop"]) == whole:
        return "whole span"
    stop = clock(window["stop"], seconds=False)
    if window["start"][:10] == window["stop"][:10]:
        stop = stop[11:]
    return f"{clock(window['start'], seconds=False)} to {stop}"


def _limits(request: Mapping[str, Any]) -> str:
    parts = [
        f"off-nadir ≤ {request['max_off_nadir_deg']:g}°",
        f"Sun ≥ {request['min_sun_elevation_deg']:g}°",
    ]
    if request.get("max_sun_elevation_deg") is not None:
        parts.append(f"Sun ≤ {request['max_sun_elevation_deg']:g}°")
    low, high = (request.get(f"{k}_incidence_deg") for k in ("min", "max"))
    if low is not None or high is not None:
        parts.append(f"incidence {low or 0:g} to {90 if high is None else high:g}°")
    if request.get("azimuth_deg") is not None:
        parts.append("azimuth {:g} to {:g}°".format(*request["azimuth_deg"]))
    if request["max_gsd_m"] is not None:
        parts.append(f"GSD ≤ {request['max_gsd_m']:g} m")
    if request["min_niirs"] is not None:
        parts.append(f"NIIRS ≥ {request['min_niirs']:g}")
    if request["stereo"]:
        low, high = (request["stereo"][f"{k}_convergence_deg"] for k in ("min", "max"))
        three = "three views " if request["stereo"].get("views") == 3 else "stereo "
        parts.append(f"{three}{low:g} to {high:g}°")
    parts += _more_limits(request)
    if request["deadline"]:
        parts.append(f"by {clock(request['deadline'], seconds=False)}")
    return ", ".join(parts)


def _more_limits(request: Mapping[str, Any]) -> list[str]:
    parts = []
    if request.get("tier"):
        parts.append(f"tier {request['tier']}")
    if request.get("strips"):
        parts.append(count(len(request["strips"]), "strip"))
    if request.get("repeat"):
        parts.append(
            f"up to {count(request['repeat']['count'], 'picture')}{_spacing(request['repeat'])}"
        )
    if request.get("after"):
        within_s = request.get("after_within_s")
        within = "" if within_s is None else f" within {within_s / 3600:.3g} h"
        parts.append(f"after {request['after']}{within}")
    return parts


def _spacing(repeat: Mapping[str, Any]) -> str:
    """How far apart repeated pictures have to be; nothing if that is free."""
    least, most = (repeat.get(f"{k}_spacing_s") for k in ("min", "max"))
    if most is not None:
        return f" {(least or 0.0) / 3600:.3g} to {most / 3600:.3g} h apart"
    return f" at least {least / 3600:.3g} h apart" if least else ""


def contacts_table(plan: Mapping[str, Any]) -> Markup:
    """Used contacts, then the others until the list gets long."""
    if not plan["contacts"]:
        why = "there is no ground station" if not plan["stations"] else "no satellite rises there"
        return Markup(f'<p class="none">There are no contacts: {why}.</p>')
    heads = (
        ("Contact", "t"),
        ("Used", "t"),
        ("Satellite", "t"),
        ("Station", "t"),
        ("Start, UTC", "t"),
        ("Stop, UTC", "t"),
        ("Highest, °", "n"),
        ("Sent down, Gbit", "n"),
        ("Pictures", "w"),
    )
    carried: dict[str, list[str]] = {}
    for picture in plan["collections"]:
        if picture["contact"]:
            carried.setdefault(picture["contact"], []).append(picture["id"])
    used = [contact for contact in plan["contacts"] if contact["used"]]
    unused = [contact for contact in plan["contacts"] if not contact["used"]]
    rows = (
        (
            "" if c["used"] else " class=idle",
            (
                c["id"],
                "yes" if c["used"] else "no",
                c["satellite"],
                c["station"],
                clock(c["start"]),
                clock(c["stop"]),
                num(c["max_elevation_deg"], 1),
                num(c["downlinked_gbit"], 2) if c["used"] else NOTHING,
                ", ".join(carried.get(c["id"], ())) or NOTHING,
            ),
        )
        for c in [*used, *unused[:_MOST_UNUSED]]
    )
    left = len(unused) - _MOST_UNUSED
    more = f" The last {num(left)} unused ones are only in plan.json." if left > 0 else ""
    text = f"{num(len(used))} of {count(len(plan['contacts']), 'contact')} are used.{more}"
    return join([element("p", text), table("contacts-table", "Contacts", heads, rows)])


def rules_table(plan: Mapping[str, Any]) -> Markup:
    """The checker's rules: what was looked at and what was found, broken rules first."""
    rules = plan["check"]["rules"]
    broken = [rule for rule in rules if rule["violations"]]
    parts = []
    if broken:
        items = join(
            Markup(
                f"<li><strong>{esc(rule['title'])}</strong> (<code>{esc(rule['id'])}</code>)<ul>"
                f"{join(element('li', text) for text in rule['violations'][:50])}</ul></li>"
            )
            for rule in broken
        )
        parts.append(Markup(f'<ul class="plain bad">{items}</ul>'))
    heads = (("Rule", "t"), ("What must hold", "w"), ("Looked at", "n"), ("Violations", "n"))
    rows = (
        (
            " class=broken" if rule["violations"] else "",
            (rule["id"], rule["title"], num(rule["checked"]), num(len(rule["violations"]))),
        )
        for rule in rules
    )
    parts.append(table("rules-table", "Rules of the checker", heads, rows))
    return join(parts)


def satellites_table(plan: Mapping[str, Any]) -> Markup:
    """The satellites and the element sets that were used, with their age."""
    heads = (
        ("Satellite", "t"),
        ("NORAD", "n"),
        ("Sensor", "w"),
        ("Epoch of elements, UTC", "t"),
        ("Greatest age, days", "n"),
        ("Expected error, s", "n"),
        ("Limit off-nadir, °", "n"),
        ("Memory, Gbit", "n"),
        ("Downlink, Mbit/s", "n"),
        ("Turns, °/s", "n"),
    )
    rows = (
        (
            "",
            (
                s["name"],
                str(s["norad_id"]),
                s["sensor_title"],
                clock(str(s["elements"].get("EPOCH", ""))),
                num(s["elements_age_days"], 1),
                num(s["expected_error_s"], 1),
                num(s["max_off_nadir_deg"], 1),
                num(s["memory_gbit"]),
                num(s["downlink_mbps"]),
                num(s["agility"]["rate_deg_s"], 2),
            ),
        )
        for s in plan["satellites"]
    )
    return table("satellites-table", "Satellites and element sets", heads, rows)


def stations_table(plan: Mapping[str, Any]) -> Markup:
    """The ground stations."""
    if not plan["stations"]:
        return Markup('<p class="none">There are no ground stations: nothing can be sent down.</p>')
    heads = (
        ("Station", "t"),
        ("Latitude, °", "n"),
        ("Longitude, °", "n"),
        ("Altitude, m", "n"),
        ("Least elevation, °", "n"),
        ("Skyline", "t"),
        ("Antennas", "n"),
    )
    rows = (
        (
            "",
            (
                s["name"],
                num(s["lat_deg"], 3),
                num(s["lon_deg"], 3),
                num(s["alt_m"]),
                num(s["min_elevation_deg"], 1),
                count(len(s["mask"]), "corner") if s["mask"] else "flat",
                num(s["antennas"]),
            ),
        )
        for s in plan["stations"]
    )
    return table("stations-table", "Ground stations", heads, rows)
