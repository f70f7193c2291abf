"""What `offnadir quality` prints for people: what it means first, how it comes about below."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from offnadir.cli import _say
from offnadir.cli._quality_rated import Rated, looks_so
from offnadir.units import deg, km, nm

if TYPE_CHECKING:
    from offnadir.cli._quality_view import View
    from offnadir.quality import Budget
    from offnadir.sensors import Radar, RadarMode

_BAR = 24
_SMALL = 0.005
_STEPS = ("detected", "recognised", "identified", "described", "analysed")
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
_WORDS = (
    "Words: GSD: ground sample distance; off-nadir: angle at the satellite, incidence: at the place; "
    "MTF: share of contrast that is left; Q: wavelength * f-number / pixel; RER: rise of an edge within "
    "a pixel; SNR: all light of a pixel, haze too, over its noise, as makers state it; NEDR: noise as a "
    "difference of reflectance; well: share of the electrons that a pixel holds"
)
_RADAR_WORDS = (
    "Words: range: along the line of sight on the ground, azimuth: along the flight; NESZ: what reflects "
    "as much as the noise; RNIIRS: NGA's radar NIIRS, a scale of its own"
)


def camera_text(rated: Rated) -> str:
    """The budget in words and tables."""
    told, ground = rated.budget, rated.ground
    lit = math.isfinite(float(told.quality.niirs))
    lines = [f"{rated.sensor.name}: {rated.sensor.title}", _where(rated.view), ""]
    lines += _headline(told)
    if rated.clear is not None and math.isfinite(rated.clear):
        chance = f"{100 * rated.clear:.0f} %"
        lines.append(
            f"Chance that at most a fifth of the scene is cloud: {chance} ({rated.clouds})."
        )
    if lit:
        lines += [
            "",
            "What costs most (NIIRS that would be won if it alone were gone)",
            *_bars(rated),
        ]
        lines.append("  The level itself is set by the GSD: half of it would be one level more.")
    lines += ["", f"Sharpness (Q {told.q:.2f}; MTF at half a cycle per pixel)", _sharpness(told)]
    if lit:
        target = f"a target of {100 * rated.reflectance:g} % reflectance"
        lines += ["", f"Light ({target})", _light(rated)]
    lines += [
        "",
        "On the ground",
        f"  pixel       {ground.gsd_along_track_m:.3f} m along x {ground.gsd_across_track_m:.3f} m "
        f"across the flight{_longest(rated)}",
        f"  picture     {_picture(rated)}",
        f"  height      what stands 1 m higher is moved by {ground.parallax:.2f} m in the picture",
    ]
    if lit:
        lines += [
            f"  told apart  {_bars_apart(told.resolved_m)} (where MTF = 3 / SNR)",
            "",
            f"NIIRS {_plus_minus(float(told.quality.niirs))} by GIQE 5, the one to go by; "
            f"{_plus_minus(told.niirs4)} by GIQE 4 and {_plus_minus(told.niirs3)} by GIQE 3",
            f"  before it, all of the picture as it comes down (edge height H {told.overshoot:.2f}, gain 1)",
        ]
    lines += [
        "",
        "Mind",
        *(_wrapped(text, "  - ") for text in rated.cautions),
        "",
        _wrapped(_WORDS),
    ]
    return "\n".join(lines)


def _wrapped(text: str, first: str = "") -> str:
    """A text in lines short enough to be read."""
    later = " " * (len(first) or 2)
    return textwrap.fill(text, 100, initial_indent=first, subsequent_indent=later)


def _longest(rated: Rated) -> str:
    """Where a pixel is longest, if it is longer anywhere."""
    ground = rated.ground
    if rated.view.satellite is None or ground.long_axis_m < 1.01 * ground.short_axis_m:
        return ""
    return f"; longest towards azimuth {ground.long_axis_azimuth_deg:.0f} deg"


def _bars_apart(resolved_m: float) -> str:
    if math.isfinite(resolved_m):
        return f"two bars from {resolved_m:.2f} m on"
    return "no bars of any width: noise hides them"


def _picture(rated: Rated) -> str:
    """Width, and how it is scanned: a slower detector makes the satellite pitch back."""
    ground, detector = rated.ground, rated.sensor.detector
    wide = f"{ground.swath_km:.2f} km wide"
    if not math.isfinite(ground.swath_km):
        wide = "reaches beyond the horizon"
    if rated.sensor.kind == "frame":
        if detector.rows == 1:
            return f"{wide}, a frame"
        return f"{wide}, a frame {detector.rows * ground.gsd_along_track_m / km:.2f} km long"
    text = f"{wide}; {ground.line_rate_hz:,.0f} lines/s keep step"
    most = detector.max_line_rate_hz
    if most is not None and most < ground.line_rate_hz:
        return f"{text}; it reads {most:,.0f} at most, so the satellite pitches back as it scans"
    return text


def _where(view: View, *, sun: bool = True) -> str:
    place = [
        f"from {view.altitude_m / km:.0f} km",
        f"{view.off_nadir_rad / deg:.1f} deg off-nadir (incidence {view.incidence_rad / deg:.1f} deg)",
        f"{view.range_m / km:.0f} km away",
    ]
    if sun:
        place.append(f"Sun {view.sun_elevation_rad / deg:.1f} deg up")
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
        lines.append(
            f"NIIRS {_in_level(niirs)}: too coarse for the tasks of the scale, which begin at level 1."
        )
    else:
        lines.append(
            f"NIIRS {_in_level(niirs)} on a scale of 0 to 9. "
            f"At level {math.floor(min(niirs, 9))} one can just:"
        )
        lines += [f"  - {task}" for task in tasks_at(niirs, "civil")[:3]]
        lines += [f"  - {task} (our words)" for task in tasks_at(niirs, "visible")[:3]]
    # Where noise hides bars of any width, sample distance alone says nothing.
    return lines + (_objects(float(seen.gsd_m)) if math.isfinite(told.resolved_m) else [])


def _in_level(niirs: float) -> str:
    """A NIIRS with a digit, or two where one would show the next level: 3.97, but 3.9 for 3.92."""
    one = round(niirs, 1) + 0.0  # so that there is no -0.0
    return f"{one:.1f}" if one < math.floor(niirs) + 1 else f"{math.floor(100 * niirs) / 100:.2f}"


def _objects(gsd_m: float) -> list[str]:
    """What the table of STANAG 3769 says of a sample distance; a row with a gap says "at least"."""
    from offnadir.quality import detect_recognise_identify

    steps: dict[str, list[str]] = {step: [] for step in _STEPS}
    for sight in detect_recognise_identify(gsd_m):
        if sight.checked and sight.step != "nothing":
            steps[sight.step].append(sight.name + (" (at least)" if sight.at_least else ""))
    rows = [f"  {step}: {', '.join(names)}" for step, names in steps.items() if names]
    if not rows:
        return []
    head = "By sample distance alone (STANAG 3769; detected: it is there, recognised: its class,"
    gap = (
        "; at least: the table has a gap there" if any("(at least)" in row for row in rows) else ""
    )
    return [head, f"identified: its type; then described and analysed{gap}):", *rows]


def _bars(rated: Rated) -> list[str]:
    causes = {**_CAUSES}
    if rated.is_assumed:
        causes["noise"] += ", by an assumed SNR"
    shown = [(name, loss) for name, loss in rated.budget.losses if loss >= _SMALL]
    if not shown:
        return ["  nothing worth a hundredth of a level"]
    most = shown[0][1]
    width = max(len(causes[name]) for name, _ in shown)
    return [
        f"  {loss:4.2f}  {causes[name].ljust(width)}  {'#' * max(1, round(_BAR * loss / most))}"
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
        ("  all together", f"{told.mtf_nyquist_along:.3f}", f"{told.mtf_nyquist_across:.3f}", "")
    )
    rows.append(("  edge (RER)", f"{told.rer_along:.3f}", f"{told.rer_across:.3f}", ""))
    heads = ("  MTF", "along", "across", "NIIRS it costs")
    return _say.columns(heads, rows, (False, True, True, True))


def _plus(value: float) -> str:
    return "-" if math.isnan(value) else f"{max(value, 0.0):.2f}"


def _plus_minus(value: float) -> str:
    return "-" if math.isnan(value) else f"{round(value, 2) + 0.0:.2f}"


def _light(rated: Rated) -> str:
    told = rated.budget
    rows = [
        (
            f"  {band.name}",
            f"{band.low_m / nm:.0f}-{band.high_m / nm:.0f}",
            f"{band.gsd_m:.2f}",
            _digits(band.radiance_w_m2_sr_m * 1e-6),
            _digits(band.signal_e),
            _digits(band.haze_e),
            _digits(band.noise_e),
            _digits(band.snr),
            _digits(100 * band.nedr),
            f"{100 * band.fill:.0f}" if rated.knows_well else "-",
            f"{band.stages} stages" if band.stages else rated.exposure_from(band),
        )
        for band in told.bands
    ]
    heads = ("  band", "nm", "GSD m", "W/(m2 sr um)", "signal e-", "haze e-", "noise e-", "SNR",
             "NEDR %", "well %", "exposure by")  # fmt: skip
    text = _say.columns(heads, rows, (False, *[True] * 9, False))
    contrast = f"{float(told.quality.snr):.1f}"
    return f"{text}\n  contrast of 15 against 7 % over the noise, which NIIRS takes: {contrast}"


def _digits(value: float) -> str:
    """Three digits or all whole ones; a dash for what is not known."""
    if math.isnan(value):
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def comparison_text(ratings: Sequence[Rated]) -> str:
    """Several cameras side by side, one row each, and what costs each of them most."""
    rows = []
    for rated in ratings:
        told = rated.budget
        seen = told.quality
        costs = ", ".join(f"{name} {loss:.2f}" for name, loss in told.losses[:3])
        lit = math.isfinite(float(seen.niirs))
        rows.append(
            (
                rated.sensor.name,
                f"{rated.view.altitude_m / km:.0f}",
                f"{rated.view.off_nadir_rad / deg:.1f}",
                f"{float(seen.gsd_m):.2f}",
                f"{told.rer_along:.2f}",
                f"{told.rer_across:.2f}",
                f"{float(seen.snr):.0f}",
                f"{float(seen.niirs):.1f}" if lit else "-",
                f"{rated.ground.swath_km:.1f}",
                costs if lit else "no light",
            )
        )
    heads = ("camera", "height km", "off-nadir", "GSD m", "RER along", "across", "contrast SNR", "NIIRS",
             "swath km", "costs most")  # fmt: skip
    table = _say.columns(heads, rows, (False, *[True] * 8, False))
    suns = ", ".join(dict.fromkeys(f"{one.view.sun_elevation_rad / deg:.0f}" for one in ratings))
    air = ratings[0].air
    notes = [
        f"Sun {suns} deg up, visibility {air.visibility_m / km:g} km, {air.aerosol} haze.",
        "Half the GSD is one level of NIIRS more; the rest is sharpness (RER) and noise (contrast SNR).",
    ]
    for rated in ratings:
        notes += [
            f"{rated.sensor.name}: {text}" for text in (*rated.view.how, *rated.cautions[:-1])
        ]
    return "\n".join(
        [table, "", *(_wrapped(one, "- ") for one in notes), "- " + ratings[0].cautions[-1]]
    )


def radar_text(radar: Radar, mode: RadarMode | None, view: View, mind: Sequence[str]) -> str:
    """A radar's look in words and a table of its modes; no mode if none looks so."""
    lines = [f"{radar.name}: {radar.title}", _where(view, sun=False), ""]
    if view.incidence_rad <= 0:
        lines.append("A radar cannot look straight down: nothing lies apart in range there.")
    elif mode is None:
        low = min(one.min_incidence_rad for one in radar.modes) / deg
        high = max(one.max_incidence_rad for one in radar.modes) / deg
        lines.append(
            f"No mode looks at {view.incidence_rad / deg:.1f} deg of incidence; they look from {low:.0f} to "
            f"{high:.0f} deg. No picture can be taken so."
        )
    else:
        lines += _radar_headline(mode, view)
    heads = ("  mode", "at this angle", "incidence deg", "range m", "azimuth m", "swath km", "NESZ dB",
             "RNIIRS")  # fmt: skip
    rows = [_mode_row(one, view) for one in radar.modes]
    lines += ["", "Modes", _say.columns(heads, rows, (False, False, *[True] * 6))]
    lines += ["", "Mind", *(_wrapped(text, "  - ") for text in mind), "", _wrapped(_RADAR_WORDS)]
    return "\n".join(lines)


def _radar_headline(mode: RadarMode, view: View) -> list[str]:
    from offnadir.quality import predict_mode, tasks_at

    seen = predict_mode(mode, view.incidence_rad)
    rniirs = float(seen.rniirs)
    lines = [
        f"Mode {mode.name}: {float(seen.ground_range_resolution_m):.2f} m on the ground along the line of "
        f"sight x {float(seen.azimuth_resolution_m):.2f} m along the flight, {mode.swath_m / km:g} km wide."
    ]
    if not looks_so(mode, view):
        low, high = mode.min_incidence_rad / deg, mode.max_incidence_rad / deg
        lines.insert(
            0,
            f"This mode does not look so: its incidence is {low:.0f} to {high:.0f} deg. It would be:",
        )
    if not math.isfinite(rniirs):
        return [*lines, "No radar NIIRS: the noise of this mode (NESZ) is not published."]
    if rniirs < 1:
        return [*lines, f"Radar NIIRS {_in_level(rniirs)}: too coarse for the tasks of the scale."]
    lines.append(
        f"Radar NIIRS {_in_level(rniirs)}. "
        f"At level {math.floor(min(rniirs, 9))} one can just (in our words):"
    )
    return lines + [f"  - {task}" for task in tasks_at(rniirs, "radar")[:4]]


def _mode_row(mode: RadarMode, view: View) -> tuple[str, ...]:
    from offnadir.quality import predict_mode

    look = predict_mode(mode, view.incidence_rad)
    return (
        f"  {mode.name}",
        "yes" if looks_so(mode, view) else "no",
        f"{mode.min_incidence_rad / deg:.0f}-{mode.max_incidence_rad / deg:.0f}",
        _metres(look.ground_range_resolution_m),
        _metres(look.azimuth_resolution_m),
        f"{mode.swath_m / km:g}",
        "-" if mode.nesz is None else f"{10 * math.log10(mode.nesz):.0f}",
        _plus(float(look.rniirs)),
    )


def _metres(value: Any) -> str:
    return "-" if math.isnan(float(value)) else f"{float(value):.2f}"
