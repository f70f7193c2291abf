"""The report's sentences: the verdict, the key figures, reasons and the glossary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from offnadir.briefs._html import Markup, count, element, esc, join, num

REASONS = {
    "no_pass": "No pass",
    "too_dark": "Too dark",
    "too_bright": "Too bright",
    "too_blurred": "Not sharp enough",
    "no_stereo_pair": "No stereo pair",
    "late": "Too late",
    "outbid": "Outbid",
    "too_cloudy": "Too cloudy",
    "memory_full": "Memory full",
    "blocked": "Satellite blocked",
    "uplink": "Before the uplink",
    "orbit_limit": "Limit an orbit",
    "duty": "Duty used up",
    "battery": "Battery too low",
    "thermal": "Camera too warm",
    "outage": "Station out",
    "choice": "Another was chosen",
    "order": "Wrong order",
    "repeat": "Spacing",
    "tier": "Lower tier",
    "below_value": "Adds nothing",
}
REASONS_LONG = {
    "no_pass": "no satellite comes by within the limits",
    "too_dark": "the Sun is too low at every pass",
    "too_bright": "the Sun is too high at every pass",
    "too_blurred": "every lit pass is less sharp than asked for",
    "no_stereo_pair": "no pass gives two pictures that converge as asked for",
    "late": "nothing would be on the ground before the deadline",
    "outbid": "other pictures need the same time or memory and are worth more",
    "too_cloudy": "the chance of a clear sky is too small at every pass",
    "memory_full": "other pictures fill the memory and are worth more",
    "blocked": "the satellites are blocked at every pass",
    "uplink": "every pass comes before the satellite can be told",
    "orbit_limit": "other pictures use up the orbit's limit and are worth more",
    "duty": "other pictures use up the imaging time and are worth more",
    "battery": "other pictures use up the energy and are worth more",
    "thermal": "other pictures warm the camera and are worth more",
    "outage": "the station that would receive it is out",
    "choice": "another request of the same choice is taken",
    "order": "the request that comes first is not taken, or not in time",
    "repeat": "no pass keeps the spacing to its other pictures",
    "tier": "it would cost something of a higher tier",
    "below_value": "it would add nothing to the value",
}

_GLOSSARY = (
    ("Request", "A place that someone wants a picture of, with its limits and its weight."),
    (
        "Opportunity",
        "A stretch of time in which a satellite can take a request's picture within all limits.",
    ),
    (
        "Off-nadir",
        "Angle at the satellite between straight down and the line of sight. 0° looks straight down; "
        "larger angles reach further, and pictures get coarser.",
    ),
    (
        "GSD",
        "Ground sample distance: size of a pixel on the ground. Along the line of sight it grows "
        "faster than across it, so two numbers are given.",
    ),
    (
        "NIIRS",
        "National Imagery Interpretability Rating Scale, 0 to 9: what an analyst could make out. Each "
        "step is about half the pixel size. Predicted here with an image quality equation.",
    ),
    (
        "Value",
        "Weight of the request times quality of the picture (NIIRS / 9 times the share of the area "
        "that is covered), summed over the plan.",
    ),
    (
        "Bound",
        "A number that no plan can exceed with these opportunities, start times and rules, proven by "
        "the solver.",
    ),
    (
        "Gap",
        "How far the plan's value is below the bound, as a share of the bound. 0 % is optimal.",
    ),
    (
        "Outbid",
        "It could have been taken, but what would have to give way for it is worth more.",
    ),
    ("Stereo", "Two pictures of a place from directions that differ by the convergence angle."),
    ("Footprint", "The ground that a picture covers."),
    ("Contact", "A stretch of time in which a satellite can send pictures down to a station."),
    (
        "Element set",
        "The numbers from which a satellite's orbit is predicted. The older they are, the less sure "
        "its times.",
    ),
)


def percent(share: float) -> str:
    r"""A share in percent, with two figures when it is small.

    >>> percent(0.0), percent(0.00834), percent(0.21)
    ('0\xa0%', '0.83\xa0%', '21\xa0%')
    """
    if share <= 0:
        return "0\u00a0%"
    if share < 0.00005:
        return "less than 0.01\u00a0%"
    return f"{100 * share:.{2 if share < 0.01 else 1 if share < 0.1 else 0}f}\u00a0%"


def violations(plan: Mapping[str, Any]) -> int:
    """How many violations the checker found."""
    return sum(len(rule["violations"]) for rule in plan["check"]["rules"])


def gap_words(result: Mapping[str, Any]) -> str:
    """How good the plan is, in words."""
    if result["status"] == "nothing_to_take":
        return "there is nothing to take"
    if result["status"] == "optimal":
        return "no plan on the same start times is worth more"
    gap = result["gap"] if result["gap"] is not None else result["objective"]["gap"]
    return f"within {percent(gap)} of the best possible"


def verdict(plan: Mapping[str, Any]) -> str:
    """The whole outcome in one sentence."""
    requests, result = plan["requests"], plan["result"]
    taken = sum(request["status"] == "taken" for request in requests)
    if not requests:
        first = "Nothing was requested"
    elif not taken:
        first = f"None of {count(len(requests), 'request')} can be taken"
    else:
        whole = "All" if taken == len(requests) else f"{num(taken)} of"
        verb = "is" if len(requests) == 1 else "are"
        first = (
            f"{whole} {count(len(requests), 'request')} {verb} taken, with "
            f"{count(len(plan['collections']), 'picture')}"
        )
        if result["status"] == "optimal":
            first += "; no plan on the same start times is worth more"
        else:
            first += f"; the plan is {gap_words(result)}"
    if plan["check"]["passed"]:
        return f"{first}, and the independent checker found no fault."
    broken = sum(bool(rule["violations"]) for rule in plan["check"]["rules"])
    return (
        f"{first}, but the independent checker found {count(violations(plan), 'violation')} of "
        f"{count(broken, 'rule')}: do not fly this plan."
    )


def figures(plan: Mapping[str, Any]) -> Markup:
    """The key figures as a list of terms."""
    requests, pictures, result = plan["requests"], plan["collections"], plan["result"]
    taken = [request for request in requests if request["status"] == "taken"]
    down = sum(picture["delivered"] is not None for picture in pictures)
    weight = sum(request["weight"] for request in requests)
    got = sum(request["weight"] for request in taken)
    share = f"{percent(got / weight)} of all weight" if weight > 0 else ""
    volume = sum(picture["volume_gbit"] for picture in pictures)
    sharp = sorted(picture["niirs"] for picture in pictures)
    passed = plan["check"]["passed"]
    rules = plan["check"]["rules"]
    cells = [
        ("Requests taken", f"{num(len(taken))} of {num(len(requests))}", share),
        (
            "Pictures",
            num(len(pictures)),
            f"{num(down)} on the ground in the span, {num(volume, 1)} Gbit" if pictures else "",
        ),
        (
            "Value",
            num(result["value"], 3),
            gap_words(result)
            if result["bound"] is None
            else f"of at most {num(result['bound'], 3)}: {gap_words(result)}",
        ),
        (
            "Median NIIRS",
            num(sharp[len(sharp) // 2], 1) if sharp else "–",
            f"from {num(sharp[0], 1)} to {num(sharp[-1], 1)}" if sharp else "no pictures",
        ),
        (
            "Checker",
            "passed" if passed else "failed",
            f"{count(len(rules), 'rule')}, {count(violations(plan), 'violation')}",
        ),
    ]
    changes = result.get("changes")
    if changes:
        changed = sum(changes[key] for key in ("moved", "dropped", "added"))
        told = ", ".join(f"{num(changes[key])} {key}" for key in ("moved", "dropped", "added"))
        before = f"{num(changes['kept'])} kept of the plan before"
        cells.insert(3, ("Changes", num(changed), f"{told}; {before}"))
    return join(
        element(
            "div",
            join([element("dt", term), element("dd", big), element("dd", small, class_="small")]),
            class_="bad" if term == "Checker" and not passed else None,
        )
        for term, big, small in cells
    )


def warnings(plan: Mapping[str, Any]) -> Markup:
    """What was odd in the input."""
    found = plan["warnings"]
    if not found:
        return Markup("")
    items = join(element("li", text) for text in found)
    return Markup(
        f'<section id="warnings" class="note"><details{" open" if len(found) <= 5 else ""}>'
        f"<summary><h2>{count(len(found), 'warning')}</h2></summary><ul>{items}</ul></details></section>"
    )


def not_taken(plan: Mapping[str, Any]) -> Markup:
    """Each request that is left out, under its reason."""
    groups: dict[str, list[Markup]] = {code: [] for code in REASONS}
    for i, request in enumerate(plan["requests"]):
        reason = request["reason"]
        if reason is None:
            continue
        groups.setdefault(reason["code"], []).append(
            Markup(
                f'<li data-r="{i}"><button type="button" class="pick">{esc(request["name"])}</button> '
                f'<span class="weight">weight {num(request["weight"], 1)}</span>'
                f"<p>{esc(reason['text'])}</p>{_need(reason)}</li>"
            )
        )
    parts = []
    for code, items in groups.items():
        if items:
            title = f"{REASONS.get(code, code)} ({num(len(items))})"
            parts.append(
                Markup(
                    f"<details{' open' if len(items) <= 40 else ''}><summary><h3>{esc(title)}</h3> "
                    f'<span class="why">{esc(REASONS_LONG.get(code, ""))}</span></summary>'
                    f'<ul class="plain reasons">{join(items, chr(10))}</ul></details>'
                )
            )
    return join(parts) if parts else Markup('<p class="none">Every request is taken.</p>')


def _need(reason: Mapping[str, Any]) -> Markup:
    """What would have made it possible, if that is known."""
    if not reason.get("would_need"):
        return Markup("")
    return Markup(f'<p class="need">Would have needed: {esc(reason["would_need"])}.</p>')


def in_part(plan: Mapping[str, Any]) -> Markup:
    """Strips and further pictures that are left out of requests that are taken."""
    items = []
    for i, request in enumerate(plan["requests"]):
        for one in request.get("left_out") or ():
            what = (
                f"strip {one['strip']}" if one.get("strip") else count(one["pictures"], "picture")
            )
            items.append(
                Markup(
                    f'<li data-r="{i}"><button type="button" class="pick">{esc(request["name"])}</button> '
                    f'<span class="weight">{esc(what)}</span>'
                    f"<p>{esc(one['text'])}</p>{_need(one)}</li>"
                )
            )
    if not items:
        return Markup("")
    return Markup(
        f"<details{' open' if len(items) <= 40 else ''}><summary><h3>Taken in part ({num(len(items))})</h3> "
        '<span class="why">parts of requests that are left out</span></summary>'
        f'<ul class="plain reasons">{join(items, chr(10))}</ul></details>'
    )


def glossary() -> Markup:
    """What the words mean."""
    return join(
        element("div", join([element("dt", term), element("dd", text)])) for term, text in _GLOSSARY
    )
