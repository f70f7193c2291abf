"""Modes of a real radar: which one a look would use, and what it is worth."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from offnadir.quality._radar import RadarQuality, predict_radar
from offnadir.sensors import Radar, RadarMode


def radar_mode(radar: Radar, incidence_rad: float) -> RadarMode:
    """The mode with the finest cell among those that look at such an incidence; the finest of all if none."""
    fits = [mode for mode in radar.modes if mode.looks_at(incidence_rad)]
    return min(fits or radar.modes, key=lambda mode: mode.cell_m2)


def predict_mode(mode: RadarMode, incidence_rad: ArrayLike) -> RadarQuality:
    """What looks in a mode are worth; without a published noise there is no clutter over noise nor RNIIRS.

    Library resolutions of azimuth are those of the picture as it is sold, so looks are in them already.
    The mode's limits of incidence are not applied.
    """
    return predict_radar(
        slant_resolution_m=mode.slant_at(incidence_rad),
        azimuth_resolution_m=mode.azimuth_resolution_m,
        incidence_rad=incidence_rad,
        nesz=math.nan if mode.nesz is None else mode.nesz,
    )


def predict_looks(radar: Radar, incidence_rad: ArrayLike) -> RadarQuality:
    """What looks are worth, each in the finest mode that looks so; NaN where none does."""
    incidence = np.asarray(incidence_rad, np.float64)
    slant, azimuth, nesz = (np.full(incidence.shape, np.nan) for _ in range(3))
    for mode in sorted(radar.modes, key=lambda mode: -mode.cell_m2):  # finer ones overwrite
        fits = mode.looks_at(incidence)
        slant[fits], azimuth[fits] = mode.slant_at(incidence[fits]), mode.azimuth_resolution_m
        nesz[fits] = np.nan if mode.nesz is None else mode.nesz
    return predict_radar(
        slant_resolution_m=slant, azimuth_resolution_m=azimuth, incidence_rad=incidence, nesz=nesz
    )
