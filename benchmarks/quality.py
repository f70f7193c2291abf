"""Image quality: ours against pyBSM at the same inputs, and against real pictures.

    ./run bench quality                     everything (some two minutes, after pyBSM is installed)
    ./run bench quality --parts giqe,speed
    ./run bench quality --data FOLDER       a folder that holds acquisitions/ and image_quality/ (else one is
                                            looked for beside this checkout; without any, no pictures)

pyBSM runs in an environment of its own (made at the first run, below benchmarks/.peers). Prints tables in
Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from image_quality import HERE, PEER, Part, light, pictures, sharpness
from offnadir.quality import predict
from offnadir.sensors import load_camera
from offnadir.units import deg, km

PEER_PARTS: dict[str, Any] = {
    "giqe": sharpness.giqe,
    "terms": sharpness.terms,
    "tdi": sharpness.tdi,
    "designs": sharpness.designs,
    "electrons": light.electrons,
    "air": light.air,
    "radiance": light.radiance,
    "end": light.end_to_end,
}
DATA_PARTS: dict[str, Any] = {"pictures": pictures.strips, "cases": pictures.cases}
LOOKS = 1_000_000


def find_data() -> Path | None:
    named = os.environ.get("OFFNADIR_BENCH_DATA")
    if named:
        return Path(named)
    found = sorted(HERE.parent.parent.glob("*/data/image_quality/cases.csv"))
    return found[0].parent.parent if found else None


def one_speed(name: str) -> None:
    """Seconds of the first and later predictions of a million looks, and memory; to standard output."""
    rng = np.random.default_rng(5)
    looks = {
        "range_m": rng.uniform(600, 1200, LOOKS) * km,
        "incidence_rad": rng.uniform(0, 60, LOOKS) * deg,
        "sun_elevation_rad": rng.uniform(5, 80, LOOKS) * deg,
        "relative_azimuth_rad": rng.uniform(0, 360, LOOKS) * deg,
    }
    given = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = []
    for _ in range(6):
        before = time.perf_counter()
        predict(load_camera(name), **looks)  # type: ignore[arg-type]
        seconds.append(time.perf_counter() - before)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "given": given, "peak": peak}))


def speed(per_call_s: float | None) -> Part:
    rows = []
    for name in ("worldview-3", "sentinel-2"):
        command = [sys.executable, __file__, "--one-speed", name]
        told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        later = float(np.median(told["seconds"][1:]))
        ratio = "-" if per_call_s is None else f"{per_call_s * LOOKS / later:,.0f}"
        rows.append(
            [
                name, f"{told['seconds'][0]:.2f}", f"{later:.2f}", f"{later / LOOKS * 1e6:.2f}",
                f"{told['given']:.0f}", f"{told['peak']:.0f}", ratio,
            ]
        )  # fmt: skip
    beside = (
        ""
        if per_call_s is None
        else f" pyBSM's fastest call of `niirs5` in this run: {per_call_s * 1e3:.0f} ms, times a million."
    )
    return Part(
        f"Speed: {LOOKS:,} looks, range, incidence, Sun and azimuth each drawn at random",
        [
            "sensor", "first call [s]", "later [s]", "us a look", "memory before [MiB]",
            "peak [MiB]", "pyBSM's time over ours",
        ],
        rows,
        f"One thread, a fresh process for each sensor, median of 5 later calls.{beside}",
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=find_data())
    parser.add_argument("--parts", default=",".join([*PEER_PARTS, "speed", *DATA_PARTS, "library"]))
    parser.add_argument("--one-speed", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one_speed:
        return one_speed(options.one_speed)
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()};"
        f" {PEER.replace('==', ' ')}\n"
    )
    per_call_s: float | None = None
    for name in options.parts.split(","):
        if name in PEER_PARTS:
            made = PEER_PARTS[name]()
            if name == "end":
                made, per_call_s = made
        elif name in DATA_PARTS:
            if options.data is None:
                print("No data folder found: no pictures.\n")
                continue
            made = DATA_PARTS[name](options.data)
        elif name == "speed":
            made = speed(per_call_s)
        else:
            made = pictures.library()
        for part in made if isinstance(made, list) else [made]:
            part.show()
            sys.stdout.flush()
    return None


if __name__ == "__main__":
    main()
