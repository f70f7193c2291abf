"""The independent checker: does a plan document keep every rule, worked out from its element sets?

It shares no code with the solver, nor with the search for opportunities, and it trusts nothing that a
plan states. What each rule means, with its tolerance and the reason for it, is in
`docs/reference/checker.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from offnadir.earth import EarthOrientation
from offnadir.errors import InputProblems
from offnadir.planning import _checker_cover as cover
from offnadir.planning import _checker_footprint as footprint
from offnadir.planning import _checker_limits as limits
from offnadir.planning import _checker_pictures as pictures
from offnadir.planning import _checker_power as power
from offnadir.planning import _checker_resources as resources
from offnadir.planning import _checker_slew as slew
from offnadir.planning import _checker_worth as worth
from offnadir.planning._checker_document import read_plan
from offnadir.planning._checker_facts import Facts, NotChecked, Rule, gather

_SCHEMA = ("schema", "The document is a plan: no key is missing, none of the wrong kind")
_NO_PLAN = "nothing was looked at, since the document is no plan"

#: Every rule after `schema`: its id, what it says, and the function that looks.
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
    (
        "sight",
        "The satellite is one that was asked for, and stands in the incidence and azimuth that were",
        pictures.sight,
    ),
    ("sun", "The Sun stands as high as the request wants", pictures.sun),
    ("geometry", "Stated angles and ranges are those of the element sets", pictures.geometry),
    ("gsd", "Stated ground sample distances are those of the optics", pictures.gsd),
    ("sharpness", "Pictures are as sharp as the request wants", pictures.sharpness),
    ("slew", "One picture at a time, time to turn in between, none while blocked", slew.slew),
    ("uplink", "Before its next uplink a satellite does what it was told before", slew.uplink),
    ("orbit_limits", "No more pictures and imaging an orbit than allowed", limits.orbit_limits),
    ("duty", "No more imaging in any stretch of time than allowed", limits.duty),
    ("battery", "The battery never falls below its least level", power.battery),
    ("thermal", "The camera never gets warmer than it may", power.thermal),
    ("once", "Each request is taken at most once", pictures.once),
    ("stereo", "Stereo pairs are whole, of one pass, and converge as wanted", pictures.stereo),
    ("tri_stereo", "Three views are whole, of one pass, and converge as wanted", cover.tri_stereo),
    ("repeat", "Repeated pictures are as far apart as wanted, and not too many", limits.repeat),
    ("choice", "Of requests to choose from no more are taken than allowed", limits.choice),
    ("order", "Requests that come after others do, and within their time", limits.order),
    ("cover", "Strips lie in their area, shares add up, one picture a strip", cover.cover),
    ("footprint", "Footprints hold the aim and are no larger than swept", footprint.footprint),
    ("coverage", "Stated coverage is the share of the area in the footprint", footprint.coverage),
    ("volume", "Pictures take as much memory as the camera writes in that time", resources.volume),
    ("memory", "The memory never holds more than it can", resources.memory),
    ("memory_curve", "The stated memory curve is that of a simulation", resources.memory_curve),
    ("contacts", "Stations see the satellite throughout each contact", resources.contacts),
    ("downlink", "No more goes down than the link carries or was taken before", resources.downlink),
    ("setup", "Nothing goes down before a contact is set up", limits.setup),
    ("outage", "No contact is used while its station is out", limits.outage),
    ("antennas", "No station uses more antennas than it has", resources.antennas),
    ("one_contact", "A satellite uses one contact at a time", resources.one_contact),
    ("delivery", "Pictures are delivered first in, first out, when stated", resources.delivery),
    ("deadline", "Pictures with a deadline are delivered by then", resources.deadline),
    ("requests", "Status, pictures and reason of each request agree", worth.requests),
    ("value", "Values follow from weight, sharpness, coverage, clear sky", worth.value),
    ("tiers", "What each tier brings is the sum of its pictures' values", worth.tiers),
    ("total", "Value is the sum, not above the bound, and the gap is right", worth.total),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What became of one rule: how many things it looked at, and a sentence for each that is wrong.

    `unchecked` says what it could not look at, and why.
    """

    id: str
    title: str
    checked: int
    violations: tuple[str, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """One of "broken", "not_checked" (in part), "not_applicable" (nothing to look at), "kept"."""
        if self.violations:
            return "broken"
        if self.unchecked:
            return "not_checked"
        return "kept" if self.checked else "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What became of all rules, in a fixed order. Plans pass with things that could not be checked."""

    passed: bool
    rules: tuple[RuleResult, ...]

    @property
    def unchecked(self) -> tuple[str, ...]:
        """What could not be checked, each with its rule."""
        return tuple(f"{rule.id}: {why}" for rule in self.rules for why in rule.unchecked)

    def to_json(self) -> dict[str, Any]:
        """The object `check` of a plan document; `unchecked` is only where there is something."""
        return {
            "passed": self.passed,
            "rules": [
                {
                    "id": rule.id,
                    "title": rule.title,
                    "checked": rule.checked,
                    "violations": list(rule.violations),
                    **({"unchecked": list(rule.unchecked)} if rule.unchecked else {}),
                }
                for rule in self.rules
            ],
        }


def check_plan(
    plan: Mapping[str, Any],
    *,
    orientation: EarthOrientation | None = None,
    previous: Mapping[str, Any] | None = None,
) -> CheckResult:
    """Check a plan document (schema `offnadir.plan/1`) against every rule.

    All that is needed is in the document, by whomever it was made. `orientation` is how the Earth is
    turned, by default the bundled IERS table. `previous` is the document of the plan before, which tells
    whether frozen pictures stood in it. The plan's own `check` is not looked at, nor is any key that no
    rule needs.

    Nothing is raised: a document that is no plan (a missing key, a wrong type, NaN) breaks the rule
    `schema`, whose sentences name the path, such as `collections[3].start`.
    """
    try:
        read = read_plan(plan)
    except InputProblems as trouble:
        return _no_plan([str(problem) for problem in trouble.problems])
    before = None
    if previous is not None:
        try:
            before = read_plan(previous)
        except InputProblems as trouble:
            return _no_plan([f"the plan before: {problem}" for problem in trouble.problems])
    with np.errstate(all="ignore"):  # what comes of wild numbers is judged, not warned of
        facts = gather(read, orientation or EarthOrientation.bundled(), before)
        first = RuleResult(id=_SCHEMA[0], title=_SCHEMA[1], checked=1, violations=())
        results = [first, *(_judge(rule, facts) for rule in RULES)]
    return CheckResult(
        passed=not any(result.violations for result in results), rules=tuple(results)
    )


def _judge(entry: tuple[str, str, Rule], facts: Facts) -> RuleResult:
    rule_id, title, rule = entry
    found = list(rule(facts))
    whys = Counter(one.why for one in found if isinstance(one, NotChecked))
    return RuleResult(
        id=rule_id,
        title=title,
        checked=sum(not isinstance(one, NotChecked) for one in found),
        violations=tuple(one for one in found if isinstance(one, str)),
        unchecked=tuple(f"{why} ({n} times)" if n > 1 else why for why, n in whys.items()),
    )


def _no_plan(troubles: list[str]) -> CheckResult:
    first = RuleResult(id=_SCHEMA[0], title=_SCHEMA[1], checked=1, violations=tuple(troubles))
    rest = (
        RuleResult(id=rule_id, title=title, checked=0, violations=(), unchecked=(_NO_PLAN,))
        for rule_id, title, _ in RULES
    )
    return CheckResult(passed=False, rules=(first, *rest))
