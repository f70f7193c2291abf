"""From the table of a sensor file to a camera or a radar, or to all that is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from offnadir.constants import SINC_WIDTH, SPEED_OF_LIGHT_M_S
from offnadir.errors import MISSING, InputError, InputProblems
from offnadir.sensors import _keys
from offnadir.sensors._model import (
    Agility,
    Band,
    Detector,
    Duty,
    Optics,
    Sensor,
    ground_speed_of_circle_m_s,
)
from offnadir.sensors._radar import Radar, RadarMode
from offnadir.units import Mbit, deg, km, nm, um

Limits = Mapping[str, tuple[float, float]]
#: What is taken for a figure that a file leaves out; all else has to be given.
DEFAULTS: Final[dict[str, Any]] = {
    "obscuration": 0.0,
    "wfe_rms_waves": 0.07,
    "wavelength_nm": 650.0,
    "transmission": 0.75,
    "rows": 1,
    "chips": 1,
    "chip_overlap_px": 0,
    "jitter_px": 0.1,
    "smear_px": 0.1,
    "tdi_clocking_px": 0.25,
    "diffusion_px": 0.0,
    "quantum_efficiency": 0.6,
    "full_well_e": 100_000.0,
    "read_noise_e": 40.0,
    "dark_current_e_s": 2_000.0,
    "bits": 11,
    "snr_reference_sun_elevation_deg": 45.0,
    "max_off_nadir_deg": 30.0,
    "min_duration_s": 2.0,
    "kind": "pushbroom",
    "norad_ids": [],
}
_SNR: Final = 100.0  # of a camera whose file says nothing about noise
_HALF_WIDTH: Final = 0.2  # of the band, where only its middle is known; a share of the wavelength
_NONE: Final = frozenset(
    {"max_line_rate_hz", "exposure_s", "snr_reference", "max_duration_s", "imaging_s_per_orbit",
     "sun_exclusion_deg", "moon_exclusion_deg", "max_squint_deg"}
)  # fmt: skip
_RADAR_NEEDS: Final = ("look_sides", "mode")
_MODE_NEEDS: Final = (
    "name", "kind", "azimuth_resolution_m", "swath_km", "min_incidence_deg", "max_incidence_deg",
)  # fmt: skip
_CAMERA_ALSO: Final[dict[str, Any]] = {
    "title": None, "kind": ("pushbroom", "frame"), "norad_ids": None, "tdi_stages": None,
    "band_nm": None, "band": None, "published_gsd_at_deg": None, "estimates": None, "source": None,
}  # fmt: skip
_BAND_ALSO: Final[dict[str, Any]] = {
    "name": None, "range_nm": None, "response_nm": None, "tdi_stages": None, "estimates": None,
    "source": None,
}  # fmt: skip
_RADAR_ALSO: Final[dict[str, Any]] = {
    "title": None, "kind": ("sar",), "norad_ids": None, "look_sides": None, "mode": None,
    "estimates": None, "source": None,
}  # fmt: skip
_MODE_ALSO: Final[dict[str, Any]] = {
    "name": None, "kind": ("spotlight", "stripmap", "scansar"), "polarisations": None,
    "published_ground_range_resolution_m": None, "estimates": None, "source": None,
}  # fmt: skip


def is_radar(table: Mapping[str, Any]) -> bool:
    """Whether a table describes a radar."""
    return table.get("kind") == "sar"


def sensor_of_table(table: Mapping[str, Any], name: str, where: str) -> Sensor | Radar:
    """A camera or radar from a whole table; InputError or InputProblems with all that is wrong."""
    problems: list[InputError] = []
    radar = is_radar(table)
    limits, also = (_keys.RADAR, _RADAR_ALSO) if radar else (_keys.CAMERA, _CAMERA_ALSO)
    may_lack = {*DEFAULTS, *_NONE} | {one for one in limits if one.startswith("published")}
    needs = [one for one in limits if one not in may_lack] + (list(_RADAR_NEEDS) if radar else [])
    checked = _check(table, limits, also, needs, where, problems)
    key = "mode" if radar else "band"
    limits, also = (_keys.MODE, _MODE_ALSO) if radar else (_keys.BAND, _BAND_ALSO)
    rows = [
        _check(
            row,
            limits,
            also,
            _MODE_NEEDS if radar else ("name",),
            f"{where}: {key}[{i + 1}]",
            problems,
        )
        for i, row in enumerate(checked.get(key, ()))
    ]
    if not problems:
        try:
            return _build({**defaults(checked), "title": name, **checked}, rows, name, where)
        except InputError as error:
            place = error.where or where
            problems.append(
                InputError(error.field, error.value, error.wish, hint=error.hint, where=place)
            )
    raise problems[0] if len(problems) == 1 else InputProblems(problems)


def defaults(checked: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is taken for usual. A frame has no charge that moves, and smears for as long as it is exposed."""
    if checked.get("kind") != "frame":
        return DEFAULTS
    smear_px = DEFAULTS["smear_px"]
    if "exposure_s" in checked:
        height_m = checked["reference_altitude_km"] * km
        gsd_m = height_m * checked["pitch_um"] * um / checked["focal_length_m"]
        smear_px = min(checked["exposure_s"] * ground_speed_of_circle_m_s(height_m) / gsd_m, 100.0)
    return {**DEFAULTS, "tdi_clocking_px": 0.0, "smear_px": smear_px}


def _check(
    table: Mapping[str, Any],
    limits: Limits,
    also: Mapping[str, Any],
    needs: Sequence[str],
    where: str,
    problems: list[InputError],
) -> dict[str, Any]:
    """What is right of a table; the rest goes to the problems."""
    checked = {}
    for key, value in table.items():
        try:
            checked[key] = _keys.checked(key, value, limits, also, where)
        except InputError as error:
            problems.append(error)
    problems.extend(
        InputError(key, MISSING, _keys.wish(key, limits), hint="the key is missing", where=where)
        for key in needs
        if key not in table
    )
    return checked


def _build(
    t: Mapping[str, Any], rows: list[dict[str, Any]], name: str, where: str
) -> Sensor | Radar:
    agility = Agility(
        rate_rad_s=t["rate_deg_s"] * deg,
        acceleration_rad_s2=t["acceleration_deg_s2"] * deg,
        settling_s=float(t["settling_s"]),
        sun_exclusion_rad=t.get("sun_exclusion_deg", 0.0) * deg,
        moon_exclusion_rad=t.get("moon_exclusion_deg", 0.0) * deg,
    )
    duty = Duty(
        max_duration_s=t.get("max_duration_s"), imaging_s_per_orbit=t.get("imaging_s_per_orbit")
    )
    common: dict[str, Any] = {
        "name": name,
        "title": t["title"],
        "norad_ids": tuple(t["norad_ids"]),
        "agility": agility,
        "duty": duty,
        "reference_altitude_m": t["reference_altitude_km"] * km,
        "data_rate_bit_s": t["data_rate_mbps"] * Mbit,
        "min_duration_s": float(t["min_duration_s"]),
    }
    if is_radar(t):
        return Radar(
            **common,
            frequency_hz=t["frequency_ghz"] * 1e9,
            look_sides=tuple(dict.fromkeys(t["look_sides"])),
            max_squint_rad=t.get("max_squint_deg", 0.0) * deg,
            modes=tuple(_mode(row, f"{where}: mode[{i + 1}]") for i, row in enumerate(rows)),
        )
    return _camera(t, rows, common, where)


def _camera(
    t: Mapping[str, Any], rows: list[dict[str, Any]], common: Mapping[str, Any], where: str
) -> Sensor:
    detector = Detector(
        pitch_m=t["pitch_um"] * um,
        columns=t["columns"],
        rows=t["rows"],
        chips=t["chips"],
        chip_overlap_px=t["chip_overlap_px"],
        jitter_px=float(t["jitter_px"]),
        smear_px=float(t["smear_px"]),
        tdi_clocking_px=float(t["tdi_clocking_px"]),
        diffusion_px=float(t["diffusion_px"]),
        quantum_efficiency=float(t["quantum_efficiency"]),
        full_well_e=float(t["full_well_e"]),
        read_noise_e=float(t["read_noise_e"]),
        dark_current_e_s=float(t["dark_current_e_s"]),
        bits=t["bits"],
        tdi_stages=tuple(t.get("tdi_stages", ())),
        max_line_rate_hz=t.get("max_line_rate_hz"),
        exposure_s=t.get("exposure_s"),
    )
    if "band_nm" in t:
        low_nm, high_nm = t["band_nm"]
    else:
        low_nm, high_nm = ((1 + sign * _HALF_WIDTH) * t["wavelength_nm"] for sign in (-1, 1))
    # A file that tells how much light is gathered has its noise from that, any other is taken for usual.
    snr = t.get("snr_reference")
    if snr is None and "exposure_s" not in t and "tdi_stages" not in t:
        snr = _SNR
    return Sensor(
        **common,
        kind=t["kind"],
        optics=Optics(
            aperture_m=float(t["aperture_m"]),
            focal_length_m=float(t["focal_length_m"]),
            wavelength_m=t["wavelength_nm"] * nm,
            obscuration=float(t["obscuration"]),
            wfe_rms_waves=float(t["wfe_rms_waves"]),
            transmission=float(t["transmission"]),
        ),
        detector=detector,
        band=Band(name=str(t.get("band_name", "sharpest")), low_m=low_nm * nm, high_m=high_nm * nm),
        bands=tuple(_band(row, f"{where}: band[{i + 1}]") for i, row in enumerate(rows)),
        max_off_nadir_rad=min(t["max_off_nadir_deg"] * deg, math.pi / 2),
        snr_reference=snr,
        snr_reference_sun_elevation_rad=t["snr_reference_sun_elevation_deg"] * deg,
    )


def _band(row: Mapping[str, Any], where: str) -> Band:
    response = tuple((one * nm, float(share)) for one, share in row.get("response_nm", ()))
    if "range_nm" in row:
        low_m, high_m = (one * nm for one in row["range_nm"])
    elif response:
        low_m, high_m = response[0][0], response[-1][0]
    else:
        raise InputError("range_nm", MISSING, "given, or response_nm", where=where)
    return Band(
        name=row["name"],
        low_m=low_m,
        high_m=high_m,
        response=response,
        gsd_ratio=float(row.get("gsd_ratio", 1.0)),
        transmission=row.get("transmission"),
        quantum_efficiency=row.get("quantum_efficiency"),
        full_well_e=row.get("full_well_e"),
        bits=row.get("bits"),
        tdi_stages=tuple(row.get("tdi_stages", ())),
        snr_reference=row.get("snr_reference"),
    )


def _mode(row: Mapping[str, Any], where: str) -> RadarMode:
    bandwidth_hz = row["bandwidth_mhz"] * 1e6 if "bandwidth_mhz" in row else None
    slant_m, ground_m = row.get("slant_resolution_m"), row.get("ground_range_resolution_m")
    middle = (row["min_incidence_deg"] + row["max_incidence_deg"]) / 2 * deg
    if ground_m is not None:
        if slant_m is not None:
            wish = "left out with ground_range_resolution_m, which the mode holds at every angle"
            raise InputError("slant_resolution_m", slant_m, wish, where=where)
        slant_m = ground_m * math.sin(middle)
    elif slant_m is None:
        if bandwidth_hz is None:
            wish = "given, or ground_range_resolution_m, or bandwidth_mhz"
            raise InputError("slant_resolution_m", MISSING, wish, where=where)
        slant_m = SINC_WIDTH * SPEED_OF_LIGHT_M_S / (2 * bandwidth_hz)
    if row["min_incidence_deg"] >= row["max_incidence_deg"]:
        wish = f"below max_incidence_deg = {row['max_incidence_deg']:g}"
        raise InputError("min_incidence_deg", row["min_incidence_deg"], wish, where=where)
    return RadarMode(
        name=row["name"].lower(),
        kind=row["kind"],
        slant_resolution_m=float(slant_m),
        ground_range_resolution_m=None if ground_m is None else float(ground_m),
        azimuth_resolution_m=float(row["azimuth_resolution_m"]),
        swath_m=row["swath_km"] * km,
        min_incidence_rad=row["min_incidence_deg"] * deg,
        max_incidence_rad=row["max_incidence_deg"] * deg,
        bandwidth_hz=bandwidth_hz,
        length_m=row["length_km"] * km if "length_km" in row else None,
        nesz=10.0 ** (row["nesz_db"] / 10.0) if "nesz_db" in row else None,
        looks=float(row.get("looks", 1.0)),
        polarisations=tuple(row.get("polarisations", ())),
    )
