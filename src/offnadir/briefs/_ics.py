"""Pictures and used contacts as a calendar (RFC 5545)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from offnadir.epoch import Epoch

_OCTETS = 75
_NS = 1_000_000_000


def plan_ics(plan: Mapping[str, Any]) -> str:
    """The calendar. Times are UTC in whole seconds, from the second before to the second after.

    Nothing in it depends on when it was written: DTSTAMP is the start of the span, and each UID comes
    from the event's own content.
    """
    stamp = _time(plan["span"]["start"], up=False)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//offnadir//collection plan//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(plan['mission']['name'])}",
    ]
    places = {station["name"]: station for station in plan["stations"]}
    events = [
        *((p["start"], p["id"], _picture(p)) for p in plan["collections"]),
        *(
            (c["start"], c["id"], _contact(c, places[c["station"]]))
            for c in plan["contacts"]
            if c["used"]
        ),
    ]
    if not events:  # a calendar needs at least one component
        name = _text(plan["mission"]["name"])
        nothing = [f"SUMMARY:{name}: nothing to take", "TRANSP:TRANSPARENT"]
        events = [("", "", [*_times(plan["span"]), *nothing])]
    for _, _, event in sorted(events, key=lambda item: item[:2]):
        content = "\n".join(event)
        uid = hashlib.sha256(f"{plan['mission']['name']}\n{content}".encode()).hexdigest()[:32]
        lines += ["BEGIN:VEVENT", f"UID:{uid}@offnadir", f"DTSTAMP:{stamp}", *event, "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _picture(picture: Mapping[str, Any]) -> list[str]:
    aim = picture["aim"]
    details = (
        f"{picture['id']}, {picture['start']} to {picture['stop']}\n"
        f"off-nadir {picture['off_nadir_deg']:.2f} deg, roll {picture['roll_deg']:.2f} deg, "
        f"pitch {picture['pitch_deg']:.2f} deg\n"
        f"GSD {picture['gsd_along_m']:.2f} by {picture['gsd_across_m']:.2f} m, "
        f"NIIRS {picture['niirs']:.1f}, Sun {picture['sun_elevation_deg']:.1f} deg"
    )
    return [
        *_times(picture),
        f"SUMMARY:{_text(picture['satellite'])}: picture of {_text(picture['request'])}",
        f"DESCRIPTION:{_text(details)}",
        f"GEO:{aim['lat_deg']:.6f};{aim['lon_deg']:.6f}",
        "CATEGORIES:picture",
        "TRANSP:TRANSPARENT",
    ]


def _contact(contact: Mapping[str, Any], station: Mapping[str, Any]) -> list[str]:
    details = (
        f"{contact['id']}, {contact['start']} to {contact['stop']}\n"
        f"up to {contact['max_elevation_deg']:.1f} deg elevation, "
        f"{contact['downlinked_gbit']:.1f} Gbit come down"
    )
    return [
        *_times(contact),
        f"SUMMARY:{_text(contact['satellite'])}: contact at {_text(contact['station'])}",
        f"DESCRIPTION:{_text(details)}",
        f"LOCATION:{_text(contact['station'])}",
        f"GEO:{station['lat_deg']:.6f};{station['lon_deg']:.6f}",
        "CATEGORIES:contact",
        "TRANSP:TRANSPARENT",
    ]


def _times(event: Mapping[str, Any]) -> list[str]:
    return [
        f"DTSTART:{_time(event['start'], up=False)}",
        f"DTEND:{_time(event['stop'], up=True)}",
    ]


def _time(text: str, *, up: bool) -> str:
    """A UTC time of whole seconds, rounded down or up."""
    epoch = Epoch.from_utc(text)
    rest = epoch.tai_ns % _NS
    whole = Epoch(epoch.tai_ns - rest + (_NS if up and rest else 0))
    return whole.utc(0).replace("-", "").replace(":", "")


def _text(value: str) -> str:
    """TEXT of RFC 5545: backslash, semicolon, comma and line ends escaped, controls dropped."""
    value = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return "".join(c for c in value if c == "\t" or (ord(c) >= 32 and ord(c) != 127))


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 octets, never inside a character."""
    piece, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _OCTETS:
            yield piece
            piece, size = " ", 1
        piece, size = piece + character, size + octets
    yield piece
