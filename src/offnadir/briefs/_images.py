"""Pictures that were taken, in the report: the image itself, and what was predicted and measured of it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from offnadir.briefs._html import Markup, esc, join


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image of the report: a PNG, what it shows, and figures beside it as (name, value) pairs."""

    title: str
    caption: str
    png: bytes
    figures: tuple[tuple[str, str], ...] = ()


def images_section(images: Sequence[Image]) -> Markup:
    """A section with the images, or nothing if there are none."""
    if not images:
        return Markup("")
    shown = join(_figure(image) for image in images)
    return Markup(
        f'<section id="images">\n<h2>Taken</h2>\n<div class="images">{shown}</div>\n</section>\n'
    )


def images_link(images: Sequence[Image]) -> Markup:
    """The section's entry in the navigation."""
    return Markup('<a href="#images">Taken</a>' if images else "")


def _figure(image: Image) -> Markup:
    rows = join(
        Markup(f"<div><dt>{esc(name)}</dt><dd>{esc(value)}</dd></div>")
        for name, value in image.figures
    )
    data = base64.b64encode(image.png).decode("ascii")
    return Markup(
        f'<figure><img src="data:image/png;base64,{data}" alt="{esc(image.title)}">'
        f"<figcaption><strong>{esc(image.title)}</strong> {esc(image.caption)}"
        f"{f'<dl>{rows}</dl>' if rows else ''}</figcaption></figure>"
    )
