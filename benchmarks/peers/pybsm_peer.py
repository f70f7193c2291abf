"""pyBSM: a list of tasks in, one answer each out. Lengths in metres, angles in radians, as pyBSM has them."""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from pybsm import geospatial, metrics, otf, radiance, utils
from pybsm.simulation.scenario import Scenario
from pybsm.simulation.sensor import Sensor

Answer = dict[str, Any]
terms = otf.functional
quality = metrics.functional


def giqe(rows: list[list[float]]) -> Answer:
    """Each row: GSD in the normal plane, two RER, SNR, elevation, overshoot, noise gain."""
    five, four, three = [], [], []
    for gsd, rer_1, rer_2, snr, elevation, eho, gain in rows:
        mean = float(np.sqrt(rer_1 * rer_2))
        common = {"rer": mean, "eho": eho, "ng": gain, "snr": snr}
        five.append(
            quality.giqe5(rer_1=rer_1, rer_2=rer_2, gsd=gsd, snr=snr, elev_angle=elevation)[0]
        )
        four.append(quality.giqe4(gsd=gsd, elev_angle=elevation, **common)[0])
        three.append(quality.giqe3(gsd=gsd / np.sqrt(np.sin(elevation)), **common))
    return {"five": five, "four": four, "three": three}


def mtf(term: str, frequency: list[float], arguments: dict[str, float]) -> Answer:
    """One OTF along u, frequency in cycles/radian; its absolute value."""
    u = np.array([frequency], float)
    function = getattr(terms, f"{term}_OTF")
    given = {"u_or_v": u} if term == "tdi" else {"u": u, "v": np.zeros_like(u)}
    return {"mtf": np.abs(function(**given, **arguments))[0].tolist()}


def chain(design: dict[str, Any], points: int) -> Answer:
    """The 2-D chain of `niirs5` for a design: OTFs on a grid, slices, edges. x is along the scan."""
    wavelengths = np.array(design["wavelengths"])
    sensor = Sensor(
        name="design", D=design["D"], f=design["f"], p_x=design["pitch"], eta=design["eta"],
        opt_trans_wavelengths=np.array([wavelengths.min(), wavelengths.max()]),
        s_x=design["jitter"], s_y=design["jitter"], da_x=design["smear"],
        pv=design["pv"], pv_wavelength=design["pv_wavelength"],
    )  # fmt: skip
    sensor.L_x = sensor.L_y = design["L"]
    scenario = Scenario(name="no air", ihaze=1, altitude=9000.0, ground_range=0.0, cn2_at_1m=0.0)
    cutoff = sensor.D / wavelengths.min()
    axis = np.linspace(-1.0, 1.0, points) * cutoff
    uu, vv = np.meshgrid(axis, axis[::-1])
    found = terms.common_OTFs(
        sensor=sensor, scenario=scenario, uu=uu, vv=vv, mtf_wavelengths=wavelengths,
        mtf_weights=np.ones(len(wavelengths)), slant_range=9000.0, int_time=1.0,
    )  # fmt: skip
    # Clocking is no part of pyBSM's common terms; it is another drift.
    clocking = terms.drift_OTF(u=uu, v=vv, a_x=design["clocking"], a_y=0.0)
    system = np.abs(found.system_OTF * clocking)
    df, ifov = axis[1] - axis[0], design["pitch"] / design["f"]
    given = {"mtf": system, "df": df, "ifov_x": ifov, "ifov_y": ifov}
    along, across = quality.giqe5_RER(**given)
    _, eho = quality.giqe_edge_terms(**given)
    slices = [terms.slice_otf(otf=system, ang=angle) for angle in (0.0, np.pi / 2)]
    return {
        "along": along, "across": across, "eho": eho, "df": df, "slices": [s.tolist() for s in slices],
    }  # fmt: skip


def electrons(
    sensor: dict[str, Any], wavelengths: list[float], target: list[float], background: list[float]
) -> Answer:
    """Electrons and contrast SNR for two spectral radiances [W/(m2 sr m)] at the aperture."""
    snr = radiance.functional.photon_detector_SNR(
        sensor=camera(sensor),
        radiance_wavelengths=np.array(wavelengths),
        target_radiance=np.array(target),
        background_radiance=np.array(background),
    )
    return {
        "target": snr.tgt_n, "background": snr.bkg_n, "noise": snr.total_noise, "snr": snr.snr,
        "exposure": snr.int_time,
    }  # fmt: skip


def atmosphere(
    altitude: float, ground_range: float, ihaze: int, wavelengths: list[float]
) -> Answer:
    """Transmittance and radiances of the nearest wavelengths, and the incidence at the target."""
    rows = utils.load_database_atmosphere_no_interp(
        altitude=altitude, ground_range=ground_range, ihaze=ihaze
    )
    at = [int(np.argmin(np.abs(rows[:, 0] - w))) for w in wavelengths]
    distance = geospatial.curved_earth_slant_range(
        h_target=0.0, h_sensor=altitude, ground_range=ground_range
    )
    nadir = geospatial.nadir_angle(h_target=0.0, h_sensor=altitude, slant_range=distance)
    names = ("transmittance", "thermal", "emitted", "scattered", "reflected")
    return {
        "incidence": float(nadir) + ground_range / geospatial.r_earth,
        **{name: rows[at, i + 1].tolist() for i, name in enumerate(names)},
    }


def niirs(sensor: dict[str, Any], scenario: dict[str, Any], interp: bool, runs: int) -> Answer:
    """`niirs5` of a scenario, and the seconds of the fastest call."""
    seconds = []
    for _ in range(runs):
        before = time.perf_counter()
        try:
            seen = quality.niirs5(
                sensor=camera(sensor), scenario=Scenario(name="scene", **scenario), interp=interp
            )
        except Exception as error:  # noqa: BLE001 - what it says is the answer
            return {"error": f"{type(error).__name__}: {error}"}
        seconds.append(time.perf_counter() - before)
    return {
        "niirs": seen.niirs, "along": seen.rer_0, "across": seen.rer_90, "snr": seen.snr.snr,
        "gsd": seen.gsd_x, "elevation": float(seen.elev_angle), "range": seen.slant_range,
        "target": seen.snr.tgt_n, "background": seen.snr.bkg_n, "noise": seen.snr.total_noise,
        "exposure": seen.snr.int_time, "seconds": min(seconds),
    }  # fmt: skip


def camera(given: dict[str, Any]) -> Sensor:
    """A sensor from plain numbers: what ends up in fields of the object, or in its arguments."""
    given = dict(given)
    band = np.array(given.pop("band"))
    transmission, qe, length = (given.pop(key) for key in ("transmission", "qe", "L"))
    made = Sensor(name="camera", opt_trans_wavelengths=band, qe=np.full(2, qe), **given)
    made.optics_transmission = np.full(2, transmission)
    made.L_x = made.L_y = length
    return made


TASKS = {
    "giqe": giqe, "mtf": mtf, "chain": chain, "electrons": electrons, "atmosphere": atmosphere,
    "niirs": niirs,
}  # fmt: skip


def main() -> None:
    """Answer the tasks in the file named on the command line, into one beside it."""
    warnings.simplefilter("ignore")
    path = Path(sys.argv[1])
    tasks = json.loads(path.read_text())
    answers = [TASKS[task.pop("task")](**task) for task in tasks]
    path.with_suffix(".answers.json").write_text(json.dumps(answers, default=float))


if __name__ == "__main__":
    main()
