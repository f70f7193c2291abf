"""Every figure of a sensor with its source, and what looks wrong in a file that is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from offnadir.constants import SPEED_OF_LIGHT_M_S
from offnadir.sensors import _keys
from offnadir.sensors._library import read_sensor_file
from offnadir.sensors._model import Sensor
from offnadir.sensors._parse import defaults, is_radar
from offnadir.sensors._tables import named_table, read_table

_AGREE = 0.03  # share by which a published figure may differ from what follows from others
#: Figures that a look rests on and that hardly anybody publishes.
_ASSUMED = (
    "obscuration", "wfe_rms_waves", "jitter_px", "smear_px", "tdi_clocking_px", "diffusion_px",
    "transmission", "quantum_efficiency", "read_noise_e", "dark_current_e_s", "full_well_e", "bits",
)  # fmt: skip


def sensor_facts(name: str) -> list[dict[str, Any]]:
    """Every figure of a sensor: figure, value, unit, source, and whether it is an estimate.

    A name in ".toml" is a file. Figures of bands and modes come after the sensor's own, as
    "red: range_nm". What a file leaves out and is taken for usual is told as an estimate with the
    source "assumed".
    """
    table, _, _ = named_table(name)
    sources, estimates = table.get("source", {}), table.get("estimates", [])
    limits = _keys.RADAR if is_radar(table) else _keys.CAMERA
    facts = [
        _fact(key, key, table[key], source_of(sources, key), key in estimates)
        for key in (*limits, *_keys.LISTS)
        if key in table and key not in ("band", "mode", "estimates", "norad_ids")
    ]
    if not is_radar(table):
        usual = defaults(table)
        facts += [
            _fact(key, key, usual[key], "assumed: nothing is published", True)
            for key in _ASSUMED
            if key not in table
        ]
    for row in (*table.get("band", ()), *table.get("mode", ())):
        facts += [
            _fact(f"{row['name']}: {key}", key, value, source_of(row.get("source", ""), key),
                  key in row.get("estimates", ()))
            for key, value in row.items()
            if key not in ("name", *_keys.ABOUT)
        ]  # fmt: skip
    return facts


def _fact(figure: str, key: str, value: Any, source: str, estimate: bool) -> dict[str, Any]:
    unit = _keys.unit_of(key)
    return {
        "figure": figure, "value": value, "unit": unit, "source": source, "estimate": estimate,
    }  # fmt: skip


def source_of(sources: Any, key: str) -> str:
    """One text may stand for all figures of a table."""
    return sources if isinstance(sources, str) else str(sources.get(key, ""))


def file_warnings(path: Path) -> list[str]:
    """What is allowed in a sensor file and yet looks wrong: figures that do not agree, or lack a source."""
    table, sensor = read_table(path), read_sensor_file(path)
    texts = []
    if isinstance(sensor, Sensor):
        pairs = (
            ("published_gsd_m", sensor.gsd_nadir_m, "height * pitch / focal length"),
            ("published_swath_km", sensor.swath_nadir_m / 1e3, "columns, pitch and focal length"),
        )
        for key, ours, how in pairs:
            if key in table and abs(ours / table[key] - 1) > _AGREE:
                texts.append(f"{key} = {table[key]:g}, but {how} give {ours:.3g}")
        if not 0.1 <= sensor.q <= 3.0:
            texts.append(
                f"wavelength * f-number / pitch is {sensor.q:.2g}; it is 0.3 to 2 in real cameras"
            )
    else:
        for mode in sensor.modes:
            if mode.bandwidth_hz is not None:
                least_m = SPEED_OF_LIGHT_M_S / (2 * mode.bandwidth_hz)
                if not 0.85 <= mode.slant_resolution_m / least_m <= 2.0:
                    texts.append(
                        f"mode {mode.name}: slant_resolution_m = {mode.slant_resolution_m:g}, but "
                        f"its bandwidth gives c/2B = {least_m:.3g}"
                    )
    sources, estimates = table.get("source", {}), table.get("estimates", ())
    texts.extend(f"{what}: there is no such figure in the file" for what in _unknown(table))
    known = _keys.RADAR if is_radar(table) else _keys.CAMERA
    bare = [k for k in table if k in known and not source_of(sources, k) and k not in estimates]
    if bare:
        texts.append("no source, and not among the estimates: " + ", ".join(bare))
    return texts


def _unknown(table: Mapping[str, Any]) -> list[str]:
    """Keys that estimates and sources name, and that the table does not have."""
    places = [("", table)]
    places += [(f"{row['name']}: ", row) for key in ("band", "mode") for row in table.get(key, ())]
    texts = []
    for place, row in places:
        sources = row.get("source", ())
        for about, keys in (
            ("estimates", row.get("estimates", ())),
            ("source", () if isinstance(sources, str) else sources),
        ):
            texts += [f"{place}{about} of {key}" for key in keys if key not in row]
    return texts
