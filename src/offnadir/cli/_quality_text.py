"""What `offnadir quality` prints: for people in words and tables, for scripts as JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from offnadir.cli import _say
from offnadir.units import deg, km, nm

if TYPE_CHECKING:
    from offnadir.cli._quality_view import View
    from offnadir.quality import Atmosphere, Budget, RadarQuality
    from offnadir.sensors import Radar, RadarMode, Sensor

_BAR = 24
_SMALL = 0.005
_NO_TASK = "below level 1 there is no task that can be done"
#: What each cause is called, for people who do not know optics.
_CAUSES = {
    "turbulence": "turbulence: air of uneven warmth",
    "optics": "optics: a telescope of this width cannot be sharper",
    "wavefront": "wavefront: mirrors are not perfect",
    "jitter": "jitter: the satellite trembles",
    "detector": "detector: a pixel blurs over its own width",
    "diffusion": "diffusion: charge strays into neighbours",
    "smear": "smear: lines do not keep step with the ground",
    "clocking": "clocking: charge moves in steps",
    "noise": "noise: too few photons",
    "haze": "haze: the air lowers contrast",
    "slant": "slant: farther than straight below",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnGround:
    """What a pixel and a line cover on the ellipsoid, with the line across the scan."""

    gsd_along_track_m: float
    gsd_across_track_m: float
    long_axis_m: float
    short_axis_m: float
    long_axis_azimuth_deg: float
    swath_km: float
    line_rate_hz: float
    parallax: float


def on_ground(sensor: Sensor, view: View) -> OnGround:
    """The pixel of the look on the ellipsoid."""
    from offnadir.geometry import ground_pixel, image_motion, point_at, swath_width_m

    r, v, site = view.vectors
    attitude = point_at(r, v, site)
    ifov = sensor.detector.pitch_m / sensor.optics.focal_length_m
    height = view.site.alt_m if view.site and view.satellite else 0.0
    pixel = ground_pixel(r, v, attitude, ifov, ifov, alt_m=height)
    motion = image_motion(r, v, attitude, ifov, ifov, alt_m=height)
    swath = swath_width_m(r, v, attitude, ifov, sensor.detector.columns, alt_m=height)
    return OnGround(
        gsd_along_track_m=float(pixel.gsd_along_track_m),
        gsd_across_track_m=float(pixel.gsd_across_track_m),
        long_axis_m=float(pixel.long_axis_m),
        short_axis_m=float(pixel.short_axis_m),
        long_axis_azimuth_deg=float(pixel.long_axis_azimuth_rad) / deg,
        swath_km=float(swath) / km,
        line_rate_hz=float(motion.line_rate_hz),
        parallax=math.tan(view.incidence_rad),
    )


def camera_text(
    sensor: Sensor,
    view: View,
    told: Budget,
    ground: OnGround,
    reflectance: float,
    clear: float | None,
) -> str:
    """The budget in words and tables: what it means first, how it comes about below."""
    seen = told.quality
    niirs = float(seen.niirs)
    lines = [f"{sensor.name}: {sensor.title}", _where(view), ""]
    lines += _headline(told)
    if clear is not None and math.isfinite(clear):
        lines.append(f"Chance that at most a fifth of the scene is cloud: {100 * clear:.0f} %.")
    lines += ["", "What costs most (NIIRS that would be won if it alone were gone)"]
    lines += _bars(told)
    lines += ["", f"Sharpness (Q {told.q:.2f}; MTF at half a cycle per pixel, edge response RER)"]
    lines.append(_sharpness(told))
    lines += ["", f"Light (a target of {100 * reflectance:g} % reflectance)", _light(told)]
    lines += [
        "",
        "On the ground",
        f"  pixel       {ground.gsd_along_track_m:.3f} m along x {ground.gsd_across_track_m:.3f} m "
        f"across the flight; longest towards azimuth {ground.long_axis_azimuth_deg:.0f} deg",
        "  line        "
        + (
            f"{ground.swath_km:.2f} km wide"
            if math.isfinite(ground.swath_km)
            else "reaches beyond the horizon"
        )
        + f", {ground.line_rate_hz:,.0f} lines/s keep step",
        f"  height      1 m moves the picture by {ground.parallax:.2f} m",
        "  told apart  "
        + (
            f"two bars from {told.resolved_m:.2f} m on (MTF = 3 / SNR)"
            if math.isfinite(told.resolved_m)
            else "no bars of any width: noise hides them (MTF = 3 / SNR)"
        ),
    ]
    if math.isfinite(niirs):
        lines += [
            "",
            f"NIIRS {niirs:.2f} by GIQE 5; {_plus(told.niirs4)} by GIQE 4 and {_plus(told.niirs3)} by "
            f"GIQE 3, of the unenhanced picture (H {told.overshoot:.2f}, G 1)",
        ]
    if told.cautions:
        lines += ["", "Mind", *(f"  {text}" for text in told.cautions)]
    return "\n".join(lines)


def _where(view: View) -> str:
    place = [
        f"from {view.altitude_m / km:.0f} km",
        f"{view.off_nadir_rad / deg:.1f} deg off-nadir (incidence {view.incidence_rad / deg:.1f} deg)",
        f"{view.range_m / km:.0f} km away",
        f"Sun {view.sun_elevation_rad / deg:.1f} deg up",
    ]
    lines = [", ".join(place), *(f"({note})" for note in view.how)]
    if view.satellite and view.site and view.time:
        lines.insert(0, f"{view.satellite} over {view.site.name}, {view.time.utc(0)}")
    return "\n".join(lines)


def _headline(told: Budget) -> list[str]:
    from offnadir.quality import tasks_at

    seen = told.quality
    niirs = float(seen.niirs)
    lines = [
        f"A pixel covers {float(seen.gsd_m):.2f} m of ground "
        f"({float(seen.gsd_along_m):.2f} m x {float(seen.gsd_across_m):.2f} m)."
    ]
    if not math.isfinite(niirs):
        return [*lines, "There is no light for a picture."]
    if niirs < 1:
        lines.append(f"NIIRS {_in_level(niirs)} on a scale of 0 to 9: {_NO_TASK}.")
    else:
        lines.append(
            f"NIIRS {_in_level(niirs)} on a scale of 0 to 9. At level {math.floor(min(niirs, 9))} "
            "one can just:"
        )
        lines += [f"  - {task}" for task in tasks_at(niirs, "civil")[:3]]
        lines += [f"  - {task} (our words)" for task in tasks_at(niirs, "visible")[:3]]
    objects = _objects(float(seen.gsd_m)) if niirs >= 0 else []
    if objects:
        lines += ["By sample distance alone (STANAG 3769) these can be", *objects]
    return lines


def _in_level(niirs: float) -> str:
    """A NIIRS with a digit, or two where one would show the next level: 3.97, but 3.9 for 3.92."""
    one = round(niirs, 1) + 0.0  # so that there is no -0.0
    return f"{one:.1f}" if one < math.floor(niirs) + 1 else f"{math.floor(100 * niirs) / 100:.2f}"


def _objects(gsd_m: float) -> list[str]:
    from offnadir.quality import detect_recognise_identify

    steps: dict[str, list[str]] = {}
    for sight in detect_recognise_identify(gsd_m):
        if sight.checked and sight.step != "nothing":
            steps.setdefault(sight.step, []).append(sight.name)
    return [f"  {step}: {', '.join(names)}" for step, names in steps.items()]


def _bars(told: Budget) -> list[str]:
    shown = [(name, loss) for name, loss in told.losses if loss >= _SMALL]
    if not shown:
        return ["  nothing can be told without light"]
    most = shown[0][1]
    width = max(len(_CAUSES[name]) for name, _ in shown)
    return [
        f"  {loss:4.2f}  {_CAUSES[name].ljust(width)}  {'#' * max(1, round(_BAR * loss / most))}"
        for name, loss in shown
    ]


def _sharpness(told: Budget) -> str:
    rows = [
        (
            f"  {term.name}",
            f"{term.nyquist_along:.3f}",
            f"{term.nyquist_across:.3f}",
            _plus(term.niirs_loss),
        )
        for term in told.terms
    ]
    rows.append(
        ("  system MTF", f"{told.mtf_nyquist_along:.3f}", f"{told.mtf_nyquist_across:.3f}", "")
    )
    rows.append(("  system RER", f"{told.rer_along:.3f}", f"{told.rer_across:.3f}", ""))
    return _say.columns(("  term", "along", "across", "NIIRS"), rows, (False, True, True, True))


def _plus(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


def _light(told: Budget) -> str:
    rows = [
        (
            f"  {band.name}",
            f"{band.low_m / nm:.0f}-{band.high_m / nm:.0f}",
            f"{band.gsd_m:.2f}",
            f"{band.radiance_w_m2_sr_m * 1e-6:.1f}",
            f"{band.signal_e:.0f}",
            f"{band.haze_e:.0f}",
            f"{band.noise_e:.0f}",
            f"{band.snr:.0f}",
            _plus(100 * band.nedr),
            f"{100 * band.fill:.0f}",
            "stated"
            if band.stated
            else f"{band.stages} stages"
            if band.stages
            else f"{1e3 * band.exposure_s:.2f} ms",
        )
        for band in told.bands
    ]
    heads = ("  band", "nm", "GSD m", "W/m2 sr um", "signal e-", "haze e-", "noise e-", "SNR",
             "NEDR %", "well %", "exposure")  # fmt: skip
    text = _say.columns(heads, rows, (False, *[True] * 9, False))
    return f"{text}\n  contrast over noise of 15 against 7 % (GIQE): {float(told.quality.snr):.1f}"


def camera_document(
    sensor: Sensor,
    view: View,
    told: Budget,
    ground: OnGround,
    air: Atmosphere,
    clear: float | None,
) -> dict[str, Any]:
    """The same as a JSON object."""
    from offnadir.quality import tasks_at

    seen = told.quality
    niirs = _number(seen.niirs)
    return {
        "sensor": sensor.name,
        "title": sensor.title,
        "kind": sensor.kind,
        "look": _look(view),
        "atmosphere": {
            "visibility_km": air.visibility_m / km,
            "aerosol": air.aerosol,
            "water_kg_m2": air.water_kg_m2,
        },
        "gsd_m": _number(seen.gsd_m),
        "gsd_unstretched_m": _number(seen.gsd_along_m),
        "gsd_stretched_m": _number(seen.gsd_across_m),
        "gsd_along_track_m": _number(ground.gsd_along_track_m),
        "gsd_across_track_m": _number(ground.gsd_across_track_m),
        "long_axis_azimuth_deg": _number(ground.long_axis_azimuth_deg),
        "swath_km": _number(ground.swath_km),
        "line_rate_hz": _number(ground.line_rate_hz),
        "parallax_m_per_m": _number(ground.parallax),
        "q": _number(told.q),
        "rer_along": _number(told.rer_along),
        "rer_across": _number(told.rer_across),
        "rer": _number(seen.rer),
        "mtf_nyquist_along": _number(told.mtf_nyquist_along),
        "mtf_nyquist_across": _number(told.mtf_nyquist_across),
        "mtf_terms": [
            {
                "term": term.name,
                "nyquist_along": _number(term.nyquist_along),
                "nyquist_across": _number(term.nyquist_across),
                "niirs_loss": _number(term.niirs_loss),
            }
            for term in told.terms
        ],
        "snr": _number(seen.snr),
        "bands": [_band(band) for band in told.bands],
        "niirs": niirs,
        "niirs_giqe4": _number(told.niirs4),
        "niirs_giqe3": _number(told.niirs3),
        "edge_overshoot": _number(told.overshoot),
        "resolved_m": _number(told.resolved_m),
        "losses": [{"cause": name, "niirs": _number(loss)} for name, loss in told.losses],
        "hurts_most": told.losses[0][0] if niirs is not None else None,
        "tasks": list(tasks_at(math.nan if niirs is None else niirs, "civil")),
        "tasks_in_our_words": list(tasks_at(math.nan if niirs is None else niirs, "visible")),
        "clear_chance": None if clear is None else _number(clear),
        "cautions": list(told.cautions),
    }


def _band(band: Any) -> dict[str, Any]:
    return {
        "name": band.name,
        "range_nm": [round(band.low_m / nm, 3), round(band.high_m / nm, 3)],
        "gsd_m": _number(band.gsd_m),
        "radiance_w_m2_sr_um": _number(band.radiance_w_m2_sr_m * 1e-6),
        "signal_e": _number(band.signal_e),
        "haze_e": _number(band.haze_e),
        "noise_e": _number(band.noise_e),
        "shot_noise_share": _number(band.shot_share),
        "snr": _number(band.snr),
        "nedr": _number(band.nedr),
        "nedl_w_m2_sr_um": _number(band.nedl_w_m2_sr_m * 1e-6),
        "full_well_share": _number(band.fill),
        "exposure_s": _number(band.exposure_s),
        "tdi_stages": band.stages or None,
        "snr_is_stated": band.stated,
    }


def _look(view: View) -> dict[str, Any]:
    return {
        "satellite": view.satellite,
        "site": view.site.name if view.site else None,
        "time": view.time.utc() if view.time else None,
        "altitude_km": _number(view.altitude_m / km),
        "off_nadir_deg": _number(view.off_nadir_rad / deg),
        "incidence_deg": _number(view.incidence_rad / deg),
        "range_km": _number(view.range_m / km),
        "azimuth_deg": None if view.azimuth_rad is None else _number(view.azimuth_rad / deg),
        "sun_elevation_deg": _number(view.sun_elevation_rad / deg),
        "relative_azimuth_deg": _number(view.relative_azimuth_rad / deg),
        "assumed": list(view.how),
    }


def _number(value: Any) -> float | None:
    """A number of six digits, or None where there is none."""
    number = float(value)
    return float(f"{number:.6g}") if math.isfinite(number) else None


def radar_document(radar: Radar, mode: RadarMode, view: View) -> dict[str, Any]:
    """A radar's look as a JSON object."""
    from offnadir.quality import predict_mode, tasks_at

    seen: RadarQuality = predict_mode(mode, view.incidence_rad)
    rniirs = _number(seen.rniirs)
    return {
        "sensor": radar.name,
        "title": radar.title,
        "kind": "sar",
        "look": _look(view),
        "mode": mode.name,
        "modes": [
            {
                "mode": one.name,
                "kind": one.kind,
                "can_look_so": one.min_incidence_rad <= view.incidence_rad <= one.max_incidence_rad,
                "swath_km": _number(one.swath_m / km),
                **_resolutions(predict_mode(one, view.incidence_rad)),
            }
            for one in radar.modes
        ],
        "incidence_range_deg": [mode.min_incidence_rad / deg, mode.max_incidence_rad / deg],
        "swath_km": _number(mode.swath_m / km),
        "length_km": None if mode.length_m is None else _number(mode.length_m / km),
        "nesz_db": None if mode.nesz is None else _number(10 * math.log10(mode.nesz)),
        **_resolutions(seen),
        "tasks": [] if rniirs is None else list(tasks_at(rniirs, "radar")),
    }


def _resolutions(seen: RadarQuality) -> dict[str, Any]:
    return {
        "slant_resolution_m": _number(seen.slant_resolution_m),
        "ground_range_resolution_m": _number(seen.ground_range_resolution_m),
        "azimuth_resolution_m": _number(seen.azimuth_resolution_m),
        "resolution_m": _number(seen.resolution_m),
        "clutter_to_noise": _number(seen.clutter_to_noise),
        "information_density_bit_m2": _number(seen.information_density_bit_m2),
        "rniirs": _number(seen.rniirs),
    }


def radar_text(radar: Radar, mode: RadarMode, view: View) -> str:
    """A radar's look in words and a table of its modes."""
    from offnadir.quality import predict_mode, tasks_at

    seen = predict_mode(mode, view.incidence_rad)
    rniirs = float(seen.rniirs)
    lines = [f"{radar.name}: {radar.title}", _where(view), ""]
    if view.incidence_rad <= 0:
        lines.append("A radar cannot look straight down: nothing lies apart in range there.")
        return "\n".join([*lines, "", "Modes", _modes(radar, view)])
    lines.append(
        f"Mode {mode.name}: {float(seen.ground_range_resolution_m):.2f} m on the ground along the line of "
        f"sight x {float(seen.azimuth_resolution_m):.2f} m along the flight, {mode.swath_m / km:g} km wide."
    )
    if rniirs < 1:
        lines.append(
            f"Radar NIIRS {_in_level(rniirs)} (NGA's RGIQE; a scale of its own): {_NO_TASK}."
        )
    elif math.isfinite(rniirs):
        lines.append(
            f"Radar NIIRS {_in_level(rniirs)} (NGA's RGIQE; a scale of its own). At level "
            f"{math.floor(min(rniirs, 9))} one can just (in our words, not the scale's):"
        )
        lines += [f"  - {task}" for task in tasks_at(rniirs, "radar")[:4]]
    else:
        lines.append("No radar NIIRS: the noise of this mode (NESZ) is not published.")
    if not mode.min_incidence_rad <= view.incidence_rad <= mode.max_incidence_rad:
        low, high = mode.min_incidence_rad / deg, mode.max_incidence_rad / deg
        lines.append(f"The mode does not look so: its incidence is {low:.0f} to {high:.0f} deg.")
    return "\n".join([*lines, "", "Modes", _modes(radar, view)])


def _modes(radar: Radar, view: View) -> str:
    """A table of what all modes would give at the look."""
    from offnadir.quality import predict_mode

    rows = []
    for one in radar.modes:
        look = predict_mode(one, view.incidence_rad)
        can = one.min_incidence_rad <= view.incidence_rad <= one.max_incidence_rad
        rows.append(
            (
                f"  {one.name}",
                "yes" if can else "no",
                _plus(float(look.ground_range_resolution_m)),
                f"{float(look.azimuth_resolution_m):.2f}",
                f"{one.swath_m / km:g}",
                "-" if one.nesz is None else f"{10 * math.log10(one.nesz):.0f}",
                _plus(float(look.rniirs)),
            )
        )
    heads = ("  mode", "looks so", "range m", "azimuth m", "swath km", "NESZ dB", "RNIIRS")
    return _say.columns(heads, rows, (False, False, *[True] * 5))
