"""What restrictions ask of who takes the pictures, as an operator writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from offnadir.errors import InputError

OPERATOR_KEYS: Final = (
    "operator", "operator_country", "ground", "licences", "sensor", "kind", "mode", "system_gsd_m",
    "bands", "phase",
)  # fmt: skip


def operator_facts(table: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """Facts for a `Question`; each value is checked when the question is put. InputError for other keys."""
    from offnadir.tasking.policy import GroundSegment

    facts = dict(table)
    for key in facts:
        if key not in OPERATOR_KEYS:
            raise InputError(key, facts[key], "one of " + ", ".join(OPERATOR_KEYS), where=where)
    for key in ("ground", "licences"):
        value = facts.get(key, [])
        if not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise InputError(key, value, "a list of texts", where=where)
    if "ground" in facts:
        parts = [one.partition(":") for one in facts["ground"]]
        facts["ground"] = tuple(
            GroundSegment(country=country, operator=who or None) for country, _, who in parts
        )
    if "licences" in facts:
        facts["licences"] = frozenset(facts["licences"])
    return facts
