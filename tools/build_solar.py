"""Write src/offnadir/data/solar.csv: sunlight outside the atmosphere at one astronomical unit.

Reads the extraterrestrial column of ASTM G173-03 (Gueymard 2004) from pvlib, and takes means over bins: 2 nm
to 1000 nm, 10 nm to 2500 nm, 50 nm to 4000 nm. Needs pvlib, which offnadir itself does not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pvlib.spectrum import get_reference_spectra

OUT = Path(__file__).parents[1] / "src" / "offnadir" / "data" / "solar.csv"


def main() -> None:
    column = get_reference_spectra(standard="ASTM G173-03")["extraterrestrial"]
    nm, value = column.index.to_numpy(np.float64), column.to_numpy(np.float64)
    edges = np.concatenate(
        [np.arange(300, 1000, 2), np.arange(1000, 2500, 10), np.arange(2500, 4001, 50)]
    )
    steps = np.diff(nm) * (value[1:] + value[:-1]) / 2
    total = np.concatenate([[0.0], np.cumsum(steps)])
    mean = np.diff(np.interp(edges, nm, total)) / np.diff(edges)
    centre = (edges[1:] + edges[:-1]) / 2
    rows = ["wavelength_nm,irradiance_w_m2_nm"]
    rows += [f"{x:g},{y:.4g}" for x, y in zip(centre, mean, strict=True)]
    OUT.write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
