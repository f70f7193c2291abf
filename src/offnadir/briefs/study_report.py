"""The report of a trade study, and the folder of files that it goes into."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from offnadir import __version__
from offnadir._files import replacing, sweep
from offnadir.briefs._html import Markup, clock, count, element, esc, join, num
from offnadir.briefs._study_charts import bars
from offnadir.briefs._study_sections import (
    OBJECTIVES,
    WORDS,
    by_number,
    designs_table,
    effects_note,
    effects_table,
    front_table,
    impossible_list,
    legend,
    scatters,
    wishes_table,
)
from offnadir.errors import FileError

if TYPE_CHECKING:
    from offnadir._table import Table
    from offnadir.coverage import Coverage


def write_study(
    document: Mapping[str, Any], designs: Table, folder: str | Path
) -> tuple[Path, ...]:
    """Write study.json, designs.csv, designs.parquet and report.html; each appears whole or not at all.

    FileError if one cannot be written; those before it stand.
    """
    import pyarrow.parquet as parquet

    folder = Path(folder)
    sweep(folder)
    packed = io.BytesIO()
    parquet.write_table(designs.to_arrow(), packed)
    texts: list[tuple[str, bytes]] = [
        (
            "study.json",
            (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(),
        ),
        ("designs.csv", _csv(designs).encode()),
        ("designs.parquet", packed.getvalue()),
        ("report.html", study_html(document).encode()),
    ]
    for name, content in texts:
        path = folder / name
        with replacing(path) as part:
            try:
                part.write_bytes(content)
            except OSError as error:
                raise FileError(path, f"cannot be written: {error.strerror or error}") from error
    return tuple(folder / name for name, _ in texts)


def write_best(coverage: Coverage, folder: str | Path) -> None:
    """Write best.parquet, GeoParquet of the figures of each cell of a design, and best.html, their maps."""
    from offnadir.briefs.coverage_report import coverage_html
    from offnadir.coverage.files import write_geoparquet

    with replacing(Path(folder) / "best.parquet") as part:
        write_geoparquet(coverage, part)
    with replacing(Path(folder) / "best.html") as part:
        part.write_text(coverage_html(coverage), encoding="utf-8")


def _csv(designs: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(designs.names)
    for row in designs.rows():
        writer.writerow(["" if value != value else value for value in row.values()])
    return out.getvalue()


def study_html(document: Mapping[str, Any]) -> str:
    """The report of a study as one HTML file that refers to nothing outside; same input, same text."""
    shelf = files("offnadir.briefs") / "templates"
    css, page = (
        (shelf / name).read_text(encoding="utf-8") for name in ("report.css", "study.html")
    )
    best = by_number(document, document["cheapest"])
    names = document["search"]["objectives"]
    return Template(page).substitute(
        css=css,
        version=esc(__version__),
        title=esc(document["name"]),
        meta=esc(_meta(document)),
        verdict=esc(_verdict(document, best)),
        verdict_class="good" if best is not None else "bad",
        figures=_figures(document, best),
        why=join(element("p", sentence) for sentence in document["why"]["sentences"]),
        wishes=wishes_table(document, best),
        scatters=join(scatters(document)),
        legend=legend(),
        front=front_table(document),
        effects_note=esc(effects_note(document)),
        bars=join(
            bars(
                one, WORDS, f"What moves {WORDS.get(OBJECTIVES[name], name)}: share of its scatter"
            )
            for name, one in zip(names, document["effects"], strict=True)
        ),
        effects=join(effects_table(one) for one in document["effects"]),
        impossible=impossible_list(document),
        designs=designs_table(document),
        how=join(element("li", line) for line in _how(document)),
    )


def _meta(document: Mapping[str, Any]) -> str:
    span = document["span"]
    return (
        f"Trade study: {document['places']['title']}, {count(document['places']['cells'], 'cell')}; "
        f"{clock(span['start'], seconds=False)} to {clock(span['stop'], seconds=False)} UTC"
    )


def _verdict(document: Mapping[str, Any], best: Mapping[str, Any] | None) -> str:
    counts = document["counts"]
    if best is None:
        return f"None of {count(counts['evaluated'], 'evaluated design')} keeps every wish."
    fit = count(counts["keep_all_wishes"], "design")
    return f"{describe(best)}: the cheapest of {fit} that keep every wish."


def _fewest(document: Mapping[str, Any]) -> int | None:
    smallest = by_number(document, document["smallest"])
    return None if smallest is None else int(smallest["figures"]["satellites"])


def describe(design: Mapping[str, Any]) -> str:
    """A design in a line."""
    choices, figures = design["choices"], design["figures"]
    what = count(figures["satellites"], "satellite")
    planes = f" in {figures['planes']} planes" if figures["planes"] > 1 else ""
    low, high = figures["low_height_km"], figures["high_height_km"]
    height = f"{num(low)}" if high - low < 20 else f"{num(low)} to {num(high)}"
    camera = choices.get("library") or f"aperture {num(figures['aperture_m'], 2)} m"
    return (
        f"{what}{planes}, {choices['orbit']}, {height} km high, inclination "
        f"{num(figures['inclination_deg'], 1)}°, {camera}, "
        f"up to {num(figures['off_nadir_deg'], 0)}° off-nadir"
    )


def _figures(document: Mapping[str, Any], best: Mapping[str, Any] | None) -> Markup:
    counts = document["counts"]
    pairs = [
        ("Designs", num(counts["designs"])),
        ("Evaluated", num(counts["evaluated"])),
        ("Impossible", num(counts["impossible"])),
        ("Keep every wish", num(counts["keep_all_wishes"])),
    ]
    if best is not None:
        pairs += [
            ("Satellites of the cheapest", num(best["figures"]["satellites"])),
            ("Its cost, kg of a first one", num(best["figures"]["cost"])),
            ("Fewest satellites that do", num(_fewest(document))),
        ]
    return join(
        Markup(f"<div><dt>{esc(name)}</dt><dd>{esc(value)}</dd></div>") for name, value in pairs
    )


def _how(document: Mapping[str, Any]) -> Iterable[str]:
    searched = document["search"]
    if searched["method"] == "factorial":
        yield "Full factorial: every combination of choices was tried."
    else:
        yield (
            f"{searched['method'].upper()} (pymoo), seed {searched['seed']}, "
            f"{searched['generations']} generations; "
            f"then {searched['polished']} neighbours of the best, until none was better."
        )
    yield (
        "Objectives: " + ", ".join(WORDS[OBJECTIVES[name]] for name in searched["objectives"]) + "."
    )
    yield (
        "Looks are windows found exactly, no steps are counted. Times are those that the wished share of the "
        "area keeps; revisit 95 % is the gap that 95 % of a cell's gaps do not exceed."
    )
    yield (
        "Cost: kilograms of a first satellite, learning by number, launches by plane, stations "
        "(docs/guide/design.md)."
    )
    for warning in document["warnings"]:
        yield f"Warning: {warning}"
