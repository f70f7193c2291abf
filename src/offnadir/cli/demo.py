"""`offnadir demo`: the main job on bundled data."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from offnadir.cli import _say


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")
    ] = Path("offnadir-demo"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Plan the bundled mission: real satellites over real places in East Asia and beyond."""
    from offnadir.cli.plan import run_plan

    with as_file(files("offnadir.data") / "demo") as folder:
        report = run_plan(folder / "mission.toml", output, quiet=quiet)
        # A copy to read, change and plan again.
        (output / "mission").mkdir(exist_ok=True)
        for source in sorted(folder.iterdir()):
            if source.is_file() and source.suffix != ".py":
                shutil.copyfile(source, output / "mission" / source.name)
    if not quiet:
        _say.note(
            f"The mission file, to be changed and planned again: {output}/mission/mission.toml"
        )
        _say.note("The report, to be opened in a browser:")
    print(report)
