"""Drawings of a trade study: one objective against another, and bars of sensitivities, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from offnadir.briefs._html import Markup, coordinate, element, esc, join

_WIDTH, _HEIGHT = 520, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 12, 44
_MOST_POINTS: Final = 3000
_BAR: Final = 22


def scatter(
    designs: Sequence[Mapping[str, Any]],
    x: tuple[str, str],
    y: tuple[str, str],
    *,
    front: Sequence[int],
    best: int | None,
    limits: Mapping[str, float],
    joined: bool,
) -> Markup:
    """Designs by two figures, each (figure, words); ring around the best, limits dashed.

    The front is a line if it is `joined`, as that of two objectives is; of more it is edges of its dots.
    """
    shown = [one for one in designs if _has(one, x[0]) and _has(one, y[0])]
    if not shown:
        return Markup("")
    cut = shown[:: max(1, len(shown) // _MOST_POINTS)] if len(shown) > _MOST_POINTS else shown
    xs, ys = ([one["figures"][name] for one in shown] for name in (x[0], y[0]))
    across = _Scale(xs, _LEFT, _WIDTH - _RIGHT)
    up = _Scale(ys, _HEIGHT - _BOTTOM, _TOP)

    def spot(one: Mapping[str, Any]) -> tuple[str, str]:
        return (
            coordinate(across.at(one["figures"][x[0]])),
            coordinate(up.at(one["figures"][y[0]])),
        )

    parts = [_frame(across, up, x[1], y[1])]
    parts += [
        _limit(limits.get(x[0]), across, vertical=True),
        _limit(limits.get(y[0]), up, vertical=False),
    ]
    for keeps in (False, True):
        dots = join(
            _dot(*spot(one), _title(one, x, y))
            for one in cut
            if one["keeps_all_wishes"] == keeps
        )  # fmt: skip
        parts.append(Markup(f'<g class="{"keeps" if keeps else "fails"}">{dots}</g>'))
    by_number = {one["design"]: one for one in shown}
    line = sorted(
        (by_number[n] for n in front if n in by_number), key=lambda one: one["figures"][x[0]]
    )
    if not joined:
        edges = join(_dot(*spot(one), _title(one, x, y)) for one in line)
        parts.append(Markup(f'<g class="front">{edges}</g>'))
    elif len(line) > 1:
        points = " ".join(",".join(spot(one)) for one in line)
        parts.append(Markup(f'<polyline class="front" points="{points}"/>'))
    if best in by_number:
        cx, cy = spot(by_number[best])
        parts.append(Markup(f'<circle class="best" cx="{cx}" cy="{cy}" r="8"/>'))
    label = f"{y[1]} against {x[1]} of {len(shown)} designs"
    svg = Markup(
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{esc(label)}">{join(parts)}</svg>'
    )
    return element("figure", join([svg, element("figcaption", f"{label}.")]))


def bars(effect: Mapping[str, Any], words: Mapping[str, str], title: str) -> Markup:
    """How much of an objective's scatter each variable accounts for, as bars of percent."""
    rows = effect["variables"][:10]
    if not rows:
        return Markup("")
    height = _BAR * len(rows) + 6
    left, full = 175, _WIDTH - 175 - 60
    parts = []
    for at, one in enumerate(rows):
        y = 4 + _BAR * at
        width = coordinate(max(full * one["share"], 1.0))
        parts.append(
            Markup(
                f'<text class="name" x="{left - 8}" y="{y + 14}" text-anchor="end">'
                f"{esc(words.get(one['variable'], one['variable']))}</text>"
                f'<rect class="bar" x="{left}" y="{y + 3}" width="{width}" height="14"/>'
                f'<text x="{coordinate(left + full * one["share"] + 6)}" y="{y + 14}">'
                f"{one['share'] * 100:.0f} %</text>"
            )
        )
    svg = Markup(
        f'<svg class="bars" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{esc(title)}">'
        f"{join(parts)}</svg>"
    )
    return element("figure", join([element("figcaption", title), svg]))


class _Scale:
    """Numbers to places along an axis, with round ticks; logarithmic where they span more than 30 times."""

    def __init__(self, values: Sequence[float], first: float, last: float) -> None:
        low, high = min(values), max(values)
        self.log = low > 0 and high / low > 30
        if self.log:
            low, high = math.log10(low), math.log10(high)
        pad = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
        self._low, self._high = low - pad, high + pad
        self._first, self._last = first, last

    def at(self, value: float) -> float:
        """The place of a value."""
        shown = math.log10(value) if self.log else value
        return self._first + (shown - self._low) / (self._high - self._low) * (
            self._last - self._first
        )

    def holds(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        if self.log and value <= 0:
            return False
        return self._low <= (math.log10(value) if self.log else value) <= self._high

    def ticks(self) -> list[float]:
        """Round values on the axis."""
        if self.log:
            powers = range(math.floor(self._low), math.ceil(self._high) + 1)
            every = [m * 10.0**p for p in powers for m in (1, 2, 5)]
            return [one for one in every if self.holds(one)]
        rough = (self._high - self._low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough)
        first = math.ceil(self._low / step)
        return [round(i * step, 10) for i in range(first, math.floor(self._high / step) + 1)]


def _dot(cx: str, cy: str, title: Markup) -> Markup:
    return Markup(f'<circle cx="{cx}" cy="{cy}" r="3.5"><title>{title}</title></circle>')


def _has(one: Mapping[str, Any], figure: str) -> bool:
    return "figures" in one and one["figures"].get(figure) is not None


def _title(one: Mapping[str, Any], x: tuple[str, str], y: tuple[str, str]) -> Markup:
    told = one["figures"]
    return esc(f"design {one['design']}: {x[1]} {told[x[0]]:.4g}; {y[1]} {told[y[0]]:.4g}")


def _limit(value: float | None, scale: _Scale, *, vertical: bool) -> Markup:
    if value is None or not scale.holds(value):
        return Markup("")
    at = coordinate(scale.at(value))
    if vertical:
        return Markup(f'<path class="limit" d="M{at} {_TOP}V{_HEIGHT - _BOTTOM}"/>')
    return Markup(f'<path class="limit" d="M{_LEFT} {at}H{_WIDTH - _RIGHT}"/>')


def _frame(across: _Scale, up: _Scale, x_words: str, y_words: str) -> Markup:
    bottom, parts = _HEIGHT - _BOTTOM, []
    for tick in across.ticks():
        x = coordinate(across.at(tick))
        parts.append(
            f'<path class="rule" d="M{x} {_TOP}V{bottom}"/>'
            f'<text x="{x}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>'
        )
    for tick in up.ticks():
        y = up.at(tick)
        parts.append(
            f'<path class="rule" d="M{_LEFT} {coordinate(y)}H{_WIDTH - _RIGHT}"/>'
            f'<text x="{_LEFT - 6}" y="{coordinate(y + 4)}" text-anchor="end">{tick:g}</text>'
        )
    middle = (bottom + _TOP) / 2
    parts.append(
        f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{_WIDTH - _RIGHT}"/>'
        f'<text class="name" x="{(_LEFT + _WIDTH - _RIGHT) / 2:g}" y="{_HEIGHT - 8}" text-anchor="middle">'
        f"{esc(x_words)}</text>"
        f'<text class="name" transform="translate(13 {middle:g}) rotate(-90)" text-anchor="middle">'
        f"{esc(y_words)}</text>"
    )
    return Markup("".join(parts))
