"""Which of a sensor's bands stand for blue, green, red and near infrared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from offnadir.sensors import Band
from offnadir.units import um

#: A wavelength [m] that every band of that colour takes in, and the widest that a colour is.
_INSIDE_M: Final = {"blue": 0.48 * um, "green": 0.56 * um, "red": 0.66 * um, "nir": 0.865 * um}
_WIDEST_M: Final = 0.15 * um


def colours_of(bands: Sequence[tuple[str | None, Band | None]]) -> dict[str, int]:
    """Colours among bands, by their numbers from 1: a name tells, else the wavelengths.

    A sensor without a panchromatic band calls one of its colours the sharpest: Landsat 8 and Sentinel-2 red.
    """
    found: dict[str, int] = {}
    for number, (name, _) in enumerate(bands, 1):
        words = (name or "").lower().split()
        for colour in _INSIDE_M:
            if "edge" not in words and (colour in words or f"{colour}1" in words):
                found.setdefault(colour, number)
    for number, (_, band) in enumerate(bands, 1):
        if band is None or band.high_m - band.low_m > _WIDEST_M or number in found.values():
            continue
        for colour, inside_m in _INSIDE_M.items():
            if band.low_m <= inside_m <= band.high_m:
                found.setdefault(colour, number)
    return found
