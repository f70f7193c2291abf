"""Jobs for other processes: a made-up world in which a design's figures are a formula, and mishaps."""

from __future__ import annotations

import os
import signal
from pathlib import Path

STUDY = """\
name = "Made up"

[span]
start = "2026-06-01T00:00:00Z"
duration = "2 d"

[[place]]
name = "North Pole"
lat_deg = 90
lon_deg = 0

[wishes]
revisit = "40 min"

[search]
objectives = ["revisit", "cost"]

[[orbit]]
family = "walker-delta"
satellites = [1, 2, 3, 4]
planes = [1, 2]
height_km = [500, 600]
inclination_deg = 90

[[sensor]]
library = "skysat-c"
max_off_nadir_deg = 30
"""


def write_study(folder: Path, text: str = STUDY, name: str = "study.toml") -> Path:
    """The study in a file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def figures(design) -> dict[str, float]:
    """What a design of the made-up world has: gaps shrink with the number, and grow with the height."""
    count = design["satellites"]
    height = design.get("height_km", 500.0)
    return {
        "satellites": count,
        "planes": design.get("planes", 1),
        "aperture_m": 0.35,
        "off_nadir_deg": 30.0,
        "max_off_nadir_deg": 30.0,
        "niirs": 5.0,
        "niirs_nadir": 5.5,
        "gsd_m": 1.0,
        "gsd_nadir_m": 0.9,
        "low_height_km": height,
        "high_height_km": height,
        "inclination_deg": 90.0,
        "longest_gap_h": 2.0 / count,
        "revisit_h": 2.0 / count + (height - 500.0) / 1000.0,
    }


def job(common, design):
    """The figures, in whatever process."""
    return figures(design)


def dies_once(marker: str, number: int) -> int:
    """The job 3 kills its process the first time that it is done, without a word."""
    if number == 3 and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * number


def dies(common, number: int) -> int:
    """Kills its process, always."""
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def tells_who(common, number: int) -> int:
    """The number of its process."""
    return os.getpid()
