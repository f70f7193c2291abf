"""Rules about what became of requests and what pictures are worth.

What each rule says stands in `checker.RULES`; why its tolerance is what it is, in the reference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from offnadir.planning._checker_cover import covered_value
from offnadir.planning._checker_facts import Facts, Finding, NotChecked, Picture, unless
from offnadir.planning._checker_model import Request

QUALITY_TOL = 1e-5
VALUE_TOL = 2e-6  # values are written to 1e-6


def requests(facts: Facts) -> Iterator[Finding]:
    pictures = facts.ids_of_requests()
    for r in facts.plan.requests:
        ids = pictures.get(r.name, [])
        if r.collections is not None:
            yield unless(
                sorted(ids) == sorted(r.collections),
                f"request {r.name!r}: lists {list(r.collections)}, but its pictures are {ids}",
            )
        if r.taken is not None:
            status = "taken" if r.taken else "not_taken"
            yield unless(
                r.taken == bool(ids), f"request {r.name!r}: {status}, but has {len(ids)} pictures"
            )
        if "reason" in r.stated:
            yield unless(
                (r.reason is None) == bool(ids),
                f"request {r.name!r}: {len(ids)} pictures and reason {r.reason!r}; a request that "
                "is not taken has a reason, one that is taken has none",
            )


def value(facts: Facts) -> Iterator[Finding]:
    for p in facts.pictures:
        s, weight = p.stated, p.request.weight
        if math.isnan(s.quality) and math.isnan(s.value):
            continue
        quality = _quality(p)
        if math.isnan(quality):
            yield NotChecked(f"{p.id} states a value, but no niirs, or no coverage of an area")
            continue
        if not math.isnan(s.quality):
            clear = f" and clear sky {s.clear_sky:.4f}" if s.clear_sky != 1.0 else ""
            yield unless(
                abs(s.quality - quality) <= QUALITY_TOL,
                f"{p.id}: quality {s.quality:.6f}, but NIIRS {s.niirs:.4f} and coverage "
                f"{s.coverage:.4f}{clear} make {quality:.6f}",
            )
        if math.isnan(s.value) or p.request.curve is not None:
            continue
        yield unless(
            abs(s.value - weight * quality) <= weight * QUALITY_TOL + VALUE_TOL,
            f"{p.id}: value {s.value:.6f}, but weight {weight:g} times quality is "
            f"{weight * quality:.6f}",
        )
    for request in facts.plan.requests:
        if request.curve is not None:
            yield from _value_of_strips(facts, request)


def _quality(p: Picture) -> float:
    """Clip(niirs / 9, 0.01, 1) x coverage x clear sky; NaN where one of them is not stated."""
    s = p.stated
    coverage = 1.0 if p.shape_deg.geom_type == "Point" and math.isnan(s.coverage) else s.coverage
    if math.isnan(s.niirs):
        return math.nan
    return min(max(s.niirs / 9.0, 0.01), 1.0) * coverage * s.clear_sky


def _value_of_strips(facts: Facts, request: Request) -> Iterator[Finding]:
    """The pictures of an area are worth something together; how that is shared out is not judged."""
    pictures = facts.pictures_for(request)
    if not pictures or all(math.isnan(p.stated.value) for p in pictures):
        return
    found = covered_value(request, pictures, [_quality(p) for p in pictures])
    if math.isnan(found):
        yield NotChecked(f"request {request.name!r}: its value, without strips, niirs or coverage")
        return
    stated = math.fsum(p.stated.value for p in pictures)
    yield unless(
        abs(stated - found) <= request.weight * QUALITY_TOL + VALUE_TOL * len(pictures),
        f"request {request.name!r}: its {len(pictures)} strips are worth {stated:.6f}, but weight "
        f"{request.weight:g} times what the covered share is worth times mean quality is {found:.6f}",
    )


def total(facts: Facts) -> Iterator[Finding]:
    plan = facts.plan
    parts = [c.value for c in plan.collections]
    tolerance = VALUE_TOL * (1 + len(parts))
    added = math.fsum(parts)
    if not math.isnan(plan.value) and math.isnan(added):
        yield NotChecked("result.value, since not every picture states its value")
    elif not math.isnan(plan.value):
        yield unless(
            abs(plan.value - added) <= tolerance,
            f"result.value {plan.value:.6f}, but the pictures add up to {added:.6f}",
        )
    if plan.status == "nothing_to_take":
        yield unless(
            not parts, f"result.status is nothing_to_take, but there are {len(parts)} pictures"
        )
    yield from _bounded("result", (plan.value, plan.bound, plan.gap), tolerance)
    goal = plan.objective
    yield from _bounded("result.objective", goal, 1e-9 * max(1.0, abs(goal[1])))
    if plan.status == "optimal" and not math.isnan(goal[0]) and not math.isnan(goal[1]):
        yield unless(
            goal[0] >= goal[1] * (1.0 - 1e-9),
            f"result.status is optimal, but result.objective.value {goal[0]:.6f} is not its bound "
            f"{goal[1]:.6f}",
        )
    if math.isnan(plan.value) or math.isnan(plan.bound):
        return
    missing = max(plan.bound - plan.value, 0.0)
    # The best of the first tier, or with a price on change, need not be the best of the plain sum.
    plain = len({r.tier for r in plan.requests}) < 2 and not plan.mends
    if plan.status == "optimal" and plain:
        yield unless(
            missing <= tolerance,
            f"result.status is optimal, but value {plan.value:.6f} is not bound {plan.bound:.6f}",
        )


def _bounded(name: str, goal: tuple[float, float, float], tolerance: float) -> Iterator[Finding]:
    """A value is not above its bound, and the gap is the one between them."""
    value, bound, gap = goal
    if math.isnan(bound):
        if not math.isnan(gap):
            yield f"{name}.gap {gap:.6f}, but there is no {name}.bound"
        return
    if math.isnan(value):
        return
    yield unless(
        value <= bound + tolerance, f"{name}.value {value:.6f} is above {name}.bound {bound:.6f}"
    )
    open_ = max(bound - value, 0.0) / bound if bound > 0.0 else 0.0
    yield unless(
        math.isnan(gap) or abs(gap - open_) <= QUALITY_TOL + tolerance / max(bound, tolerance),
        f"{name}.gap {gap:.6f}, but (bound - value) / bound is {open_:.6f}",
    )


def tiers(facts: Facts) -> Iterator[Finding]:
    """A proof is not in the document: what a tier brings is added up, no more."""
    used = {request.tier for request in facts.plan.requests}
    stated = facts.plan.tiers
    if len(used) < 2 and not stated:
        return
    for tier, value in stated:
        parts = [p.stated.value for p in facts.pictures if p.request.tier == tier]
        yield unless(
            math.isnan(math.fsum(parts))
            or abs(value - math.fsum(parts)) <= VALUE_TOL * (1 + len(parts)),
            f"result.tiers: tier {tier} is worth {value:.6f}, but its pictures add up to "
            f"{math.fsum(parts):.6f}",
        )
    yield NotChecked(
        "that nothing of a higher tier was given up: no proof of it is in the document"
    )
