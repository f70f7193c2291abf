"""Parts of the report of a trade study: wishes, charts, tables of designs and of effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from offnadir.briefs._html import NOTHING, Markup, count, element, join, num, table
from offnadir.briefs._study_charts import scatter

_MOST_ROWS: Final = 300
#: Variables and figures in words.
WORDS: Final[Mapping[str, str]] = {
    "height_km": "height, km", "perigee_km": "perigee, km", "apogee_km": "apogee, km",
    "inclination_deg": "inclination, °", "raan_deg": "node, °", "arg_perigee_deg": "argument of perigee, °",
    "descending_node": "descending node, local time", "max_off_nadir_deg": "off-nadir limit, °",
    "aperture_m": "aperture, m", "gsd_m": "sample distance, m", "niirs": "NIIRS", "library": "camera",
    "spacing_s": "spacing, s", "track_lon_deg": "track, °E", "mass_kg": "mass, kg",
    "repeat": "revolutions / days",
    "revisit_h": "revisit 95 %, h", "mean_revisit_h": "mean revisit, h", "longest_gap_h": "longest gap, h",
    "response_h": "mean response, h", "response_95_h": "response 95 %, h", "latency_h": "latency 95 %, h",
    "looks_per_day": "looks a day", "cost": "cost, kg", "satellites": "satellites", "planes": "planes",
    "stations": "stations", "niirs_nadir": "NIIRS at nadir", "gsd_nadir_m": "sample distance at nadir, m",
    "off_nadir_deg": "off-nadir that counts, °", "lifetime_years": "lifetime, years",
    "upkeep_m_s_year": "upkeep, m/s a year", "propellant_share": "propellant per dry mass",
    "seen_share": "share seen", "orbit": "orbit", "sensor": "sensor", "phasing": "phasing",
}  # fmt: skip
OBJECTIVES: Final = {
    "revisit": "revisit_h", "mean_revisit": "mean_revisit_h", "longest_gap": "longest_gap_h",
    "response": "response_h", "response_95": "response_95_h", "latency": "latency_h", "niirs": "niirs",
    "gsd": "gsd_m", "looks": "looks_per_day", "cost": "cost", "satellites": "satellites",
}  # fmt: skip
_SHOWN_FIGURES: Final = (
    "satellites", "revisit_h", "longest_gap_h", "response_h", "response_95_h", "latency_h", "looks_per_day",
    "aperture_m", "niirs", "gsd_m", "off_nadir_deg", "mass_kg", "cost", "lifetime_years",
)  # fmt: skip


def by_number(document: Mapping[str, Any], number: int | None) -> Mapping[str, Any] | None:
    return next((one for one in document["designs"] if one["design"] == number), None)


def wishes_table(document: Mapping[str, Any], best: Mapping[str, Any] | None) -> Markup:
    """The wishes with what the cheapest, or else the nearest design makes of them."""
    nearest = document["why"].get("nearest")
    shown = best or (by_number(document, nearest["design"]) if nearest else None)
    if shown is None or not document["wishes"]:
        return Markup("")
    heads = (
        ("Wish", "t"),
        ("Limit", "n"),
        (f"Design {shown['design']}", "n"),
        ("Room", "n"),
        ("", "t"),
    )
    rows = [
        (
            "",
            (
                WORDS.get(OBJECTIVES.get(one["wish"], ""), one["wish"]),
                f"{'≤' if one['at_most'] else '≥'} {one['limit']:.4g}",
                NOTHING if one["figure"] is None else f"{one['figure']:.4g}",
                NOTHING if one["room"] is None else f"{one['room'] * 100:.1f} %",
                _kept(one["kept"]),
            ),
        )
        for one in shown["wishes"]
    ]  # fmt: skip
    return table("wishes", "Wishes", heads, rows)


def _kept(kept: bool) -> Markup:
    return element("span", "kept" if kept else "fails", class_=f"tag {'on' if kept else 'off'}")


def scatters(document: Mapping[str, Any]) -> Iterable[Markup]:
    """Each objective against the last, or the cost."""
    names = [OBJECTIVES[name] for name in document["search"]["objectives"]]
    against = "cost" if "cost" in names else names[-1]
    others = [name for name in names if name != against] or ["satellites"]
    limits = {one["figure"]: one["limit"] for one in document["wishes"]}
    front = document["front_keeping_all_wishes"] or document["front"]
    for name in others:
        yield scatter(
            document["designs"], (name, WORDS[name]), (against, WORDS[against]),
            front=front, best=document["cheapest"], limits=limits, joined=len(names) == 2,
        )  # fmt: skip


def legend() -> Markup:
    parts = (
        Markup('<span class="key keeps"></span>keeps every wish '),
        Markup('<span class="key fails"></span>does not '),
        Markup('<span class="key best"></span>the cheapest that does '),
        Markup('<span class="key line"></span>the front, or edges of dots; dashed: a wish'),
    )
    return Markup(f'<p class="legend">{join(parts)}</p>')


def _columns(designs: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Choices that differ among designs, and figures that any has."""
    seen: dict[str, set[str]] = {}
    for one in designs:
        for name, value in one["choices"].items():
            seen.setdefault(name, set()).add(str(value))
    few = len(designs) < 2
    choices = [name for name, values in seen.items() if few or len(values) > 1]
    figures = [
        name
        for name in _SHOWN_FIGURES
        if name not in choices
        and any(one.get("figures", {}).get(name) is not None for one in designs)
    ]
    return choices, figures


def _rows(name: str, caption: str, designs: Sequence[Mapping[str, Any]]) -> Markup:
    choices, figures = _columns(designs)
    heads = [("Design", "n"), ("Keeps all", "t")]
    heads += [(WORDS.get(one, one), "t") for one in choices]
    heads += [(WORDS.get(one, one), "n") for one in figures]
    rows = [
        (
            "",
            (
                num(one["design"]),
                "impossible" if "impossible" in one else "yes" if one["keeps_all_wishes"] else "no",
                *(_choice(one["choices"].get(key)) for key in choices),
                *(_figure(one.get("figures", {}).get(key)) for key in figures),
            ),
        )
        for one in designs
    ]
    return table(name, caption, heads, rows)


def _choice(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, list):
        return " + ".join(value) or NOTHING
    return f"{value:g}" if isinstance(value, float) else str(value)


def _figure(value: Any) -> str:
    if value is None:
        return NOTHING
    return num(value) if isinstance(value, int) or abs(value) >= 1000 else f"{value:.3g}"


def front_table(document: Mapping[str, Any]) -> Markup:
    fit = bool(document["front_keeping_all_wishes"])
    numbers = document["front_keeping_all_wishes"] or document["front"]
    known = {one["design"]: one for one in document["designs"]}
    chosen = [known[number] for number in numbers]
    if not chosen:
        return element("p", "No design was evaluated.")
    which = "keep every wish" if fit else "were evaluated"
    caption = f"Designs that no other beats in every objective, of those that {which}"
    return _rows("front", caption, chosen[:_MOST_ROWS])


def effects_note(document: Mapping[str, Any]) -> str:
    uneven = document["counts"]["impossible"] or any(
        level["never"]
        for effect in document["effects"]
        for one in effect["variables"]
        for level in one["choices"]
    )
    how = "every combination was tried, so that these are the first-order effects"
    if document["search"]["method"] != "factorial":
        how = "the search crowds where designs are good, so that these are tendencies among those it tried"
    elif uneven:
        how = "some combinations have no figure, so that these are tendencies among those that have"
    return (
        "Main effects: the mean of an objective over all designs with one choice of a variable, and the "
        f"share of the whole scatter (sum of squares) that lies between its choices; {how}."
    )


def effects_table(effect: Mapping[str, Any]) -> Markup:
    name = WORDS.get(OBJECTIVES[effect["objective"]], effect["objective"])
    heads = ((f"Mean {name} by", "t"), ("Choice: mean", "w"), ("Range", "n"))
    rows = [
        (
            "",
            (
                WORDS.get(one["variable"], one["variable"]),
                "; ".join(
                    f"{_choice(level['value'])}: {_figure(level['mean'])}"
                    + (f" ({level['never']} of {level['designs']} never)" if level["never"] else "")
                    for level in one["choices"][:12]
                ),
                _figure(one["range"]),
            ),
        )
        for one in effect["variables"]
    ]
    return (
        table(f"effect-{effect['objective']}", f"Effects on {name}", heads, rows)
        if rows
        else Markup("")
    )


def impossible_list(document: Mapping[str, Any]) -> Markup:
    reasons = document["why"]["impossible"]
    if not reasons:
        return Markup("")
    lines = join(
        element("li", f"{count(one['designs'], 'design')}: {one['reason']}") for one in reasons[:20]
    )
    more = f"<li>and {len(reasons) - 20} more reasons</li>" if len(reasons) > 20 else ""
    return Markup(f"<p>Impossible, and not computed:</p><ul>{lines}{more}</ul>")


def designs_table(document: Mapping[str, Any]) -> Markup:
    every = sorted(
        document["designs"],
        key=lambda one: (
            "impossible" in one,
            not one.get("keeps_all_wishes"),
            one.get("figures", {}).get("cost", 0.0),
            one["design"],
        ),
    )
    shown = _rows(
        "all", "All designs, those that keep every wish first, by cost", every[:_MOST_ROWS]
    )
    if len(every) > _MOST_ROWS:
        rest = f"{len(every) - _MOST_ROWS} more stand in designs.csv and designs.parquet."
        return join([shown, element("p", rest)])
    return shown
