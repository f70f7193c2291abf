"""Captures: what is measured on them beside what `quality` predicts, and what a large one takes."""

from __future__ import annotations

import math
import os
import resource
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from image_chain import Setting
from image_chain.half_planes import HalfPlanes
from offnadir.constants import WGS84_A_M, WGS84_E2
from offnadir.data import bundled_bytes
from offnadir.earth import EarthOrientation, Site, itrf_to_geodetic, sun_itrf_m, up
from offnadir.epoch import Epoch, Span
from offnadir.imagery import Acquisition, CaptureOptions, acquire, capture, measure_edge, models
from offnadir.imagery._grid import Grid
from offnadir.imagery._noise import Flaws
from offnadir.imagery._raster import opened
from offnadir.imagery._synthetic import SyntheticScene
from offnadir.imagery._synthetic_world import frame_of
from offnadir.orbits import Ephemeris, make_ephemeris, read_elements
from offnadir.quality import Atmosphere, giqe5_niirs, weighted_rer
from offnadir.sensors import Sensor, load_camera
from offnadir.units import deg, km

WORLDVIEW_3 = 40115
EPOCH = "2026-05-31T01:54:18Z"
SIDE = 300
AT = np.array([0.25, 0.5])  # half of Nyquist's frequency, and that itself [cycles/pixel]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row of the table: a camera on WorldView-3's orbit, and how it looks."""

    label: str
    sensor: str = "worldview-3"
    band: str = "sharpest"
    aside_m: float = 0.0
    scan_deg: float | None = None  # from the way it flies
    turned: bool = False
    sun_deg: float | None = None
    visibility_m: float = 23 * km
    chips: int = 1
    chip: int | None = None
    seeds: int = 3


CASES = (
    Case(label="straight below"),
    Case(label="right, 30 deg", aside_m=350 * km),
    Case(label="left, 30 deg", aside_m=-350 * km),
    Case(label="scan across the flight", aside_m=100 * km, scan_deg=90.0),
    Case(label="scan backwards", scan_deg=180.0),
    Case(label="detectors turned", turned=True),
    Case(label="first of three chips", chips=3, chip=0),
    Case(label="last of three chips", chips=3, chip=2),
    Case(label="low Sun", sun_deg=12.0, seeds=12),
    Case(label="haze", visibility_m=5 * km, seeds=6),
    Case(label="red", band="red"),
    Case(label="near infrared", band="nir1"),
    Case(label="Pleiades", sensor="pleiades-1", seeds=6),
    Case(label="KOMPSAT-3", sensor="kompsat-3"),
    Case(label="SkySat, a frame", sensor="skysat-c"),
    Case(label="Sentinel-2, blue", sensor="sentinel-2", band="B02 blue"),
)


def ephemeris(norad_id: int, epoch: Epoch, span_s: float = 120.0) -> Ephemeris:
    """The demo mission's element set of a satellite, around a time."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "elements.json"
        path.write_bytes(bundled_bytes("demo/elements.omm.json"))
        (one,) = (each for each in read_elements(path).elements if each.norad_id == norad_id)
    return make_ephemeris(one, Span(epoch + -span_s, epoch + span_s))


def time_of_sun(norad_id: int, start: Epoch, sun_rad: float) -> Epoch:
    """When the Sun next stands so high over the place below a satellite, within two turns."""
    orbit = ephemeris(norad_id, start + 6000.0, 6000.0)
    tai_ns = start.tai_ns + (np.arange(0, 12_000, 5) * 1_000_000_000)
    lat, lon, _ = itrf_to_geodetic(orbit.position_itrf_m(tai_ns))
    sun = sun_itrf_m(tai_ns, EarthOrientation.bundled())
    sun = sun / np.linalg.norm(sun, axis=1)[:, None]
    height = np.arcsin(np.sum(up(lat, lon) * sun, axis=1))
    return Epoch(int(tai_ns[np.argmin(np.abs(height - sun_rad))]))


def beside(orbit: Ephemeris, epoch: Epoch, aside_m: float) -> Site:
    """The place so far to the right of the flight."""
    r, v = orbit.position_itrf_m([epoch.tai_ns])[0], orbit.velocity_itrf_m_s([epoch.tai_ns])[0]
    right = np.cross(v, r)
    place = r / np.linalg.norm(r) * 6371 * km + aside_m * right / np.linalg.norm(right)
    lat, lon, _ = itrf_to_geodetic(place)
    return Site(name="aim", lat_rad=float(lat), lon_rad=float(lon))


def acquisition_of(case: Case) -> Acquisition:
    sensor = load_camera(case.sensor)
    if case.chips > 1:
        sensor = replace(
            sensor, detector=replace(sensor.detector, chips=case.chips, columns=360 * case.chips)
        )
    epoch = Epoch.from_utc(EPOCH)
    if case.sun_deg is not None:
        epoch = time_of_sun(WORLDVIEW_3, epoch, case.sun_deg * deg)
    orbit = ephemeris(WORLDVIEW_3, epoch)
    aim = beside(orbit, epoch, case.aside_m)
    band = next(one for one in (sensor.band, *sensor.bands) if one.name == case.band)
    side = round(SIDE * band.gsd_ratio) if case.chips == 1 else sensor.detector.columns
    more: dict[str, Any] = {"size": (round(SIDE * band.gsd_ratio), side), "bands": [case.band]}
    free = acquire(orbit, sensor, aim, epoch, **more)
    if case.scan_deg is not None:
        more["scan_azimuth_rad"] = free.scan_azimuth_rad + case.scan_deg * deg
        # the other way round the satellite turns as fast again: a slower line rate spares it
        more["line_rate_hz"] = 0.3 * free.line_rate_hz
    return acquire(orbit, sensor, aim, epoch, turned=case.turned, **more)


def edge(model: Any, across: bool, low: float, high: float, shift_m: float = 0.0) -> HalfPlanes:
    """Ground of two reflectances, parted 5 deg off the picture's columns (or lines) through its middle.

    `shift_m` moves it along the lines (or down the columns), on the ground.
    """
    line, column = ((side - 1) / 2 for side in model.shape)
    reach, lean = 100.0, 100.0 * math.tan(5 * deg)
    ends = [(line - reach, column - lean), (line + reach, column + lean)]
    if not across:
        ends = [(line - lean, column + reach), (line + lean, column - reach)]
    places = [model.locate(*one, 0.0) for one in ends]
    if shift_m:
        one = (line, column + 50.0) if across else (line + 50.0, column)
        here, there = (model.locate(*at, 0.0) for at in ((line, column), one))
        north_m, east_m = _per_radian(float(here[0]))
        way = np.array([float(there[0] - here[0]) * north_m, float(there[1] - here[1]) * east_m])
        way *= shift_m / np.hypot(*way)
        places = [(a + way[0] / north_m, b + way[1] / east_m) for a, b in places]
    start, stop = ((float(a), float(b)) for a, b in places)
    return HalfPlanes(start=start, stop=stop, low=low, high=high)


def _per_radian(lat_rad: float) -> tuple[float, float]:
    """Metres of a radian of latitude and of longitude on the ellipsoid."""
    bend = 1 - WGS84_E2 * math.sin(lat_rad) ** 2
    return WGS84_A_M * (1 - WGS84_E2) / bend**1.5, WGS84_A_M / math.sqrt(bend) * math.cos(lat_rad)


def picture(
    acquisition: Acquisition, scene: Any, case: Case, work: Path, seed: int
) -> tuple[np.ndarray, dict[str, Any], float]:
    """Counts of a case's chip, what is predicted of them, and electrons per count."""
    folder = work / "closed-loop"
    shutil.rmtree(folder, ignore_errors=True)
    options = CaptureOptions(
        flaws=Flaws.none(),
        seed=seed,
        atmosphere=Atmosphere(visibility_m=case.visibility_m),
        threads=1,
    )
    level1 = capture(acquisition, scene, folder, options)
    image = next(one for one in level1.images if case.chip in (None, one.chip))
    with opened(folder / image.file) as dataset:
        values = dataset.read(1).astype(float)
    return values, level1.notes["predicted"][image.file], image.electrons_per_count


@dataclass(frozen=True, kw_only=True)
class Found:
    """Measured and predicted, along and across."""

    mtf: np.ndarray  # (2, 2): along and across, at half of Nyquist's and at Nyquist's
    mtf_predicted: np.ndarray
    rer: np.ndarray
    rer_predicted: np.ndarray
    gsd_m: np.ndarray
    gsd_predicted_m: np.ndarray
    snr: float
    snr_predicted: float
    niirs: float
    niirs_predicted: float


def measure(case: Case, work: Path) -> tuple[Acquisition, Found]:
    """Take the pictures of a case, and measure them."""
    acquisition, seeds = acquisition_of(case), case.seeds
    model = next(one for one in models(acquisition)[case.band] if case.chip in (None, one.chip))
    mtf, rer, gsd = np.zeros((2, 2)), np.zeros(2), np.zeros(2)
    told: dict[str, Any] = {}
    for way, across in enumerate((False, True)):
        for seed in range(seeds):
            values, told, _ = picture(
                acquisition, edge(model, across, 0.05, 0.60), case, work, seed
            )
            found = measure_edge(values)
            mtf[way] += found.mtf_at(AT) / seeds
            rer[way] += found.rer / seeds
        nominal_m = told["gsd_across_m" if across else "gsd_along_m"]
        shift_m = 60.0 * round(nominal_m, 2)
        other, _, _ = picture(acquisition, edge(model, across, 0.05, 0.60, shift_m), case, work, 0)
        gsd[way] = shift_m / abs(measure_edge(other).position_px - found.position_px)
    values, told, _ = picture(acquisition, edge(model, True, 0.07, 0.15), case, work, seeds)
    grey = measure_edge(values)
    snr = (grey.high - grey.low) / grey.noise_high
    view = acquisition.view
    normal_m = math.sqrt(float(gsd[0] * gsd[1]) * math.cos(view.incidence_rad))
    ways = told["mtf_at_quarter_and_half_cycle"]
    return acquisition, Found(
        mtf=mtf, mtf_predicted=np.array([ways["along"], ways["across"]]),
        rer=rer, rer_predicted=np.array(told["rer"]),
        gsd_m=gsd, gsd_predicted_m=np.array([told["gsd_along_m"], told["gsd_across_m"]]),
        snr=snr, snr_predicted=told["snr"],
        niirs=float(giqe5_niirs(normal_m, weighted_rer(*rer), snr, math.pi / 2 - view.incidence_rad)),
        niirs_predicted=told["niirs"],
    )  # fmt: skip


def closed_loop(setting: Setting) -> None:
    """The table: measured less predicted."""
    print("\n### Closed loop: measured on captures, less predicted\n")
    print("MTF at half of Nyquist's frequency and at it; along / across the scan.\n")
    print("| case | off-nadir, Sun | MTF along | MTF across | RER | GSD % | SNR (%) | NIIRS |")
    print("|---|---|---|---|---|---|---|---|")
    worst = np.zeros(4)
    for case in CASES:
        acquisition, f = measure(case, setting.work)
        view = acquisition.view
        d_mtf, d_rer = f.mtf - f.mtf_predicted, f.rer - f.rer_predicted
        d_gsd, d_snr = f.gsd_m / f.gsd_predicted_m - 1, f.snr / f.snr_predicted - 1
        d_niirs = f.niirs - f.niirs_predicted
        mtf = [", ".join(f"{f.mtf[w, k]:.3f} ({d_mtf[w, k]:+.3f})" for k in (0, 1)) for w in (0, 1)]
        print(
            f"| {case.label} | {view.off_nadir_rad / deg:.0f}, {view.sun_elevation_rad / deg:.0f} deg | "
            f"{mtf[0]} | {mtf[1]} | {f.rer[0]:.3f} ({d_rer[0]:+.3f}) / {f.rer[1]:.3f} ({d_rer[1]:+.3f}) | "
            f"{100 * d_gsd[0]:+.2f} / {100 * d_gsd[1]:+.2f} | {f.snr:.1f} ({100 * d_snr:+.1f}) | "
            f"{f.niirs:.2f} ({d_niirs:+.3f}) |",
            flush=True,
        )
        here = [np.abs(d_mtf).max(), np.abs(d_gsd).max(), abs(d_snr), abs(d_niirs)]
        worst = np.maximum(worst, here)
    print(
        f"\nWorst: MTF {worst[0]:.3f} (0.02 wanted), GSD {100 * worst[1]:.2f} % (0.5), "
        f"SNR {100 * worst[2]:.1f} % (5), NIIRS {worst[3]:.3f} (0.1)"
    )


BAR_CPU_S_PER_PIXEL = 180.0 / 1e8  # 10,000 x 10,000 in 90 s on two processors
BAR_GROUND = 10e6  # pixels of made-up ground a CPU second


def large(setting: Setting) -> None:
    """One picture of `size` x `size` pixels of made-up ground, from light to files; and ground alone."""
    sensor: Sensor = load_camera("worldview-3")
    epoch = Epoch.from_utc(EPOCH)
    orbit = ephemeris(WORLDVIEW_3, epoch)
    aim = beside(orbit, epoch, -250 * km)  # land, 21 deg off nadir
    scene = SyntheticScene(lat_rad=aim.lat_rad, lon_rad=aim.lon_rad, seed=1)
    alt_m = float(scene.terrain.height_m(aim.lat_rad, aim.lon_rad))
    aim = replace(aim, alt_m=alt_m)
    print(f"\n### Capture of {setting.size} x {setting.size} pixels, WorldView-3, made-up town\n")
    print("Two threads; the bar is 180 CPU seconds for 10,000 x 10,000, scaled by pixels.\n")
    print("| wall s | CPU s | CPU against the bar | peak MiB | load |\n|---|---|---|---|---|")
    for size in (300, setting.size):
        taken = acquire(orbit, sensor, aim, epoch, size=(size, size), bands=["sharpest"])
        folder = setting.work / "large"
        shutil.rmtree(folder, ignore_errors=True)
        wall, cpu = time.perf_counter(), time.process_time()
        capture(taken, scene, folder)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if size == setting.size:  # the first one compiles
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            ratio = cpu / (BAR_CPU_S_PER_PIXEL * size**2)
            print(
                f"| {wall:.1f} | {cpu:.1f} | {ratio:.2f} | {peak:.0f} | {os.getloadavg()[0]:.1f} |",
                flush=True,
            )
    shutil.rmtree(setting.work / "large", ignore_errors=True)
    ground(scene, sensor)


def ground(scene: SyntheticScene, sensor: Sensor) -> None:
    """Reflectance and light of made-up ground alone, pixels a CPU second of one thread."""
    print("\n### Made-up ground: reflectance and light\n")
    print("| step m | where | million pixels a CPU s | against the bar |\n|---|---|---|---|")
    side = 1500
    for step_m in (0.1, 0.3, 1.0, 2.0, 30.0):
        for place, away_m in (("town", 600.0), ("beside it", 5000.0)):
            half = step_m * side / 2
            here = Grid(
                crs=scene.crs, transform=(step_m, 0, away_m - half, 0, -step_m, away_m + half),
                shape=(side, side),
            )  # fmt: skip
            best = math.inf
            for _ in range(2):  # the first one may compile
                cpu = time.thread_time()
                scene.patch(here, sensor.band)
                scene.light(here, 150 * deg, 40 * deg)
                best = min(best, time.thread_time() - cpu)
                frame_of.cache_clear()
            rate = side**2 / best
            print(
                f"| {step_m:g} | {place} | {rate / 1e6:.1f} | {rate / BAR_GROUND:.2f} |", flush=True
            )
