"""Images from camera to map: what it takes, beside its peers, and how right it is.

    ./run bench imagery                     everything (some minutes)
    ./run bench imagery --parts ortho,crop
    ./run bench imagery --data FOLDER       a folder that holds scenes/ (else one is looked for beside this
                                            checkout; without any, no real pictures)
    ./run bench imagery --size 4000         a smaller picture (10,000 x 10,000 else)

The peer of `ortho` is gdalwarp (Debian: gdal-bin), or rasterio's GDAL where there is none. Prints tables in
Markdown.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path

from image_chain import HERE, Setting, capture, geolocation, ortho, workers

PARTS: dict[str, Callable[[Setting], None]] = {
    "ortho": ortho.speed, "crop": ortho.crop, "loop": capture.closed_loop, "capture": capture.large,
    "geolocation": geolocation.table, "dask": workers.table,
}  # fmt: skip


def find_data() -> Path | None:
    named = os.environ.get("OFFNADIR_BENCH_DATA")
    if named:
        return Path(named)
    found = sorted(HERE.parent.parent.glob("*/data/scenes/README.md"))
    return found[0].parent.parent if found else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--data", type=Path, default=find_data())
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--work", type=Path, help="a folder for what is made; a temporary one else")
    arguments = parser.parse_args()
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors"
    print(f"{machine}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        setting = Setting(data=arguments.data, work=work, size=arguments.size)
        for name in arguments.parts.split(","):
            PARTS[name](setting)


if __name__ == "__main__":
    main()
