"""What `offnadir quality` tells a script: JSON of numbers with six digits, null where there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from offnadir.cli._quality_rated import Rated, looks_so
from offnadir.units import deg, km, nm

if TYPE_CHECKING:
    from offnadir.cli._quality_view import View
    from offnadir.quality import BandSignal, RadarQuality
    from offnadir.sensors import Radar, RadarMode


_OF_LIGHT = ("sun_elevation_deg", "relative_azimuth_deg")  # which a radar brings itself


def camera_document(rated: Rated) -> dict[str, Any]:
    """A camera's look as a JSON object."""
    from offnadir.quality import tasks_at

    sensor, view, told, ground, air = (
        rated.sensor, rated.view, rated.budget, rated.ground, rated.air,
    )  # fmt: skip
    seen = told.quality
    niirs = _number(seen.niirs)
    level = math.nan if niirs is None else niirs
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
        "long_axis_azimuth_deg": (
            _number(ground.long_axis_azimuth_deg)
            if view.satellite and ground.long_axis_m > 1.01 * ground.short_axis_m
            else None
        ),
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
        "bands": [_band(band, rated) for band in told.bands],
        "niirs": niirs,
        "niirs_giqe4": _number(told.niirs4),
        "niirs_giqe3": _number(told.niirs3),
        "edge_overshoot": _number(told.overshoot),
        "resolved_m": _number(told.resolved_m),
        "losses": [{"cause": name, "niirs": _number(loss)} for name, loss in told.losses],
        "hurts_most": told.losses[0][0] if niirs is not None else None,
        "tasks": list(tasks_at(level, "civil")),
        "tasks_in_our_words": list(tasks_at(level, "visible")),
        "clear_chance": None if rated.clear is None else _number(rated.clear),
        "cautions": list(rated.cautions),
        "estimates": sorted(rated.estimates),
    }


def _band(band: BandSignal, rated: Rated) -> dict[str, Any]:
    return {
        "name": band.name,
        "range_nm": [round(band.low_m / nm, 3), round(band.high_m / nm, 3)],
        "gsd_m": _number(band.gsd_m),
        "radiance_w_m2_sr_um": _number(band.radiance_w_m2_sr_m * 1e-6),
        "signal_e": _number(band.signal_e),
        "haze_e": _number(band.haze_e),
        "noise_e": _number(band.noise_e),
        "shot_noise_share": _number(band.shot_share),
        "radiance_snr": _number(band.snr),
        "nedr": _number(band.nedr),
        "nedl_w_m2_sr_um": _number(band.nedl_w_m2_sr_m * 1e-6),
        "full_well_share": _number(band.fill),
        "exposure_s": _number(band.exposure_s),
        "exposure_from": rated.exposure_from(band),
        "tdi_stages": band.stages or None,
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


def radar_document(
    radar: Radar, mode: RadarMode | None, view: View, mind: Sequence[str]
) -> dict[str, Any]:
    """A radar's look as a JSON object; no mode and nulls where none looks so."""
    from offnadir.quality import predict_mode, tasks_at

    modes = [
        {
            "mode": one.name,
            "kind": one.kind,
            "can_look_so": looks_so(one, view),
            "incidence_range_deg": [
                _number(one.min_incidence_rad / deg), _number(one.max_incidence_rad / deg)
            ],
            "swath_km": _number(one.swath_m / km),
            "length_km": None if one.length_m is None else _number(one.length_m / km),
            "nesz_db": None if one.nesz is None else _number(10 * math.log10(one.nesz)),
            **_resolutions(predict_mode(one, view.incidence_rad)),
        }
        for one in radar.modes
    ]  # fmt: skip
    chosen: dict[str, Any] = dict.fromkeys(modes[0])
    if mode is not None:
        chosen = modes[radar.modes.index(mode)]
    rniirs = chosen["rniirs"]
    return {
        "sensor": radar.name,
        "title": radar.title,
        "kind": "sar",
        "look": {key: value for key, value in _look(view).items() if key not in _OF_LIGHT},
        **{key: value for key, value in chosen.items() if key != "kind"},
        "modes": modes,
        "cautions": list(mind),
        "tasks_in_our_words": [] if rniirs is None else list(tasks_at(rniirs, "radar")),
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
