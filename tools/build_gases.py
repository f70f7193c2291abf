"""Write src/offnadir/data/gases.csv: absorption by the gases of the air from 0.30 to 2.60 um.

LOWTRAN 7 (Kneizys et al. 1988, AFGL-TR-88-0177; a work of the US government) gives the transmittance of
each gas every 5 cm-1 for a vertical or slanted path from the ground to space. They are averaged over a
triangle of 20 nm (full width at half height), every 10 nm. For each wavelength two numbers are fitted,

    T = exp(-(k u)^a)     u = water [kg/m2] or air mass (1 at sea level), times the length of the path,

over six model atmospheres and zenith angles of 0 to 75 deg. Ozone is linear (a = 1, u in m of gas at
standard conditions).

Lines measured since 1988 are stronger in some bands and weaker in others. So the strengths of water and
mixed gases are scaled together until the vertical path of one newer run is met: MODTRAN 5.2.1, ground to
space, mid-latitude summer, rural haze of 23 km, shipped with pybsm (Apache-2.0) as atms/*.bin. What scatters
is taken out by offnadir's own model. Wavelengths where gases take less than 0.5 % or more than 98 % stay as
they are. How strengths share among gases and grow along a path is LOWTRAN's. Run it as

    PYTHONPATH=src python tools/build_gases.py PATH-TO/lowtran7.f PATH-TO/pybsm/atms

The source comes with the package `lowtran` 3.1.0; the run needs gfortran and meson, or numpy.distutils.
"""

from __future__ import annotations

import importlib
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.quality._aerosols import haze_optics, split_height
from offnadir.quality._scattering import rayleigh_depth
from offnadir.units import nm

Array = NDArray[np.float64]
OUT = Path(__file__).parents[1] / "src" / "offnadir" / "data" / "gases.csv"
#: Columns of water [kg/m2] and ozone [m] of the AFGL model atmospheres 1 to 6, integrated from
#: the profiles in the same source, log-linear in height.
COLUMNS = {
    1: (41.18, 0.002820),
    2: (29.24, 0.003344),
    3: (8.52, 0.003782),
    4: (20.83, 0.003477),
    5: (4.16, 0.003755),
    6: (14.17, 0.003442),
}
ANGLES_DEG = (0.0, 48.2, 60.0, 70.5, 75.5)
WATER, OZONE, MIXED = (17, 5), (8,), (36, 44, 46, 47, 50, 58, 4, 11, 52, 54, 55, 56)
FLAT = 1e-4  # absorption below this is none
MODTRAN_AOD_550 = 0.33  # of the run with 23 km, from its transmittance where no gas absorbs


def compiled(source: Path, folder: str) -> Any:
    """LOWTRAN 7 as a module, giving every gas by itself instead of the total in each column."""
    text = source.read_text("latin-1")
    text, changed = re.subn(r"(TXPy\(IPython,:\) = )TX\(9\)", r"\1TX(1:63)", text)
    if changed != 1:
        sys.exit(f"{source}: not the LOWTRAN 7 source of the package lowtran")
    (Path(folder) / "lowtran7.f").write_text(text, "latin-1")
    command = [sys.executable, "-m", "numpy.f2py", "-c", "lowtran7.f", "-m", "lowtran7"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    sys.path.insert(0, folder)
    return importlib.import_module("lowtran7")


def transmittances(lowtran7: Any, model: int, angle_deg: float) -> tuple[Array, Array]:
    """Wavelength [nm] and transmittance of each of LOWTRAN's 63 kinds, ground to space."""
    step, short, long = 5.0, 1e7 / 280.0, 5 * math.floor(1e7 / 2660.0 / 5)
    rows = math.ceil((short - long) / step) + 1
    tx, wavenumber, *_ = lowtran7.lwtrn7(
        True, rows, long, short, step, model, 3, 0, 0, 0, 0, 0, 0, 0, [0] * 12, 0, 0, angle_deg, 0
    )
    told = np.asarray(wavenumber) > 0  # the last row may stay empty
    return 1e7 / np.asarray(wavenumber, np.float64)[told], np.asarray(tx, np.float64)[told]


def triangle(wavelength: Array, value: Array, centre: float) -> float:
    """Mean over a triangle of 20 nm at half height; evenly spaced in wavenumber."""
    weight = np.clip(1 - np.abs(wavelength - centre) / 20.0, 0, None) * wavelength**2
    return float(np.sum(weight * value) / np.sum(weight))


def fitted(amount: Array, depth: Array) -> tuple[float, float]:
    """Strength k and exponent a of depth = (k u)^a by least squares of the logarithms."""
    good = (depth > FLAT) & (depth < 8)
    if np.count_nonzero(good) < 3 or np.max(depth) < 10 * FLAT:
        return 0.0, 1.0
    trans = np.exp(-depth[good])
    weight = trans * depth[good] + 1e-6  # what an error of ln(depth) does to the transmittance
    a, b = np.polyfit(np.log(amount[good]), np.log(depth[good]), 1, w=weight)
    return float(np.exp(b / a)), float(a)


def newer_depth(folder: Path, grid: Array) -> Array:
    """Depth of the gases in MODTRAN's vertical path from ground to space with 23 km of visibility."""
    decoder = np.genfromtxt(folder / "fileDecoder.csv", delimiter=",", skip_header=1)
    wanted = (decoder[:, 1] == 550) & (decoder[:, 2] == 0) & (decoder[:, 3] == 1)
    run = folder / f"{decoder[wanted][0, 0]:.0f}.bin"
    trans = np.fromfile(run, np.float32).reshape((1371, 5), order="F")[:, 0]
    total = -np.log(np.interp(grid, np.linspace(300, 14000, 1371), trans.clip(1e-12)))
    haze = [
        haze_optics(grid * nm, part, kind)[0]
        for part, kind in zip(split_height(MODTRAN_AOD_550), ("rural", "tropospheric"), strict=True)
    ]
    return np.asarray(total - sum(haze) - rayleigh_depth(grid * nm, 101_325.0), np.float64)


def main() -> None:
    grid = np.arange(300.0, 2601.0, 10.0)
    kinds = {"water": WATER, "ozone": OZONE, "mixed": MIXED}
    depth: dict[str, list[Array]] = {name: [] for name in kinds}
    amount: dict[str, list[float]] = {name: [] for name in kinds}
    with tempfile.TemporaryDirectory() as folder:
        lowtran7 = compiled(Path(sys.argv[1]), folder)
        for model, (water_kg_m2, ozone_m) in COLUMNS.items():
            for angle_deg in ANGLES_DEG:
                wavelength_nm, tx = transmittances(lowtran7, model, angle_deg)
                mass = 1 / math.cos(math.radians(angle_deg))
                for name, full in (("water", water_kg_m2), ("ozone", ozone_m), ("mixed", 1.0)):
                    product = np.prod(tx[:, [n - 1 for n in kinds[name]]], axis=1)
                    mean = np.array([triangle(wavelength_nm, product, centre) for centre in grid])
                    depth[name].append(-np.log(np.clip(mean, 1e-30, 1)))
                    amount[name].append(full * mass)
    newer = newer_depth(Path(sys.argv[2]), grid)
    summer = len(ANGLES_DEG)  # the vertical path of model 2
    rows = ["wavelength_nm,water_k,water_a,mixed_k,mixed_a,ozone_per_m"]
    for i, centre in enumerate(grid):
        numbers = [
            fitted(np.array(amount[n]), np.array(depth[n])[:, i]) for n in ("water", "mixed")
        ]
        ozone = np.array(depth["ozone"])[:, i] / np.array(amount["ozone"])
        old = sum((k * u) ** a for (k, a), u in zip(numbers, (COLUMNS[2][0], 1.0), strict=True))
        new = newer[i] - depth["ozone"][summer][i]
        ratio = min(max(new / old, 0.25), 4.0) if old > 0.005 and new < 4 else 1.0
        cells = [f"{x:.4g}" for k, a in numbers for x in (k * ratio ** (1 / a), a)]
        rows.append(",".join([f"{centre:.0f}", *cells, f"{np.median(ozone):.4g}"]))
    OUT.write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
