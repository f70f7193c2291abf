"""Plain writers of element sets in every format, straight from the published decimals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Omm = Mapping[str, object]

UNITS = {
    "MEAN_MOTION": "rev/day",
    "INCLINATION": "deg",
    "RA_OF_ASC_NODE": "deg",
    "ARG_OF_PERICENTER": "deg",
    "MEAN_ANOMALY": "deg",
    "BSTAR": "1/ER",
    "MEAN_MOTION_DOT": "rev/day**2",
    "MEAN_MOTION_DDOT": "rev/day**3",
}
METADATA = ("OBJECT_NAME", "OBJECT_ID", "CENTER_NAME", "REF_FRAME", "TIME_SYSTEM")
METADATA += ("MEAN_ELEMENT_THEORY",)
WORLD = {
    "CENTER_NAME": "EARTH",
    "REF_FRAME": "TEME",
    "TIME_SYSTEM": "UTC",
    "MEAN_ELEMENT_THEORY": "SGP4",
}
MEAN = ("EPOCH", "MEAN_MOTION", "ECCENTRICITY", "INCLINATION", "RA_OF_ASC_NODE")
MEAN += ("ARG_OF_PERICENTER", "MEAN_ANOMALY")


def checksum(line: str) -> int:
    """Sum of the digits, a minus counting as one, modulo ten."""
    total = 0
    for character in line[:68]:
        if character in "0123456789":
            total += int(character)
        elif character == "-":
            total += 1
    return total % 10


def signed(line: str) -> str:
    """The line with the checksum that belongs to its first 68 columns."""
    return line[:68] + str(checksum(line)) + line[69:]


def edited(line: str, column: int, text: str) -> str:
    """The line with other text from that column on (counted from 1), and the checksum made right."""
    return signed(line[: column - 1] + text + line[column - 1 + len(text) :])


def _text(value: object) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def json_text(omms: Sequence[Omm]) -> str:
    """CelesTrak's flavour: numbers are numbers."""
    return json.dumps(list(omms))


def space_track_text(omms: Sequence[Omm]) -> str:
    """Space-Track's flavour: all are texts, with much besides, some of it null."""
    more = {"CCSDS_OMM_VERS": "3.0", "COMMENT": "GENERATED VIA SPACE-TRACK.ORG API", **WORLD}
    rest = {"RCS_SIZE": None, "DECAY_DATE": None, "PERIOD": "100.1"}
    return json.dumps([{**more, **{k: _text(v) for k, v in omm.items()}, **rest} for omm in omms])


def csv_text(omms: Sequence[Omm]) -> str:
    """A header of keywords and a line each; names are quoted."""
    lines = [",".join(omms[0])]
    for omm in omms:
        name = str(omm["OBJECT_NAME"]).replace('"', '""')
        rest = [_text(value) for keyword, value in omm.items() if keyword != "OBJECT_NAME"]
        lines.append(",".join([f'"{name}"', *rest]))
    return "\r\n".join(lines) + "\r\n"


def kvn_text(omms: Sequence[Omm], *, units: bool = False) -> str:
    """One message after another."""
    lines = []
    for omm in omms:
        lines += ["CCSDS_OMM_VERS = 3.0", "COMMENT made by a test", "CREATION_DATE = 2026-06-01"]
        name = {"OBJECT_NAME": omm["OBJECT_NAME"]}
        for keyword, value in {**name, **WORLD, **omm}.items():
            unit = f" [{UNITS[keyword]}]" if units and keyword in UNITS else ""
            lines.append(f"{keyword:<20} = {_text(value)}{unit}")
        lines.append("")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def xml_text(omms: Sequence[Omm], *, units: bool = False, prefix: str = "") -> str:
    """An <ndm> of <omm>s; with a prefix, every tag is in a namespace."""
    p = f"{prefix}:" if prefix else ""

    def leaf(keyword: str, value: object) -> str:
        unit = f' units="{UNITS[keyword]}"' if units and keyword in UNITS else ""
        return f"<{p}{keyword}{unit}>{_escaped(_text(value))}</{p}{keyword}>"

    space = f' xmlns:{prefix}="urn:ccsds:schema:ndmxml"' if prefix else ""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<{p}ndm{space}>"]
    for omm in omms:
        every = {**WORLD, **omm}
        rest = [k for k in every if k not in METADATA and k not in MEAN]
        lines += [
            f'<{p}omm id="CCSDS_OMM_VERS" version="3.0"><{p}header>{leaf("COMMENT", "a test")}'
            f"</{p}header><{p}body><{p}segment>",
            f"<{p}metadata>",
            *(leaf(k, every[k]) for k in METADATA),
            f"</{p}metadata><{p}data><{p}meanElements>",
            *(leaf(k, every[k]) for k in MEAN),
            f"</{p}meanElements><{p}tleParameters>",
            *(leaf(k, every[k]) for k in rest),
            f"</{p}tleParameters></{p}data></{p}segment></{p}body></{p}omm>",
        ]
    return "\n".join([*lines, f"</{p}ndm>"])


WRITERS = {
    "JSON": json_text,
    "JSON as texts": space_track_text,
    "CSV": csv_text,
    "KVN": kvn_text,
    "KVN with units": lambda omms: kvn_text(omms, units=True),
    "XML": xml_text,
    "XML with units": lambda omms: xml_text(omms, units=True),
    "XML in a namespace": lambda omms: xml_text(omms, prefix="n"),
}
