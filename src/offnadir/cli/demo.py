"""`offnadir demo`: the main job on bundled data."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say

if TYPE_CHECKING:
    from offnadir.briefs import Image


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")
    ] = Path("offnadir-demo"),
    operation: Annotated[
        bool,
        typer.Option(
            "--operation/--no-operation", help="Run an operation, too, where it can be run."
        ),
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Plan the bundled mission: real satellites over real places in East Asia and beyond.

    With the extra [imagery] the best picture is taken over made-up ground and processed, too. With the extra
    [operations] as well, a small operation is run from its first order to its last delivery.
    """
    from offnadir.cli import _demo_operation
    from offnadir.cli._demo_picture import is_possible, take_best
    from offnadir.cli.plan import run_plan

    def images(plan: dict[str, Any], report: Callable[[str, int, int], None]) -> Sequence[Image]:
        return take_best(plan, output, report)

    able = is_possible()
    if able:
        _say.images_follow()
    with as_file(files("offnadir.data") / "demo") as folder:
        report = run_plan(
            folder / "mission.toml", output, quiet=quiet, images=images if able else None
        )
        # A copy to read, change and plan again.
        (output / "mission").mkdir(exist_ok=True)
        for source in sorted(folder.iterdir()):
            if source.is_file() and source.suffix != ".py":
                shutil.copyfile(source, output / "mission" / source.name)
    operable = able and _demo_operation.is_possible()
    operates = operable and operation
    reports = [report]
    if operates:
        if not quiet:
            _say.note(
                "An operation: orders go in, are checked, planned, taken, made and delivered."
            )
        reports.append(_demo_operation.run_operation(output / "operation", quiet=quiet))
    if not quiet:
        if not operable:
            _say.note(
                "Taking the best picture, and running an operation, need more: "
                "pip install 'offnadir[imagery,operations]'"
            )
        _say.note(
            f"The mission file, to be changed and planned again: {output}/mission/mission.toml"
        )
        if operates:
            _say.note(
                "The operation, to be changed and gone on with: offnadir operate "
                f"{output}/operation/operation.toml --as director"
            )
        _say.note("The reports, to be opened in a browser:")
    for one in reports:
        print(one)
