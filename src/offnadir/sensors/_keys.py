"""Keys of sensor files: what each may hold, and what is said of one that is wrong."""

from __future__ import annotations

import difflib
import functools
import itertools
from collections.abc import Mapping
from typing import Any, Final

from offnadir.errors import InputError

# Key in a file: least and greatest value, in the unit that ends the key.
COMMON: Final[dict[str, tuple[float, float]]] = {
    "reference_altitude_km": (100, 50_000),
    "rate_deg_s": (0.001, 30),
    "acceleration_deg_s2": (0.0001, 30),
    "settling_s": (0, 600),
    "data_rate_mbps": (0.001, 100_000),
    "min_duration_s": (0.001, 600),
    "max_duration_s": (0.001, 100_000),
    "imaging_s_per_orbit": (0.001, 100_000),
    "sun_exclusion_deg": (0, 180),
    "moon_exclusion_deg": (0, 180),
}
CAMERA: Final = COMMON | {
    "aperture_m": (0.005, 20),
    "focal_length_m": (0.01, 200),
    "obscuration": (0, 0.95),
    "wfe_rms_waves": (0, 1),
    "wavelength_nm": (200, 20_000),
    "transmission": (0.001, 1),
    "pitch_um": (0.5, 200),
    "columns": (1, 1_000_000),
    "rows": (1, 1_000_000),
    "chips": (1, 1_000),
    "chip_overlap_px": (0, 100_000),
    "jitter_px": (0, 100),
    "smear_px": (0, 100),
    "tdi_clocking_px": (0, 100),
    "diffusion_px": (0, 10),
    "quantum_efficiency": (0.001, 1),
    "full_well_e": (100, 1e9),
    "read_noise_e": (0, 1e6),
    "dark_current_e_s": (0, 1e12),
    "bits": (1, 32),
    "max_line_rate_hz": (1, 1e7),
    "exposure_s": (1e-7, 100),
    "snr_reference": (1, 10_000),
    "snr_reference_sun_elevation_deg": (1, 90),
    "max_off_nadir_deg": (0.1, 90),
    "published_gsd_m": (0.01, 10_000),
    "published_swath_km": (0.01, 5_000),
    "published_mtf_nyquist": (0.001, 1),
}
BAND: Final[dict[str, tuple[float, float]]] = {
    "gsd_ratio": (0.1, 1_000),
    "transmission": (0.001, 1),
    "quantum_efficiency": (0.001, 1),
    "full_well_e": (100, 1e9),
    "bits": (1, 32),
    "snr_reference": (1, 10_000),
}
RADAR: Final = COMMON | {
    "frequency_ghz": (0.1, 100),
    "max_squint_deg": (0, 60),
}
MODE: Final[dict[str, tuple[float, float]]] = {
    "bandwidth_mhz": (0.1, 10_000),
    "slant_resolution_m": (0.01, 1_000),
    "ground_range_resolution_m": (0.01, 1_000),
    "azimuth_resolution_m": (0.01, 1_000),
    "looks": (1, 1_000),
    "swath_km": (0.1, 2_000),
    "length_km": (0.1, 100_000),
    "min_incidence_deg": (1, 85),
    "max_incidence_deg": (1, 85),
    "nesz_db": (-60, 20),
}
_WHOLE = ("columns", "rows", "chips", "chip_overlap_px", "bits")
#: What says where figures come from, not what they are.
ABOUT: Final = ("estimates", "source")
#: Bands or modes of one sensor; imaging spectrometers have some 250 bands.
MOST_ROWS: Final = 1_000
LISTS: Final = {
    "norad_ids": "a list of NORAD numbers",
    "tdi_stages": "a list of whole numbers from 1 to 10000",
    "band_nm": "two rising wavelengths from 100 to 30000",
    "range_nm": "two rising wavelengths from 100 to 30000",
    "response_nm": "a list of pairs [wavelength, response from 0 to 1], wavelengths rising",
    "published_gsd_at_deg": "a list of pairs [off-nadir, sample distance]",
    "published_ground_range_resolution_m": "a list of pairs [incidence, resolution]",
    "look_sides": 'a list of "left", "right" or both',
    "polarisations": 'a list of texts such as "HH"',
    "band": f"a list of at most {MOST_ROWS} tables, [[band]]",
    "mode": f"a list of at most {MOST_ROWS} tables, [[mode]]",
    "estimates": "a list of keys",
}
UNITS: Final = {
    "_deg_s2": "deg/s2", "_deg_s": "deg/s", "_at_deg": "deg, m", "_deg": "deg", "_mbps": "Mbit/s",
    "_e_s": "e-/s", "_e": "e-", "_px": "pixels", "_waves": "waves", "_km": "km", "_um": "um", "_nm": "nm",
    "_hz": "Hz", "_ghz": "GHz", "_mhz": "MHz", "_db": "dB", "_s_per_orbit": "s/orbit", "_m": "m", "_s": "s",
    "tdi_stages": "lines", "bits": "bit",
}  # fmt: skip


def unit_of(key: str) -> str:
    """The unit that ends a key, or nothing."""
    return next((text for end, text in UNITS.items() if key.endswith(end)), "")


def wish(key: str, limits: Mapping[str, tuple[float, float]]) -> str:
    """What the value of a key must be."""
    if key not in limits:
        return LISTS.get(key, "a text")
    low, high = limits[key]
    return f"{'a whole number' if key in _WHOLE else 'a number'} from {low:g} to {high:g}"


def checked(
    key: str,
    value: Any,
    limits: Mapping[str, tuple[float, float]],
    also: Mapping[str, Any],
    where: str,
) -> Any:
    """The value if it is right, or InputError with the key, the value and the wish.

    `also` maps the other keys that are known to their values where these are a choice of texts, else None.
    """
    if key in limits:
        low, high = limits[key]
        kinds: tuple[type, ...] = (int,) if key in _WHOLE else (int, float)
        if type(value) in kinds and low <= value <= high:
            return value
        raise InputError(key, value, wish(key, limits), where=where)
    if key not in also:
        raise InputError(
            key, value, "a key that is known here", hint=_hint(key, limits, also), where=where
        )
    choice = also[key]
    if choice is not None:
        if value not in choice:
            raise InputError(key, value, " or ".join(choice), where=where)
    elif key in ("title", "name"):
        if not (isinstance(value, str) and value.strip()):
            raise InputError(key, value, "a text", where=where)
        if not value.isprintable():
            raise InputError(key, value, "a text without line ends and control codes", where=where)
    elif key == "source":
        texts = value.values() if isinstance(value, dict) else [value]
        if not all(isinstance(one, str) for one in texts):
            raise InputError(key, value, "a text, or a table of texts by key", where=where)
    elif key in LISTS and not _is_list(key, value):
        raise InputError(key, value, LISTS[key], where=where)
    return value


def _is_list(key: str, value: Any) -> bool:
    if not isinstance(value, list):
        return False
    if key == "norad_ids":
        return all(type(one) is int and 0 < one < 1_000_000_000 for one in value)
    if key == "tdi_stages":
        return bool(value) and all(type(one) is int and 1 <= one <= 10_000 for one in value)
    if key in ("band_nm", "range_nm"):
        ok = len(value) == 2 and all(type(one) in (int, float) for one in value)
        return ok and 100 <= value[0] < value[1] <= 30_000
    if key == "response_nm":
        return len(value) >= 2 and _pairs(value) and _is_response(value)
    if key.startswith("published"):
        return _pairs(value)
    if key == "look_sides":
        return bool(value) and all(one in ("left", "right") for one in value)
    if key in ("band", "mode"):
        return len(value) <= MOST_ROWS and all(isinstance(one, dict) for one in value)
    return all(isinstance(one, str) for one in value)


def _pairs(value: list[Any]) -> bool:
    return all(
        isinstance(pair, list)
        and len(pair) == 2
        and all(type(one) in (int, float) and -1e9 <= one <= 1e9 for one in pair)
        for pair in value
    )


def _is_response(value: list[Any]) -> bool:
    rising = all(a[0] < b[0] for a, b in itertools.pairwise(value))
    inside = value[0][0] >= 100 and value[-1][0] <= 30_000
    return (
        rising
        and inside
        and all(0 <= share <= 1 for _, share in value)
        and any(s > 0 for _, s in value)
    )


def _hint(key: str, limits: Mapping[str, Any], also: Mapping[str, Any]) -> str:
    known = (*limits, *also, "base")
    stem = functools.reduce(lambda text, unit: text.removesuffix(unit), UNITS, key)
    for other in known:
        if functools.reduce(lambda text, unit: text.removesuffix(unit), UNITS, other) == stem:
            return f"did you mean {other}?"
    close = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {close[0]}?" if close else ""
