"""Real pictures and published figures: sample distances, cases with a source, the sensor library."""

from __future__ import annotations

import csv
import json
import math
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from image_quality import Part
from offnadir.earth import EarthOrientation, Site, itrf_to_geodetic
from offnadir.epoch import Epoch, Span
from offnadir.geometry import (
    incidence_from_off_nadir_rad,
    look_angles,
    orbital_period_s,
    sar_ground_range_resolution_m,
    slant_range_m,
)
from offnadir.orbits import make_ephemeris, read_elements
from offnadir.quality import (
    Atmosphere,
    giqe4_niirs,
    giqe5_niirs,
    predict,
    rer_from_design,
    transmittance_to_space,
    weighted_rer,
)
from offnadir.sensors import (
    Radar,
    Sensor,
    agility_profile,
    load_sensor,
    sensor_facts,
    sensor_names,
    sensor_of_satellite,
    slew_time_s,
)
from offnadir.units import deg, km, nm, um

Array = NDArray[np.float64]
BINS = ((0, 10), (10, 20), (20, 30), (30, 40), (40, 60))
EARTH_KM = 6371.0


@dataclass(frozen=True)
class Point:
    """One tile: published off-nadir [deg] and sample distance, and ours by two ways [m]."""

    platform: str
    off_nadir_deg: float
    published_m: float
    by_angle_m: float
    by_orbit_m: float
    arithmetic_m: float  # by the angle, the arithmetic mean of both directions


def strips(data: Path) -> list[Part]:
    """Published sample distances of the tiles of Maxar strips."""
    points: list[Point] = []
    left_out: Counter[str] = Counter()
    orientation = EarthOrientation.bundled()
    lines = (data / "acquisitions" / "maxar.jsonl").read_text().splitlines()
    for line in lines:
        record = json.loads(line)
        tiles = record["points"]
        sensor, nearest = sensor_of_satellite(record["norad"]), record.get("tle_nearest")
        why = (
            "marked as wrong" if record.get("known_bad")
            else "no camera in the library" if not isinstance(sensor, Sensor)
            else "no element set within 3 days" if not nearest or abs(nearest["age_days"]) > 3
            else ""
        )  # fmt: skip
        if why or not isinstance(sensor, Sensor):
            left_out[why] += len(tiles)
            continue
        for tile in tiles:
            if tile.get("gsd") is None or tile.get("off_nadir") is None:
                left_out["no sample distance or angle published"] += 1
            else:
                points.append(_point(record, sensor, tile, orientation))
    rows = [_row("all", points)]
    rows += [
        _row(name, [p for p in points if p.platform == name])
        for name in sorted({p.platform for p in points})
    ]
    for low, high in BINS:
        inside = [p for p in points if low <= p.off_nadir_deg < high]
        if inside:
            rows.append(_row(f"{low} to {high} deg off nadir", inside))
    told = ", ".join(f"{n} ({why})" for why, n in left_out.items()) or "none"
    worst = max(points, key=lambda p: abs(p.by_angle_m / p.published_m - 1))
    rounding = 100 * float(np.median([0.0025 / p.published_m for p in points]))
    return [
        Part(
            "Real pictures: published sample distance of tiles of Maxar strips",
            [
                "", "tiles", "median [%]", "ninth decile [%]", "worst [%]", "mean, signed [%]",
                "same, arithmetic mean of both directions [%]",
                "by the orbit alone: median [%]", "ninth decile [%]", "worst [%]",
            ],
            rows,
            f"{len(lines)} strips. Left out: {told}. First columns: `predict` at the published "
            "off-nadir angle and the height of the nearest element set (half a second after the "
            "published second, which is cut off), on a sphere. Last three: range and incidence "
            "from the element set and the tile's place alone; a second along the orbit is up to "
            f"half a degree. Two digits are published: rounding alone makes {rounding:.2f} % in "
            f"the median. The worst is {worst.platform} at {worst.off_nadir_deg:.1f} deg: "
            f"{worst.published_m:.2f} m published, {worst.by_angle_m:.3f} m ours.",
        )
    ]  # fmt: skip


def _point(
    record: dict[str, Any], sensor: Sensor, tile: dict[str, Any], orientation: EarthOrientation
) -> Point:
    with tempfile.NamedTemporaryFile("w", suffix=".tle") as stream:
        stream.write(f"{record['tle_nearest']['line1']}\n{record['tle_nearest']['line2']}\n")
        stream.flush()
        (elements,) = read_elements(Path(stream.name)).elements
    time = Epoch.from_utc(tile["time_utc"]) + 0.5
    ephemeris = make_ephemeris(elements, Span(time + -60.0, time + 60.0), orientation)
    at = [time.tai_ns]
    r, v = ephemeris.position_itrf_m(at), ephemeris.velocity_itrf_m_s(at)
    height = float(itrf_to_geodetic(r)[2][0])
    off = tile["off_nadir"] * deg
    site = Site(name="tile", lat_rad=tile["lat"] * deg, lon_rad=tile["lon"] * deg)
    look = look_angles(r, v, site.r_itrf_m, site.lat_rad, site.lon_rad)
    distance = float(slant_range_m(off, height))
    incidence = float(incidence_from_off_nadir_rad(off, height))
    seen = predict(sensor, range_m=distance, incidence_rad=incidence, sun_elevation_rad=45 * deg)
    up = float(look.elevation_rad[0])
    return Point(
        platform=record["platform"],
        off_nadir_deg=tile["off_nadir"],
        published_m=tile["gsd"],
        by_angle_m=float(seen.gsd_m),
        by_orbit_m=_gsd_m(sensor, float(look.range_m[0]), math.pi / 2 - up),
        arithmetic_m=float(seen.gsd_along_m + seen.gsd_across_m) / 2,
    )


def _gsd_m(sensor: Sensor, range_m: float, incidence_rad: float) -> float:
    seen = predict(sensor, range_m=range_m, incidence_rad=incidence_rad, sun_elevation_rad=45 * deg)
    return float(seen.gsd_m)


def _row(title: str, points: list[Point]) -> list[str]:
    published = np.array([p.published_m for p in points])
    angle = np.array([p.by_angle_m for p in points]) / published - 1
    orbit = np.array([p.by_orbit_m for p in points]) / published - 1
    return [
        title,
        str(len(points)),
        *_spread(angle),
        f"{100 * angle.mean():+.2f}",
        f"{100 * (np.array([p.arithmetic_m for p in points]) / published - 1).mean():+.2f}",
        *_spread(orbit),
    ]


def _spread(apart: Array) -> list[str]:
    size = 100 * np.abs(apart)
    return [f"{v:.2f}" for v in (np.median(size), np.percentile(size, 90), size.max())]


def _giqe5(g: dict[str, Any]) -> float:
    return float(giqe5_niirs(g["gsd_m"], g["rer"], g["snr"], g["elev_deg"] * deg))


def _delta(g: dict[str, Any]) -> float:
    pair = weighted_rer(g["rer_along"], g["rer_cross"])
    reference = weighted_rer(g["ref_rer_along"], g["ref_rer_cross"])
    return float(giqe5_niirs(1.0, pair, g["snr"]) - giqe5_niirs(1.0, reference, g["snr"]))


def _design(g: dict[str, Any]) -> float:
    return rer_from_design(
        q=g["q"],
        obscuration=math.sqrt(g["obscuration_area_fraction"]),
        wfe_rms_waves=g["wfe_rms_waves"],
        wfe_correlation=g["wfe_corr_norm"],
        smear_px=g["smear_px"],
        tdi_clocking_px=g["clocking_px"],
    )


def _nadir(g: dict[str, Any]) -> float:
    return g["alt_km"] * km * g["pitch_um"] * um / g["focal_m"]  # type: ignore[no-any-return]


def _through(g: dict[str, Any]) -> float:
    air = Atmosphere.of_profile(g["profile"], aod_550=g["aod_550"], aerosol=g["aerosol"])
    return float(transmittance_to_space(air, g["wavelength_nm"] * nm, g["view_zenith_deg"] * deg))


def _slew(g: dict[str, Any]) -> float:
    half = g["ground_separation_km"] / 2 / EARTH_KM
    high = g["alt_km"] + EARTH_KM * (1 - math.cos(half))
    turned = 2 * math.atan2(EARTH_KM * math.sin(half), high)
    return float(slew_time_s(turned, agility_profile(g["agility"])))


CASES: dict[str, Callable[[dict[str, Any]], float]] = {
    "giqe4_niirs": lambda g: float(giqe4_niirs(g["gsd_m"], g["rer"], g["h"], g["g"], g["snr"])),
    "giqe5_niirs": _giqe5,
    "giqe5_delta_niirs": _delta,
    "giqe5_weighted_rer": lambda g: float(weighted_rer(g["rer_along"], g["rer_cross"])),
    "rer_from_design": _design,
    "gsd_nadir_m": _nadir,
    "incidence_deg": lambda g: float(
        incidence_from_off_nadir_rad(g["off_nadir_deg"] * deg, g["alt_km"] * km) / deg
    ),
    "orbital_period_min": lambda g: orbital_period_s(g["alt_km"] * km) / 60,
    "sar_ground_range_resolution_m": lambda g: float(
        sar_ground_range_resolution_m(g["slant_range_resolution_m"], g["incidence_deg"] * deg)
    ),
    "ground_to_toa_transmittance": _through,
    "slew_time_s": _slew,
}  # fmt: skip


def cases(data: Path) -> Part:
    """Every case of image_quality/cases.csv through public functions."""
    with (data / "image_quality" / "cases.csv").open() as stream:
        given = list(csv.DictReader(stream))
    rows, within = [], 0
    for case in given:
        expected, tolerance = float(case["expected"]), float(case["tolerance"])
        compute = CASES.get(case["quantity"])
        if compute is None:
            rows.append([case["id"], case["quantity"], expected, "-", "-", tolerance, "unknown"])
            continue
        value = compute(json.loads(case["inputs"]))
        apart = value - expected
        met = abs(apart) <= tolerance
        within += met
        rows.append(
            [
                case["id"], case["quantity"], expected, f"{value:.4f}", f"{apart:+.4f}", tolerance,
                "yes" if met else "NO",
            ]
        )  # fmt: skip
    return Part(
        "Published cases",
        ["case", "quantity", "published", "ours", "difference", "tolerance", "met"],
        rows,
        f"{within} of {len(given)} within tolerance.",
    )


def library() -> Part:
    """Published sample distance and swath of the cameras in the library."""
    found: dict[str, list[tuple[float, str]]] = {"nadir": [], "swath": [], "angle": []}
    for name in sensor_names():
        sensor = load_sensor(name)
        if isinstance(sensor, Radar):
            continue
        facts = {fact["figure"]: fact["value"] for fact in sensor_facts(name)}
        if "published_gsd_m" in facts:
            found["nadir"].append((sensor.gsd_nadir_m / facts["published_gsd_m"] - 1, name))
        if "published_swath_km" in facts:
            swath = sensor.swath_nadir_m / (facts["published_swath_km"] * km)
            found["swath"].append((swath - 1, name))
        for angle_deg, published_m in facts.get("published_gsd_at_deg", ()):
            off, height = angle_deg * deg, sensor.reference_altitude_m
            seen = _gsd_m(
                sensor,
                float(slant_range_m(off, height)),
                float(incidence_from_off_nadir_rad(off, height)),
            )
            found["angle"].append((seen / published_m - 1, f"{name} at {angle_deg:g} deg"))
    titles = {
        "nadir": "sample distance straight below",
        "swath": "swath straight below",
        "angle": "sample distance at an angle",
    }
    rows = []
    for key, title in titles.items():
        apart = np.array([v for v, _ in found[key]])
        worst, name = max(found[key], key=lambda row: abs(row[0]))
        rows.append(
            [
                title, len(apart), f"{100 * np.median(np.abs(apart)):.2f}", f"{100 * worst:+.2f}",
                name,
            ]
        )  # fmt: skip
    return Part(
        "Library cameras against what is published",
        ["figure", "cameras or cases", "median [%]", "worst [%]", "which"],
        rows,
        "Where a focal length or a number of columns is not published it was drawn from these "
        "very figures, so straight below this shows that nothing was broken rather than that it "
        "is right; at an angle it is a test.",
    )
