"""Make src/offnadir/data/countries.json.gz from the npm package world-atlas (Natural Earth 1:50m).

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python tools/build_countries.py package/countries-50m.json     # needs pycountry, for the codes

Kept as it is shared: each stretch of line once, as steps of the source's own grid (0.0036 degrees). A country
goes by its ISO 3166-1 code of two letters. Parts that have none, or that two states hold or claim, stand on
their own with the codes of both: offnadir.tasking counts them to each, so that no restriction is missed.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pycountry

TARGET = Path(__file__).parents[1] / "src/offnadir/data/countries.json.gz"
#: What has no number in the source: a code (of its own, made up with X), and whose it also is.
UNNUMBERED = {
    "Kosovo": ("XK", ["RS"]),
    "Somaliland": ("XS", ["SO"]),
    "N. Cyprus": ("XC", ["CY"]),
    "Siachen Glacier": ("XG", ["IN", "PK"]),
    "Indian Ocean Ter.": ("XI", ["AU"]),
}
#: Crimea is drawn as Russia's in the source: the one polygon of Russia that lies in this box.
CRIMEA = ("XR", "Crimea", ["RU", "UA"], "RU", (32.3, 44.2, 36.8, 46.3))
#: The Golan is drawn within Israel: here also Syria's, as the part of that outline that lies in a box.
PARTS = {"XH": ("Golan Heights", ["IL", "SY"], "IL", (35.63, 32.68, 36.0, 33.4))}


def points(topology: dict[str, Any], ring: list[int]) -> list[tuple[float, float]]:
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    result = []
    for number in ring:
        x = y = 0
        for dx, dy in topology["arcs"][number if number >= 0 else ~number]:
            x, y = x + dx, y + dy
            result.append((x * sx + tx, y * sy + ty))
    return result


def inside(topology: dict[str, Any], ring: list[int], box: tuple[float, ...]) -> bool:
    west, south, east, north = box
    return all(west < x < east and south < y < north for x, y in points(topology, ring))


def without_seam(topology: dict[str, Any], polygon: list[list[int]]) -> list[list[int]]:
    """A polygon without the ring along the south pole at which the source cuts Antarctica open."""
    return [ring for ring in polygon if len({round(y, 6) for _, y in points(topology, ring)}) > 1]


def main() -> None:
    topology = json.loads(Path(sys.argv[1]).read_text())
    countries: dict[str, dict[str, Any]] = {}
    for shape in topology["objects"]["countries"]["geometries"]:
        name = shape["properties"]["name"]
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        if "id" in shape:
            code, also = pycountry.countries.get(numeric=shape["id"]).alpha_2, []
            name = countries[code]["name"] if code in countries else name
        else:
            code, also = UNNUMBERED[name]
        entry = countries.setdefault(code, {"name": name, "also": also, "arcs": []})
        entry["arcs"] += [without_seam(topology, polygon) for polygon in polygons]
    code, name, also, owner, box = CRIMEA
    whole = countries[owner]["arcs"]
    part = [polygon for polygon in whole if inside(topology, polygon[0], box)]
    assert part, "no polygon of Crimea"
    countries[owner]["arcs"] = [polygon for polygon in whole if polygon not in part]
    countries[code] = {"name": name, "also": also, "arcs": part}
    for code, (name, also, owner, box) in PARTS.items():
        countries[code] = {"name": name, "also": also, "part_of": owner, "box_deg": box}
    countries["AU"]["name"] = "Australia"
    result = {
        "transform": topology["transform"],
        "arcs": topology["arcs"],
        "countries": dict(sorted(countries.items())),
    }
    text = json.dumps(result, separators=(",", ":"), ensure_ascii=False).encode()
    TARGET.write_bytes(gzip.compress(text, 9, mtime=0))
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, {len(countries)} countries")


if __name__ == "__main__":
    main()
