"""Electrons, air and whole scenarios: ours against pyBSM's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from image_quality import Part, ask
from image_quality.sharpness import WFE_CORRELATION
from offnadir.constants import PLANCK_J_S, SPEED_OF_LIGHT_M_S
from offnadir.geometry import incidence_from_off_nadir_rad
from offnadir.quality import (
    Atmosphere,
    atmosphere_terms,
    budget,
    giqe5_niirs,
    predict,
    sensor_rer,
    solar_irradiance_w_m2_m,
    sun_distance_factor,
    transmittance_to_space,
    weighted_rer,
)
from offnadir.quality._signal import electronics
from offnadir.sensors import Agility, Band, Detector, Optics, Sensor, load_camera
from offnadir.units import deg, km, nm

Array = NDArray[np.float64]
SURROUNDINGS = 0.15
#: Of all of pyBSM's MODTRAN runs: Sun at 50 deg from the zenith, across the look, 23 August (day 236).
SUN_ZENITH, TURN, DAY = 50 * deg, 90 * deg, 236
VISIBILITIES = {1: 23 * km, 2: 5 * km}
WAVELENGTHS_NM = (450, 550, 650, 870, 1030, 1240, 1600, 2200)
MODTRAN_SPACE_M = 550 * km  # what its space runs are filed under
EARTH_M = 6378.164 * km  # pyBSM's
#: Albedo of the "Mixed Forest" around MODTRAN's target; atmosphere_README.txt of pyBSM's data.
FOREST_UM = (0.2, 0.5, 0.7, 0.725, 0.75, 0.775, 0.9, 0.925, 1.0, 1.25, 1.55, 1.6, 1.65, 2.0, 2.5)
FOREST = (
    0.025, 0.036, 0.032, 0.097, 0.254, 0.314, 0.31, 0.419, 0.4, 0.384, 0.19, 0.216, 0.24, 0.058, 0.05,
)  # fmt: skip


def spectrum(
    air: Atmosphere, wavelength_m: Array, reflectance: float, sun_zenith_rad: float
) -> Array:
    """Radiance [W/(m2 sr m)] over a target straight below, by the public terms of our atmosphere."""
    terms = atmosphere_terms(air, wavelength_m, sun_zenith_rad, 0.0, TURN)
    around = terms.transmittance_up - terms.transmittance_up_direct
    ground = (terms.transmittance_up_direct * reflectance + around * SURROUNDINGS) / (
        1 - SURROUNDINGS * terms.spherical_albedo
    )
    top = terms.gas_transmittance * (terms.path_reflectance + terms.transmittance_down * ground)
    level = solar_irradiance_w_m2_m(wavelength_m) * math.cos(sun_zenith_rad) / math.pi
    return np.asarray(level * top, np.float64)


def camera_of(sensor: Sensor, exposure_s: float) -> dict[str, Any]:
    """A sensor and its exposure as pyBSM takes them."""
    optics, detector = sensor.optics, sensor.detector
    return {
        "D": optics.aperture_m, "f": optics.focal_length_m, "p_x": detector.pitch_m,
        "eta": optics.obscuration, "band": [sensor.band.low_m, sensor.band.high_m],
        "transmission": optics.transmission, "qe": detector.quantum_efficiency,
        "L": WFE_CORRELATION * optics.aperture_m, "int_time": exposure_s,
        "dark_current": detector.dark_current_e_s, "read_noise": detector.read_noise_e,
        "max_n": detector.full_well_e, "bit_depth": detector.bits,
        "pv": (2 * math.pi * optics.wfe_rms_waves) ** 2, "pv_wavelength": optics.wavelength_m,
    }  # fmt: skip


def electrons() -> Part:
    """Electrons and contrast of one and the same light."""
    air, sun = Atmosphere(), 45 * deg
    sensors = [
        load_camera(n) for n in ("worldview-3", "pleiades-1", "skysat-c", "rapideye", "sentinel-2")
    ]
    tasks, lights = [], []
    for sensor in sensors:
        band, chain = sensor.band, electronics(sensor)
        wavelength = np.linspace(band.low_m, band.high_m, 1001)
        light = [spectrum(air, wavelength, r, math.pi / 2 - sun) for r in (0.15, 0.07)]
        lights.append((wavelength, light))
        tasks.append(
            {
                "task": "electrons", "sensor": camera_of(sensor, chain.exposure_s),
                "wavelengths": wavelength.tolist(), "target": light[0].tolist(),
                "background": light[1].tolist(),
            }
        )  # fmt: skip
    rows = []
    worst = 0.0
    for sensor, (wavelength, light), answer in zip(sensors, lights, ask(tasks), strict=True):
        chain = electronics(sensor)
        photons = [
            np.trapezoid(one * wavelength / (PLANCK_J_S * SPEED_OF_LIGHT_M_S), wavelength)
            for one in light
        ]
        ours = [chain.gain * one for one in photons]
        theirs = answer["target"] - chain.dark_e2
        noise = float(chain.noise_e(np.asarray(ours[0])))
        open_angle = 1 + 1 / (4 * sensor.optics.f_number**2)
        left = ours[0] / theirs / open_angle - 1
        worst = max(worst, abs(left))
        given: dict[str, Any] = {
            "range_m": sensor.reference_altitude_m, "incidence_rad": 0.0, "sun_elevation_rad": sun,
        }  # fmt: skip
        whole = budget(sensor, reflectance=0.15, **given)
        own = whole.bands[0].signal_e + whole.bands[0].haze_e
        rows.append(
            [
                sensor.name, f"{sensor.optics.f_number:.1f}", f"{theirs:,.0f}", f"{ours[0]:,.0f}",
                f"{ours[0] / theirs - 1:.2e}", f"{left:.1e}", f"{own / ours[0] - 1:+.1e}",
                f"{answer['snr']:.3f}", f"{(ours[0] - ours[1]) / noise:.3f}",
                f"{float(predict(sensor, **given).snr):.3f}",
            ]
        )  # fmt: skip
    return Part(
        "Electrons of the same light",
        [
            "sensor", "f-number", "pyBSM [e]", "ours [e]", "ours over pyBSM less 1",
            "left without 1/(4F^2)", "our table of light", "SNR, pyBSM", "SNR, ours", "SNR, `predict`",
        ],
        rows,
        "Target of 15 %, background of 7 %, Sun at 45 deg, looking straight down, our atmosphere "
        "at 1001 wavelengths given to both; aperture, exposure, transmission, quantum "
        "efficiency, dark current, reading noise and bits alike. pyBSM puts pi / (1 + 4F^2) for "
        "the cone of light where we put pi / (4F^2); that is all of the difference but for "
        f"digits of Planck's constant ({worst:.1e}). \"Our table of light\": how far `budget`, "
        "which has 48 wavelengths and reads between nodes of the Sun's height, is from the same "
        "sum at 1001; `predict` uses the same table.",
    )  # fmt: skip


def air() -> Part:
    """Transmittance from the ground to space, by how slanted the way is."""
    ranges = (0.0, 12 * km, 20 * km, 34 * km, 56 * km, 80 * km)  # 0 to 76 deg from 20 km
    wavelengths = [w * nm for w in WAVELENGTHS_NM]
    tasks = [
        {
            "task": "atmosphere", "altitude": altitude, "ground_range": distance, "ihaze": haze,
            "wavelengths": wavelengths,
        }
        for haze in VISIBILITIES
        for altitude, distance in [
            (MODTRAN_SPACE_M, 0.0), (20 * km, 0.0), *((20 * km, one) for one in ranges[1:])
        ]
    ]  # fmt: skip
    answers = ask(tasks)
    rows, count = [], len(ranges) + 1
    for i, visibility_m in enumerate(VISIBILITIES.values()):
        space, below, *slanted = answers[i * count : (i + 1) * count]
        ours = Atmosphere.of_profile("midlatitude_summer", visibility_m=visibility_m)
        above = np.array(space["transmittance"]) / np.array(below["transmittance"])
        for answer in (space, *slanted):
            zenith = answer["incidence"]
            theirs = np.array(answer["transmittance"])
            if answer is not space:
                theirs = theirs * above ** (1 / math.cos(zenith))
            seen = transmittance_to_space(ours, np.array(wavelengths), zenith)
            apart = seen - theirs
            rows.append(
                [
                    f"{visibility_m / km:.0f}", f"{zenith / deg:.1f}",
                    *(f"{t:.3f} {a:+.3f}" for t, a in zip(theirs, apart, strict=True)),
                    f"{np.abs(apart).max():.3f}",
                ]
            )  # fmt: skip
    return Part(
        "Transmittance from the ground to space: MODTRAN 5.2.1 (pyBSM's data), and ours less it",
        ["visibility [km]", "zenith angle [deg]", *(f"{w} nm" for w in WAVELENGTHS_NM), "greatest"],
        rows,
        "Mid-latitude summer, rural haze. Straight up: the run to space. Slanted: the run to 20 "
        "km, times what the two runs straight up say of the air above (to the power of 1/cos), "
        "since no slanted run goes farther.",
    )


def radiance() -> list[Part]:
    """Light that reaches 20 km and space, and what is wrong with the latter."""
    wavelengths = np.array([w * nm for w in WAVELENGTHS_NM])
    common = {
        "task": "atmosphere", "ground_range": 0.0, "ihaze": 1, "wavelengths": wavelengths.tolist(),
    }  # fmt: skip
    below, space = ask([{**common, "altitude": 20 * km}, {**common, "altitude": MODTRAN_SPACE_M}])
    ours = Atmosphere.of_profile("midlatitude_summer")
    sun = solar_irradiance_w_m2_m(wavelengths) * float(sun_distance_factor(DAY))
    slanted, straight = (
        atmosphere_terms(ours, wavelengths, zenith, 0.0, TURN) for zenith in (SUN_ZENITH, 0.0)
    )
    level = sun * math.cos(SUN_ZENITH)
    forest = np.interp(wavelengths * 1e6, FOREST_UM, FOREST)
    lit = slanted.transmittance_down / (1 - forest * slanted.spherical_albedo)
    white = level / math.pi * slanted.gas_transmittance
    reflected = white * lit * slanted.transmittance_up_direct * 0.15
    around = (slanted.transmittance_up - slanted.transmittance_up_direct) * forest
    scattered = white * (slanted.path_reflectance + lit * around)
    most = 0.15 * level / math.pi * np.array(space["transmittance"])
    # The same place with the Sun overhead: more light on it, and less air before it.
    overhead = (straight.gas_transmittance * straight.transmittance_down) / (
        slanted.gas_transmittance * slanted.transmittance_down * math.cos(SUN_ZENITH)
    )
    rows, faults = [], []
    for i, w in enumerate(WAVELENGTHS_NM):
        low = {k: v[i] for k, v in below.items() if k != "incidence"}
        high = {k: v[i] for k, v in space.items() if k != "incidence"}
        rows.append(
            [
                w, f"{low['reflected'] / 1e6:.2f}", f"{reflected[i] / 1e6:.2f}",
                f"{reflected[i] / low['reflected']:.2f}", f"{low['scattered'] / 1e6:.2f}",
                f"{scattered[i] / 1e6:.2f}", f"{scattered[i] / low['scattered']:.2f}",
            ]
        )  # fmt: skip
        gain = high["reflected"] / low["reflected"]
        passed = high["transmittance"] / low["transmittance"]
        faults.append(
            [
                w, f"{gain:.2f}", f"{passed:.3f}", f"{gain / passed:.2f}", f"{overhead[i]:.2f}",
                f"{high['reflected'] / most[i]:.2f}", f"{low['reflected'] / most[i] * passed:.2f}",
                f"{high['scattered'] / low['scattered']:.2f}",
            ]
        )  # fmt: skip
    first = Part(
        "Light at the top of the air: MODTRAN to 20 km (pyBSM's data) and ours to space [W/(m2 sr um)]",
        [
            "nm", "reflected", "ours", "ratio", "scattered on the way", "ours", "ratio",
        ],
        rows,
        "Straight down, visibility 23 km, Sun 50 deg from the zenith, 23 August, target of 15 %; "
        "MODTRAN's forest around it given to ours too.",
    )  # fmt: skip
    second = Part(
        "pyBSM's two runs to space are too bright",
        [
            "nm", "reflected, space over 20 km", "transmittance, space over 20 km", "too bright by",
            "Sun overhead would make (ours)", "reflected over the most there can be, space",
            "same, 20 km", "scattered, space over 20 km",
        ],
        faults,
        "Light reflected by the ground cannot grow on its way from 20 km to space; it must fall "
        "as the transmittance does. The most there can be: all sunlight (solar constant of the "
        "day, cos 50 deg) on 15 %, times the transmittance of the same run. pyBSM's radiances "
        "from space break that limit, those from 20 km keep it. What they are too bright by is "
        "what a Sun overhead instead of 50 deg from the zenith would make, within a few per "
        "cent: so the space runs seem to have been made with another Sun than the database says. "
        "Thermal columns (10 to 12 um) do agree.",
    )  # fmt: skip
    return [first, second]


def airborne() -> Sensor:
    """A camera such as pyBSM is made for: 275 mm of aperture, 4 m of focal length, 8 um."""
    return Sensor(
        name="airborne", title="airborne camera", kind="frame",
        optics=Optics(
            aperture_m=0.275, focal_length_m=4.0, wavelength_m=690 * nm, obscuration=0.4,
            wfe_rms_waves=0.07, transmission=0.5,
        ),
        detector=Detector(
            pitch_m=8e-6, columns=4000, rows=4000, jitter_px=0.25, smear_px=0.1, exposure_s=5e-3,
            full_well_e=96_000.0, bits=12, quantum_efficiency=0.5, dark_current_e_s=1000.0,
        ),
        band=Band(name="sharpest", low_m=580 * nm, high_m=800 * nm),
        agility=Agility(rate_rad_s=0.1, acceleration_rad_s2=0.1),
        reference_altitude_m=9 * km, max_off_nadir_rad=80 * deg, data_rate_bit_s=1e9,
        min_duration_s=1.0, snr_reference=None, snr_reference_sun_elevation_rad=40 * deg,
    )  # fmt: skip


def _moved(sensor: Sensor, exposure_s: float) -> dict[str, Any]:
    """The same with jitter and drift."""
    detector = sensor.detector
    ifov = detector.pitch_m / sensor.optics.focal_length_m
    jitter = math.hypot(detector.jitter_px, detector.diffusion_px) * ifov
    # pyBSM has no clocking: both blurs as one wider smear, whose variance is the sum of theirs.
    smear = math.hypot(detector.smear_px, detector.tdi_clocking_px) * ifov / exposure_s
    return {**camera_of(sensor, exposure_s), "s_x": jitter, "s_y": jitter, "da_x": smear}


def end_to_end() -> tuple[list[Part], float]:
    """Whole scenarios, and the seconds of pyBSM's fastest call."""
    camera, satellite = airborne(), load_camera("worldview-2")
    exposure = electronics(camera).exposure_s
    scenes = [(haze, r * km) for haze in VISIBILITIES for r in (0.0, 5.0, 9.0, 20.0, 40.0)]
    tasks = [
        {
            "task": "niirs", "sensor": _moved(camera, exposure), "interp": False, "runs": 5,
            "scenario": {
                "ihaze": haze, "altitude": 9 * km, "ground_range": distance, "cn2_at_1m": 0.0,
            },
        }
        for haze, distance in scenes
    ]  # fmt: skip
    seconds = electronics(satellite).exposure_s
    height, off = satellite.reference_altitude_m, 20 * deg
    arc = float(incidence_from_off_nadir_rad(off, height)) - off
    far = [
        (height, round(arc * EARTH_M, -1), True), (height, 0.0, True), (height, 0.0, False),
        (height, round(arc * EARTH_M, -1), False), (MODTRAN_SPACE_M, 0.0, False),
    ]  # fmt: skip
    tasks += [
        {
            "task": "niirs", "sensor": _moved(satellite, seconds), "interp": interp, "runs": 3,
            "scenario": {
                "ihaze": 1, "altitude": altitude, "ground_range": distance, "cn2_at_1m": 0.0,
            },
        }
        for altitude, distance, interp in far
    ]  # fmt: skip
    answers = ask(tasks)
    rows, apart = [], []
    for (haze, distance), answer in zip(scenes, answers[: len(scenes)], strict=True):
        shown, differences = _compare(camera, answer, 9 * km, distance, VISIBILITIES[haze])
        rows.append([f"{VISIBILITIES[haze] / km:.0f}", f"{distance / km:.0f}", *shown])
        apart.append(differences)
    equal, sharp, all_ours = np.abs(np.array(apart)).max(axis=0)
    rated = [row[2] for row, answer in zip(apart, answers, strict=False) if answer["snr"] >= 5]
    whole = max(map(abs, rated))
    per_call = min(float(answer["seconds"]) for answer in answers[: len(scenes)])
    head = [
        "elevation, pyBSM [deg]", "at the place", "RER", "ours", "SNR", "ours", "NIIRS 5",
        "ours, RER and SNR of pyBSM", "ours, SNR of pyBSM", "ours, all",
    ]  # fmt: skip
    near = Part(
        "End to end from 9 km, an airborne camera",
        ["visibility [km]", "distance on the ground [km]", *head],
        rows,
        "Aperture 275 mm, 4 m, 8 um, 580 to 800 nm; no turbulence; Sun at 40 deg, across the "
        f"look. Greatest differences of NIIRS: {equal:.0e} with RER, SNR and elevation of pyBSM put "
        f"into our equation, {sharp:.3f} with our own RER, {whole:.3f} with our own light, air and "
        f"elevation too where SNR is 5 or more, {all_ours:.2f} everywhere. Our air reaches to space, "
        "pyBSM's to 9 km; its elevation is 90 deg less the angle at the aircraft. "
        f"pyBSM's fastest call took {per_call * 1e3:.0f} ms.",
    )
    spaced = []
    for (altitude, distance, interp), answer in zip(far, answers[len(scenes) :], strict=True):
        start = [f"{altitude / km:.0f}", f"{distance / km:.0f}", "yes" if interp else "no"]
        if "error" in answer:
            spaced.append([*start, *["-"] * 6, answer["error"][:70], *["-"] * 3])
            continue
        spaced.append([*start, *_compare(satellite, answer, altitude, distance, 23 * km)[0]])
    space = Part(
        "End to end from space, WorldView-2 of our library",
        ["height [km]", "distance on the ground [km]", "interp", *head],
        spaced,
        "With interp=True pyBSM takes the air of a look from 20 km at the same distance on the "
        "ground, which is nearly level, and returns a number all the same. Without it there is "
        "one height (550 km) and one look (straight down), with a Sun that is too bright (see "
        "above). pyBSM's elevation is 90 deg less the angle at the satellite; GIQE 5 wants that "
        "at the place, which is lower by the arc between (2.5 deg at 20 deg from 770 km).",
    )
    return [near, space], per_call


def _compare(
    sensor: Sensor, answer: dict[str, Any], altitude_m: float, ground_m: float, visibility_m: float
) -> tuple[list[str], list[float]]:
    """One row, and NIIRS less pyBSM's: all its inputs, our RER, all ours."""
    arc = ground_m / EARTH_M
    incidence = math.atan2(
        (EARTH_M + altitude_m) * math.sin(arc), (EARTH_M + altitude_m) * math.cos(arc) - EARTH_M
    )
    rer = float(weighted_rer(*sensor_rer(sensor)))
    theirs = float(weighted_rer(answer["along"], answer["across"]))
    snr = answer["snr"]
    given = giqe5_niirs(answer["gsd"], theirs, snr, answer["elevation"])
    sharp = giqe5_niirs(answer["gsd"], rer, snr, answer["elevation"])
    seen = predict(
        sensor, range_m=answer["range"], incidence_rad=incidence, sun_elevation_rad=40 * deg,
        relative_azimuth_rad=TURN,
        atmosphere=Atmosphere.of_profile("midlatitude_summer", visibility_m=visibility_m),
    )  # fmt: skip
    levels = [float(given), float(sharp), float(seen.niirs)]
    row = [
        f"{answer['elevation'] / deg:.2f}", f"{90 - incidence / deg:.2f}", f"{theirs:.4f}",
        f"{rer:.4f}", f"{snr:.1f}", f"{float(seen.snr):.1f}", f"{answer['niirs']:.3f}",
        *(f"{level:.3f}" for level in levels),
    ]  # fmt: skip
    return row, [level - answer["niirs"] for level in levels]
