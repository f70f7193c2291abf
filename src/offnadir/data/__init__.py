"""Small tables of facts; each file stands in SOURCES.toml with its source, licence and checksum."""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import tomllib
from importlib.resources import files
from typing import Literal

from offnadir.errors import OffnadirError

__all__ = ["bundled_bytes", "natural_earth_lines"]


def bundled_bytes(name: str) -> bytes:
    """The bytes of a bundled file, after its checksum was compared with SOURCES.toml."""
    folder = files("offnadir.data")
    data = (folder / name).read_bytes()
    sources = tomllib.loads((folder / "SOURCES.toml").read_text("utf-8"))
    wanted = next(entry["sha256"] for entry in sources["file"] if entry["name"] == name)
    if hashlib.sha256(data).hexdigest() != wanted:
        raise OffnadirError(f"bundled file {name} is damaged: its checksum differs; install anew")
    return data


@functools.cache
def natural_earth_lines(kind: Literal["coastline", "border"]) -> list[list[tuple[float, float]]]:
    """Lines of [longitude, latitude] in degrees, to 0.01 deg, of Natural Earth 1:50m (public domain).

    No line crosses the antimeridian. Treat the result as read-only: it is kept.
    """
    flat = json.loads(gzip.decompress(bundled_bytes("natural_earth.json.gz")))[kind]
    return [
        [(x / 100, y / 100) for x, y in zip(line[::2], line[1::2], strict=True)] for line in flat
    ]
