"""The whole budget of one look: sharpness term by term, electrons band by band, and what costs how much."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import PLANCK_J_S, SPEED_OF_LIGHT_M_S
from offnadir.errors import InputError
from offnadir.quality._atmosphere import Atmosphere
from offnadir.quality._giqe import giqe3_niirs, giqe4_niirs, giqe5_niirs, weighted_rer
from offnadir.quality._light import band_samples, photons_at
from offnadir.quality._mtf import (
    ALONG_ONLY,
    TERMS,
    edge_overshoot,
    mtf_term,
    sensor_rer,
    system_mtf,
    with_smear,
)
from offnadir.quality._predict import Quality, predict
from offnadir.quality._signal import REFERENCE_REFLECTANCE, Electronics, electronics
from offnadir.quality._solar import solar_irradiance_w_m2_m
from offnadir.sensors import Band, Sensor

Array = NDArray[np.float64]
_NYQUIST: Final = 0.5
_PLANCK_LIGHT: Final = PLANCK_J_S * SPEED_OF_LIGHT_M_S
_RESOLVED: Final = 3.0  # signal over noise at which bars are told apart; IBSM (2013), section 3.7


@dataclass(frozen=True, slots=True, kw_only=True)
class MtfTerm:
    """One part of the MTF: at half a cycle per pixel, and the NIIRS that would be won without it."""

    name: str
    nyquist_along: float
    nyquist_across: float
    niirs_loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BandSignal:
    """What a band gathers of a target of some reflectance.

    `nedr` is the noise as a difference of reflectance, `nedl_w_m2_sr_m` as one of spectral radiance at the
    sensor; `radiance_w_m2_sr_m` is the target's with all haze, and `snr` is of all of it, as makers state
    it. `fill` is the share of the full well.
    """

    name: str
    low_m: float
    high_m: float
    gsd_m: float
    radiance_w_m2_sr_m: float
    signal_e: float
    haze_e: float
    noise_e: float
    shot_share: float
    snr: float
    nedr: float
    nedl_w_m2_sr_m: float
    fill: float
    exposure_s: float
    stages: int
    stated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Everything that a predicted NIIRS rests on; see `budget`.

    `losses` has the NIIRS that would be won without each cause, greatest first: parts of the MTF, "noise",
    "haze" (against air without aerosol, water and ozone) and "slant" (against a look straight down from the
    same height). They do not add up: each is what would be won if it alone were gone.
    """

    quality: Quality
    q: float
    rer_along: float
    rer_across: float
    mtf_nyquist_along: float
    mtf_nyquist_across: float
    terms: tuple[MtfTerm, ...]
    bands: tuple[BandSignal, ...]
    niirs4: float
    niirs3: float
    overshoot: float
    resolved_m: float
    losses: tuple[tuple[str, float], ...]
    cautions: tuple[str, ...]


def budget(
    sensor: Sensor,
    *,
    range_m: float,
    incidence_rad: float,
    sun_elevation_rad: float,
    relative_azimuth_rad: float = math.pi / 2,
    reflectance: float = REFERENCE_REFLECTANCE,
    smear_px: float | None = None,
    atmosphere: Atmosphere | None = None,
    ground_alt_m: float = 0.0,
    altitude_m: float | None = None,
) -> Budget:
    """The budget of one look; arguments as of `predict`, whose numbers these are.

    `reflectance` is that of the target in the table of bands; NIIRS is for 15 against 7 % always.
    `altitude_m` is the satellite's, for what the slant costs; left out, that is left out. Raises InputError
    for a reflectance that is none.
    """
    if not 0.0 < reflectance <= 1.5:
        raise InputError("reflectance", reflectance, "above 0, up to 1.5 (snow and glints)")
    if smear_px is not None:
        sensor = with_smear(sensor, smear_px)
    atmosphere = atmosphere or Atmosphere()
    incidence_rad = abs(incidence_rad)
    common = {
        "sun_elevation_rad": sun_elevation_rad,
        "relative_azimuth_rad": relative_azimuth_rad,
        "atmosphere": atmosphere,
        "ground_alt_m": ground_alt_m,
    }
    seen = predict(sensor, range_m=range_m, incidence_rad=incidence_rad, **common)  # type: ignore[arg-type]
    along, across = sensor_rer(sensor)
    f = np.linspace(0.0, 4.0, 2001)
    over = [edge_overshoot(f, system_mtf(sensor, f, along=way)) for way in (True, False)]
    overshoot = math.sqrt(over[0] * over[1])
    ground = float(seen.gsd_m)
    geometric = math.sqrt(along * across)
    snr = float(seen.snr)
    noise = snr if snr > 0 else math.nan
    terms = tuple(_term(sensor, term, seen, noise, incidence_rad) for term in TERMS)
    losses = {term.name: term.niirs_loss for term in terms}
    losses |= _other_losses(sensor, seen, (range_m, incidence_rad), common, altitude_m)
    bands = tuple(
        _band(sensor, band, seen, reflectance, incidence_rad, common)
        for band in (sensor.band, *sensor.bands)
    )
    return Budget(
        quality=seen,
        q=sensor.q,
        rer_along=along,
        rer_across=across,
        mtf_nyquist_along=float(system_mtf(sensor, _NYQUIST, along=True)),
        mtf_nyquist_across=float(system_mtf(sensor, _NYQUIST, along=False)),
        terms=terms,
        bands=bands,
        niirs4=float(giqe4_niirs(ground, geometric, overshoot, 1.0, noise)),
        niirs3=float(giqe3_niirs(ground, geometric, overshoot, 1.0, noise)),
        overshoot=overshoot,
        resolved_m=_resolved_m(sensor, ground, noise),
        losses=tuple(sorted(losses.items(), key=lambda item: -item[1])),
        cautions=(
            *_cautions(sensor, seen, min(along, across), incidence_rad, sun_elevation_rad),
            *_overfilled(bands, reflectance),
        ),
    )


def _niirs(seen: Quality, rer: float, snr: float, incidence_rad: float) -> float:
    return float(giqe5_niirs(seen.gsd_along_m, rer, snr, math.pi / 2 - incidence_rad))


def _term(sensor: Sensor, term: str, seen: Quality, snr: float, incidence_rad: float) -> MtfTerm:
    along, across = sensor_rer(sensor, term)
    best = _niirs(seen, float(weighted_rer(along, across)), snr, incidence_rad)
    at = float(mtf_term(sensor, term, _NYQUIST))
    return MtfTerm(
        name=term,
        nyquist_along=at,
        nyquist_across=1.0 if term in ALONG_ONLY else at,
        niirs_loss=best - float(seen.niirs),
    )


def _other_losses(
    sensor: Sensor,
    seen: Quality,
    look: tuple[float, float],
    common: dict[str, object],
    altitude_m: float | None,
) -> dict[str, float]:
    range_m, incidence_rad = look
    rer, niirs = float(seen.rer), float(seen.niirs)
    losses = {"noise": _niirs(seen, rer, 1e9, incidence_rad) - niirs}
    # Rayleigh's scattering is always there.
    clear = Atmosphere(aod_550=0.0, water_kg_m2=0.0, ozone_m=0.0)
    best = predict(
        sensor,
        range_m=range_m,
        incidence_rad=incidence_rad,
        **{**common, "atmosphere": clear},  # type: ignore[arg-type]
    )
    losses["haze"] = float(best.niirs) - niirs
    if altitude_m is not None:
        below = predict(sensor, range_m=altitude_m, incidence_rad=0.0, **common)  # type: ignore[arg-type]
        losses["slant"] = float(below.niirs) - niirs
    return losses


def _band(
    sensor: Sensor,
    band: Band,
    seen: Quality,
    reflectance: float,
    incidence_rad: float,
    common: dict[str, object],
) -> BandSignal:
    chain: Electronics = electronics(sensor, band)
    own, total = photons_at(
        band,
        common["atmosphere"],  # type: ignore[arg-type]
        reflectance,
        common["sun_elevation_rad"],  # type: ignore[arg-type]
        incidence_rad,
        common["relative_azimuth_rad"],  # type: ignore[arg-type]
        common["ground_alt_m"],  # type: ignore[arg-type]
    )
    signal, everything = float(own) * chain.gain, float(total) * chain.gain
    noise = float(chain.noise_e(np.asarray(everything)))
    # Photons to watts: the mean energy of one of the Sun's, over the band's equivalent width.
    wavelength, weight = band_samples(band)
    sunlight = weight * solar_irradiance_w_m2_m(wavelength)
    each_j = _PLANCK_LIGHT * float(np.sum(sunlight) / np.sum(sunlight * wavelength))
    watts = each_j / float(np.sum(weight))
    light = signal > 0
    return BandSignal(
        name=band.name,
        low_m=band.low_m,
        high_m=band.high_m,
        gsd_m=float(seen.gsd_m) * band.gsd_ratio,
        radiance_w_m2_sr_m=float(total) * watts,
        signal_e=signal,
        haze_e=everything - signal,
        noise_e=noise,
        shot_share=everything / noise**2,
        snr=everything / noise,
        nedr=noise * reflectance / signal if light else math.nan,
        nedl_w_m2_sr_m=noise / chain.gain * watts,
        fill=everything / chain.full_well_e,
        exposure_s=chain.exposure_s,
        stages=chain.stages,
        stated=chain.stated,
    )


def _resolved_m(sensor: Sensor, gsd_m: float, snr: float) -> float:
    """Width [m] of a pair of bars that is just told apart: MTF = 3 / SNR, never below two samples."""
    f = np.linspace(0.0, _NYQUIST, 501)
    seen = system_mtf(sensor, f, along=False) >= _RESOLVED / snr
    if not seen[0]:
        return math.nan
    last = f[np.argmin(seen) - 1] if not np.all(seen) else _NYQUIST
    return gsd_m / last if last > 0 else math.nan


def _overfilled(bands: tuple[BandSignal, ...], reflectance: float) -> list[str]:
    """One line on the bands whose pixels hold more than their full well."""
    full = [one for one in bands if one.fill > 1.0]
    if not full:
        return []
    names, most = ", ".join(one.name for one in full), max(one.fill for one in full)
    return [f"a target of {100 * reflectance:g} % fills a pixel up to {most:.1f} times in {names}"]


def _cautions(
    sensor: Sensor, seen: Quality, rer: float, incidence_rad: float, sun_rad: float
) -> list[str]:
    """Where the equation leaves what it was tried on (NGA, GIQE 5.0, 2015)."""
    q, snr, niirs = sensor.q, float(seen.snr), float(seen.niirs)
    texts = []
    if math.isnan(snr) and not math.isnan(sun_rad):
        texts.append(
            "the sharpest band reaches beyond 0.31 to 2.59 um: no light is worked out there"
        )
    elif not snr > 0:
        texts.append("the Sun is not up: a camera sees nothing")
    elif snr < 5:
        texts.append(
            f"contrast over noise is {snr:.1f}; pictures below 5 stand apart in GIQE 5's trials"
        )
    if q > 2.05:
        texts.append(f"Q is {q:.1f}; beyond 2 GIQE 5 judges too harshly")
    if q < 0.9:
        texts.append(f"Q is {q:.1f}; GIQE 5's tables begin at 1, and finer detail aliases")
    if rer < 0.18:
        texts.append(f"the edge response is {rer:.2f}; below 0.18 GIQE 5 is an extrapolation")
    if math.isfinite(niirs) and not 2.0 <= niirs <= 8.0:
        texts.append(
            f"NIIRS {round(niirs, 1) + 0.0:.1f} lies outside of 2 to 8, where rated pictures are"
        )
    if incidence_rad > math.radians(65):
        texts.append("the look is very slanted: heights hide what lies behind them")
    return texts
