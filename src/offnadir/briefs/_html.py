"""HTML out of plain values: everything escaped, numbers and times written one way."""

from __future__ import annotations

import calendar
import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

NOTHING = "–"
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "`": "&#96;"}
)
_IN_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


class Markup(str):
    """Text that is HTML already; anything else is escaped on its way into a page."""

    __slots__ = ()


def esc(value: object) -> Markup:
    """Text fit for element content and quoted attributes; control characters show as U+FFFD.

    >>> esc('<a title="x">')
    '&lt;a title=&quot;x&quot;&gt;'
    """
    if isinstance(value, Markup):
        return value
    return Markup(_UNFIT.sub("\ufffd", str(value)).translate(_ENTITIES))


def script_json(value: object) -> Markup:
    """JSON that may stand inside a script element: it cannot close it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(_UNFIT.sub("\ufffd", text).translate(_IN_SCRIPT))


def num(value: float | None, digits: int = 0) -> str:
    """A number with that many digits after the point, thin spaces; a dash for None and NaN.

    >>> num(345.678, 1), num(-0.001, 1), num(None)
    ('345.7', '0.0', '–')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    text = f"{value:,.{digits}f}".replace(",", "\u202f")
    return text.lstrip("-") if not text.strip("-0.\u202f") else text


def coordinate(value: float, digits: int = 1) -> str:
    """A number in an SVG path, with no more characters than needed.

    >>> coordinate(3.0), coordinate(0.25, 2), coordinate(-0.01)
    ('3', '.25', '0')
    """
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text in ("-0", "0", ""):
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def count(n: int, one: str, many: str = "") -> str:
    """A count with its noun.

    >>> count(1, "picture"), count(0, "picture"), count(2, "pass", "passes")
    ('1 picture', '0 pictures', '2 passes')
    """
    return f"{num(n)} {one if n == 1 else many or one + 's'}"


def shorten(text: str, length: int) -> str:
    """The text, cut with an ellipsis if it is longer."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def utc_s(text: str) -> float:
    """Seconds since 1970 in UTC, leap seconds not counted: good enough to draw with."""
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    hour, minute, second = int(text[11:13]), int(text[14:16]), float(text[17:].rstrip("Z"))
    return calendar.timegm((year, month, day, hour, minute, 0)) + second


def clock(text: str | None, *, seconds: bool = True) -> str:
    """`2026-05-31T02:03:04.567890Z` as `2026-05-31 02:03:04`, which sorts as it reads."""
    if not text:
        return NOTHING
    return text[:10] + " " + text[11 : 19 if seconds else 16]


def element(tag: str, content: object = "", **attributes: object) -> Markup:
    """An element; `class_` is class, `data_x` is data-x; attributes that are None are left out."""
    parts = [tag]
    for name, value in attributes.items():
        if value is not None:
            parts.append(f'{name.rstrip("_").replace("_", "-")}="{esc(value)}"')
    return Markup(f"<{' '.join(parts)}>{esc(content)}</{tag}>")


def join(parts: Iterable[object], between: str = "") -> Markup:
    """Pieces of markup in a row, text among them escaped."""
    return Markup(between.join(esc(part) for part in parts))


def _head(title: str) -> Markup:
    """`Start, UTC` with the unit on a line of its own."""
    name, _, unit = title.rpartition(", ")
    return join([name, Markup(f" <small>{esc(unit)}</small>")]) if name else esc(title)


def table(
    name: str,
    caption: str,
    heads: Sequence[tuple[str, str]],
    rows: Iterable[tuple[str, Sequence[Any]]],
) -> Markup:
    """A table in a container that scrolls; the script makes its heads into buttons that sort.

    `heads` are (title, kind): "n" for a number, "t" for text, "w" for text that may wrap. A row is its
    attributes (markup, such as ` data-r=3`) and its cells; the first cell heads the row.
    """
    top = join(
        element("th", element("span", _head(title)), scope="col", class_=kind)
        for title, kind in heads
    )
    kinds = [kind for _, kind in heads]
    lines = []
    for attributes, cells in rows:
        inner = [f"<th scope=row>{esc(cells[0])}"]
        inner += [
            f"<td class={kind}>{esc(cell)}" for kind, cell in zip(kinds[1:], cells[1:], strict=True)
        ]
        lines.append(f"<tr{attributes}>{''.join(inner)}")
    body = "\n".join(lines)
    return Markup(
        f'<div class="wide" tabindex="0" role="region" aria-label="{esc(caption)}">'
        f'<table id="{esc(name)}" class="sorts"><caption>{esc(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )
