"""Make src/offnadir/data/natural_earth.json.gz from the npm package world-atlas (Natural Earth 1:50m).

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python tools/build_natural_earth.py package/countries-50m.json

TopoJSON keeps each stretch of line once: one that a single country uses is a coast, one that two use is a
border. The edges along the antimeridian and the south pole, where countries are cut, are left out.
"""

from __future__ import annotations

import gzip
import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src/offnadir/data/natural_earth.json.gz"
Line = list[tuple[int, int]]  # hundredths of a degree


def arcs_of(geometry: dict[str, Any]) -> Iterator[int]:
    """Numbers of the arcs of a geometry; a reversed arc counts as itself."""
    stack = [geometry.get("arcs", [])]
    while stack:
        item = stack.pop()
        if isinstance(item, int):
            yield item if item >= 0 else ~item
        else:
            stack.extend(item)


def decoded(topology: dict[str, Any]) -> list[Line]:
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    lines = []
    for arc in topology["arcs"]:
        x = y = 0
        line: Line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            point = (round((x * sx + tx) * 100), round((y * sy + ty) * 100))
            if not line or line[-1] != point:
                line.append(point)
        lines.append(line)
    return lines


def without_seams(line: Line) -> Iterator[Line]:
    """The pieces of a line that do not run along lon = +-180 or near the south pole."""
    piece: Line = line[:1]
    for a, b in itertools.pairwise(line):
        seam = (abs(a[0]) >= 17999 and abs(b[0]) >= 17999) or (a[1] <= -8990 and b[1] <= -8990)
        if seam or abs(a[0] - b[0]) > 18000:
            if len(piece) > 1:
                yield piece
            piece = []
        piece.append(b)
    if len(piece) > 1:
        yield piece


def main() -> None:
    topology = json.loads(Path(sys.argv[1]).read_text())
    lines = decoded(topology)
    countries = topology["objects"]["countries"]["geometries"]
    used = Counter(number for country in countries for number in set(arcs_of(country)))
    result: dict[str, list[list[int]]] = {"coastline": [], "border": []}
    for number, line in enumerate(lines):
        if used[number]:
            kind = "coastline" if used[number] == 1 else "border"
            for piece in without_seams(line):
                result[kind].append([value for point in piece for value in point])
    text = json.dumps(result, separators=(",", ":")).encode()
    TARGET.write_bytes(gzip.compress(text, 9, mtime=0))
    counts = {kind: len(pieces) for kind, pieces in result.items()}
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, {counts}")


if __name__ == "__main__":
    main()
