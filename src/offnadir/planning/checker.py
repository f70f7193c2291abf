"""The independent checker: does a plan document keep every rule, worked out from its element sets?

It shares no code with the solver, nor with the search for opportunities, and it trusts nothing that a
plan states. What each rule means, with its tolerance and the reason for it, is in
`docs/reference/checker.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from offnadir.earth import EarthOrientation
from offnadir.planning import _checker_pictures as pictures
from offnadir.planning import _checker_resources as resources
from offnadir.planning._checker_document import read_plan
from offnadir.planning._checker_facts import Rule, gather

#: Every rule: its id, what it says, and the function that looks.
RULES: tuple[tuple[str, str, Rule], ...] = (
    ("names", "Names are unique and all that is named is in the plan", pictures.names),
    ("times", "Everything stops after it starts and lasts as long as stated", pictures.times),
    ("window", "Everything lies in the span, pictures in their request's window", pictures.window),
    ("orbit", "The element sets give a position at every picture and contact", pictures.orbit),
    ("aim", "Pictures aim at the place that was asked for", pictures.aim),
    (
        "off_nadir",
        "No look leaves nadir further than request and satellite allow",
        pictures.off_nadir,
    ),
    ("horizon", "The satellite stands above the horizon of the place", pictures.horizon),
    ("sun", "The Sun stands as high as the request wants", pictures.sun),
    ("geometry", "Stated angles and ranges are those of the element sets", pictures.geometry),
    ("gsd", "Stated ground sample distances are those of the optics", pictures.gsd),
    ("sharpness", "Pictures are as sharp as the request wants", pictures.sharpness),
    ("slew", "One picture at a time, with time to turn and settle in between", pictures.slew),
    ("once", "Each request is taken at most once", pictures.once),
    ("stereo", "Stereo pairs are whole, of one pass, and converge as wanted", pictures.stereo),
    ("footprint", "Footprints hold the aim and are no larger than swept", pictures.footprint),
    ("coverage", "Stated coverage is the share of the area in the footprint", pictures.coverage),
    ("volume", "Pictures take as much memory as the camera writes in that time", resources.volume),
    ("memory", "The memory never holds more than it can", resources.memory),
    ("memory_curve", "The stated memory curve is that of a simulation", resources.memory_curve),
    ("contacts", "Stations see the satellite throughout each contact", resources.contacts),
    ("downlink", "No more goes down than the link carries or was taken before", resources.downlink),
    ("antennas", "No station uses more antennas than it has", resources.antennas),
    ("one_contact", "A satellite uses one contact at a time", resources.one_contact),
    ("delivery", "Pictures are delivered first in, first out, when stated", resources.delivery),
    ("deadline", "Pictures with a deadline are delivered by then", resources.deadline),
    ("requests", "Status, pictures and reason of each request agree", resources.requests),
    ("value", "Each picture's value is weight times sharpness times coverage", resources.value),
    ("total", "Value is the sum, not above the bound, and the gap is right", resources.total),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What became of one rule: how many things it looked at, and a sentence for each that is wrong."""

    id: str
    title: str
    checked: int
    violations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What became of all rules, in a fixed order."""

    passed: bool
    rules: tuple[RuleResult, ...]

    def to_json(self) -> dict[str, Any]:
        """The object `check` of a plan document."""
        return {
            "passed": self.passed,
            "rules": [
                {
                    "id": rule.id,
                    "title": rule.title,
                    "checked": rule.checked,
                    "violations": list(rule.violations),
                }
                for rule in self.rules
            ],
        }


def check_plan(
    plan: Mapping[str, Any], *, orientation: EarthOrientation | None = None
) -> CheckResult:
    """Check a plan document (schema `offnadir.plan/1`) against every rule.

    All that is needed is in the document. `orientation` is how the Earth is turned, by default the
    bundled IERS table. Its own `check` is not looked at, nor is any key that the rules do not need.

    Raises InputError, naming the path (`collections[3].start`), for a document that is no plan: a
    missing key, a wrong type, NaN, another schema. A plan that breaks a rule does not raise.
    """
    facts = gather(read_plan(plan), orientation or EarthOrientation.bundled())
    results = []
    for rule_id, title, rule in RULES:
        found = list(rule(facts))
        wrong = tuple(sentence for sentence in found if sentence is not None)
        results.append(RuleResult(id=rule_id, title=title, checked=len(found), violations=wrong))
    return CheckResult(
        passed=not any(result.violations for result in results), rules=tuple(results)
    )
