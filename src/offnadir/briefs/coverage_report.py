"""The report of a coverage: one HTML file with its maps and curves inside, in English or Korean."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Sequence
from importlib.resources import files
from string import Template
from typing import Final

from offnadir import __version__
from offnadir.briefs._coverage_words import LANGUAGES, words
from offnadir.briefs._html import NOTHING, Markup, element, esc, join, num
from offnadir.briefs.coverage_figure import curves_png, map_png, scale_of
from offnadir.coverage import FIGURES, Coverage
from offnadir.errors import InputError
from offnadir.units import day, deg

__all__ = ["LANGUAGES", "coverage_html", "told_value"]

_MAPS: Final = (
    "revisit_mean_s", "longest_gap_s", "looks_per_day", "response_mean_s", "clear_response_mean_s",
    "age_mean_s", "best_niirs", "stereo_one_pass_per_day",
)  # fmt: skip
_SHARES: Final = ("seen_share", "clear_share")
_NAMED: Final = 40

Words = dict[str, str]


def coverage_html(coverage: Coverage, names: Sequence[str] = (), language: str = "en") -> str:
    """The report as HTML that needs no other file and no network; `names` are the satellites'.

    InputError for another language than those of LANGUAGES. The same input gives the same text.
    """
    if language not in LANGUAGES:
        raise InputError("language", language, " or ".join(LANGUAGES))
    say = words(language)
    shelf = files("offnadir.briefs") / "templates"
    css, page = (
        (shelf / name).read_text(encoding="utf-8") for name in ("coverage.css", "coverage.html")
    )
    told = [
        _count(coverage.satellites, say["satellites"]),
        _count(coverage.stations, say["stations"]) if coverage.stations else "",
        _count(len(coverage.grid), say["cells"]),
        _count(coverage.looks, say["looks"]),
        f"{coverage.span.start.utc(0)} + {_count(coverage.span.duration_s / day, say['days'])}",
    ]
    return Template(page).substitute(
        language=language,
        css=css,
        version=esc(__version__),
        kind=esc(say["kind"]),
        title=esc(coverage.grid.title),
        meta=esc(" · ".join(one for one in told if one)),
        sum=_section("sum", _sums(coverage, say), say),
        maps=_section("maps", _maps(coverage, say), say),
        growth=_section("growth", _growth(coverage, say), say),
        classes=_section("classes", _classes(coverage, say), say),
        who=_section("who", _who(names), say) if names else "",
        how=_section("how", join(element("p", one) for one in _how(coverage, say)), say),
        footer=esc(say["footer"].format(version=__version__)),
    )


def _count(number: float, noun: str) -> str:
    """A number with its noun of many, which in English loses its s beside a one."""
    text = num(number) if number == round(number) else f"{number:g}"
    return f"{text} {noun.removesuffix('s') if number == 1 else noun}"


def told_value(name: str, value: float | None, size: float, unit: str) -> str:
    """A figure as people read it, in its unit: three digits or so, shares in per cent."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if FIGURES[name].unit == "1" and name != "best_niirs":
        return f"{100 * value:.3g} %"
    shown = value / size
    digits = 0 if abs(shown) >= 100 else 1 if abs(shown) >= 10 else 2
    return f"{num(shown, digits)} {unit}".strip()


def _section(key: str, inside: Markup, say: Words) -> Markup:
    return Markup(f'<section id="{key}">\n<h2>{esc(say[key])}</h2>\n{inside}\n</section>')


def _sums(coverage: Coverage, say: Words) -> Markup:
    told = coverage.summary()
    rows = [
        (say[name], f"{100 * told[name]:.1f} %", "")
        for name in _SHARES
        if told.get(name) is not None
    ]
    for name in coverage.cells:
        if FIGURES[name].level:
            continue
        unit, size = scale_of(name, coverage.cells[name])
        shown = say.get(unit, unit)
        mean, worst = (told_value(name, told[key], size, shown) for key in (name, name + "_worst"))
        rows.append((say[name], mean, worst))
    return _table((say["figure"], say["mean"], say["worst"]), rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    head = join(element("th", one, scope="col") for one in heads)
    body = join(
        element(
            "tr", join([element("th", row[0], scope="row"), *(element("td", c) for c in row[1:])])
        )
        for row in rows
    )
    inside = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return Markup(f'<div class="wide" tabindex="0"><table>{inside}</table></div>')


def _maps(coverage: Coverage, say: Words) -> Markup:
    told = coverage.summary()
    parts: list[Markup] = []
    for name in _MAPS:
        if name not in coverage.cells:
            continue
        unit, size = scale_of(name, coverage.cells[name])
        shown = say.get(unit, unit)
        mean, worst = (told_value(name, told[key], size, shown) for key in (name, name + "_worst"))
        text = f"{say[name]}: {mean} ({say['worst_of']} {worst})"
        parts.append(_figure(map_png(coverage, name), text, text))
    return join(
        [Markup(f'<div class="maps">{join(parts)}</div>'), element("p", say["grey"], class_="note")]
    )


def _figure(png: bytes, alt: str, caption: str) -> Markup:
    source = "data:image/png;base64," + base64.b64encode(png).decode()
    image = f'<img src="{source}" alt="{esc(alt)}">'
    return Markup(f"<figure>{image}{element('figcaption', caption)}</figure>")


def _growth(coverage: Coverage, say: Words) -> Markup:
    return _figure(curves_png(coverage), say["growth"], say["growth_note"])


def _classes(coverage: Coverage, say: Words) -> Markup:
    told = coverage.summary()
    rows = []
    for name in coverage.cells:
        level = FIGURES[name].level
        if not level or name.startswith("clear_"):
            continue
        size = deg if level == "off_nadir_level" else 1.0
        clear = told.get("clear_" + name)
        for k, at in enumerate(coverage.levels(name)):
            cells = [say[level].format(round(at / size, 6)), num(told[name][k], 2)]
            cells.append(num(told[name + "_worst"][k], 2))
            if clear:
                cells.append(num(clear[k], 2))
            rows.append(cells)
    heads = [say["level"], say["all"], say["worst"]]
    return _table([*heads, say["clear"]] if coverage.clear_share is not None else heads, rows)


def _who(names: Sequence[str]) -> Markup:
    more = [f"… + {len(names) - _NAMED}"] if len(names) > _NAMED else []
    return element("p", ", ".join([*names[:_NAMED], *more]))


def _how(coverage: Coverage, say: Words) -> Iterator[str]:
    yield say["exact"]
    limits = []
    if coverage.wishes.max_gsd_m is not None:
        limits.append(say["gsd_level"].format(coverage.wishes.max_gsd_m))
    if coverage.wishes.min_niirs is not None:
        limits.append(say["niirs_level"].format(coverage.wishes.min_niirs))
    if limits:
        yield say["limits"].format(", ".join(limits))
    if coverage.clouds:
        yield say["clouds_note"].format(coverage.clouds)
    yield from coverage.lost
