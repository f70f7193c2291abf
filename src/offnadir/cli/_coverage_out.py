"""What `offnadir coverage` prints and writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from offnadir.cli import _say
from offnadir.errors import FileError, InputError

if TYPE_CHECKING:
    from offnadir.coverage import Coverage

_MAPS: Final = (".png", ".svg", ".pdf")
_KINDS: Final = (".nc", ".zarr", ".parquet", ".csv", ".json", *_MAPS, ".html")
_LANGUAGES: Final = ("en", "ko")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Files to write, and whether the sum is printed as JSON."""

    paths: tuple[Path, ...]
    figure: str
    language: str
    json: bool

    @classmethod
    def of(cls, paths: Sequence[Path], *, figure: str, language: str, json: bool) -> Outputs:
        """InputError or FileError at once for what cannot be written, not after the work."""
        for path in paths:
            if path.suffix.lower() not in _KINDS:
                raise InputError("--out", str(path), f"a name ending in {', '.join(_KINDS)}")
            if not path.absolute().parent.is_dir():
                raise FileError(path, "cannot be written: No such file or directory")
        if len(set(paths)) < len(paths):
            raise InputError("--out", str(paths[-1]), "a name of its own for each file")
        if language not in _LANGUAGES:
            raise InputError("--language", language, " or ".join(_LANGUAGES))
        if any(path.suffix.lower() in _MAPS for path in paths):
            from offnadir.coverage import FIGURES

            known = [name for name, one in FIGURES.items() if not one.level]
            if figure not in known:
                raise InputError("--map", figure, "one of " + ", ".join(known))
        return cls(paths=tuple(paths), figure=figure, language=language, json=json)

    def write(self, told: Coverage, names: Sequence[str]) -> None:
        """Print the sum, write the files, tell what was written."""
        if self.json:
            _say.print_json(told.summary())
        else:
            print(_table(told))
        for path in self.paths:
            self._write(told, names, path)
            _say.note(f"wrote {path}")

    def _write(self, told: Coverage, names: Sequence[str], path: Path) -> None:
        from offnadir.coverage import files

        kind = path.suffix.lower()
        if kind in _MAPS:
            from offnadir.briefs.coverage_figure import write_map

            write_map(told, self.figure, path)
        elif kind == ".html":
            from offnadir.briefs.coverage_report import coverage_html

            _write_text(path, coverage_html(told, names, self.language))
        elif kind == ".json":
            import json

            _write_text(path, json.dumps(told.summary(), indent=1) + "\n")
        else:
            writers = {
                ".nc": files.write_netcdf,
                ".zarr": files.write_zarr,
                ".parquet": files.write_geoparquet,
                ".csv": files.write_csv,
            }
            writers[kind](told, path)


def _write_text(path: Path, text: str) -> None:
    from offnadir._files import replacing

    with replacing(path) as part:
        try:
            part.write_text(text, "utf-8")
        except OSError as error:
            raise FileError(path, f"cannot be written: {error.strerror or error}") from error


def _table(told: Coverage) -> str:
    """The sum as people read it: a row a figure, then looks a day by class."""
    from offnadir.briefs._coverage_words import words
    from offnadir.briefs.coverage_figure import scale_of
    from offnadir.briefs.coverage_report import told_value
    from offnadir.coverage import FIGURES
    from offnadir.units import day, deg

    say, sums = words("en"), told.summary()
    rows = []
    for name in told.cells:
        if FIGURES[name].level:
            continue
        unit, size = scale_of(name, told.cells[name])
        cells = (
            told_value(name, sums[key], size, say.get(unit, unit))
            for key in (name, name + "_worst")
        )
        rows.append([say[name], *(one.replace("\u202f", " ") for one in cells)])
    days = told.span.duration_s / day
    weighed = "Mean of the places" if told.grid.kind == "points" else "Mean of the area"
    lines = [
        f"{told.grid.title}: {_say.count(len(told.grid), 'cell')}, "
        f"{_say.count(told.satellites, 'satellite')}, {days:g} {'day' if days == 1 else 'days'} from "
        f"{told.span.start.utc(0)}, {_say.count(told.looks, 'look')}",
        f"seen at least once: {100 * sums['seen_share']:.1f} %"
        + (f", expected clear: {100 * sums['clear_share']:.1f} %" if "clear_share" in sums else ""),
        "",
        _say.columns(["Figure", weighed, "Worst cell"], rows, [False, True, True]),
    ]
    classes = []
    for name in told.cells:
        level = FIGURES[name].level
        if level and not name.startswith("clear_"):
            size = deg if level == "off_nadir_level" else 1.0
            clear = sums.get("clear_" + name)
            for k, at in enumerate(told.levels(name)):
                row = [say[level].format(round(at / size, 6)), f"{sums[name][k]:.2f}"]
                classes.append([*row, f"{clear[k]:.2f}"] if clear else row)
    heads = ["Looks a day", "Mean"] + (["Clear"] if told.clear_share is not None else [])
    lines += ["", _say.columns(heads, classes, [False, *[True] * (len(heads) - 1)])]
    return "\n".join(lines)
