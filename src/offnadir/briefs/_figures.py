"""What all figures share: the formats, the style, and that no half figure is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from offnadir._files import replacing
from offnadir.errors import FileError, InputError

_SUFFIXES: Final = (".png", ".svg", ".pdf")


def check_figure_path(path: Path, *, field: str = "path") -> None:
    """Raise InputError unless the name ends in a format that can be drawn, FileError without its folder."""
    if path.suffix.lower() not in _SUFFIXES:
        raise InputError(field, str(path), f"a file name ending in {', '.join(_SUFFIXES)}")
    if not path.parent.is_dir():
        raise FileError(path, "cannot be written: No such file or directory")


@contextmanager
def new_figure(path: Path, width_in: float, height_in: float) -> Iterator[Any]:
    """A figure to draw on, in one font of Matplotlib's own; it is saved at the end, whole or not at all."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    check_figure_path(path)
    style: Any = {"svg.hashsalt": "offnadir", "font.family": "DejaVu Sans", "font.size": 9.0}
    with rc_context(style):
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        yield figure
        kind = path.suffix.lower()[1:]
        dates = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
        with replacing(path) as part:
            try:
                figure.savefig(part, format=kind, dpi=150, metadata=dates[kind])
            except OSError as error:
                raise FileError(path, error.strerror or str(error)) from error


def tidy(axes: Any) -> None:
    """A pale grid behind, no frame above and right."""
    axes.grid(True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
