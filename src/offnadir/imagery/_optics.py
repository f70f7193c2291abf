"""What the camera does to the light in its focal plane: the MTF of `quality` in two directions, by FFT."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError
from offnadir.quality import ALONG_ONLY, TERMS, mtf_smear, mtf_term
from offnadir.sensors import Band, Sensor

Array = NDArray[np.float64]
#: Pixels around a tile whose light strays into it: 0.2 % of a point's light strays farther.
MARGIN: Final = 28
#: Terms that depend on the size of a frequency, not on its direction.
_ROUND: Final = ("turbulence", "optics", "wavefront", "jitter", "diffusion")
_RADII: Final = 4097
_MOST: Final = 3


def band_sensor(sensor: Sensor, band: Band) -> Sensor:
    """The camera as its pixels of one band see it: that band is the sharpest one.

    Pitch grows with the sample distance of the band, so what is a blur on the ground (jitter, diffusion)
    shrinks in pixels; smear and clocking are steps of the band's own lines and stay. Wavefront error is one
    length of path, so fewer waves of longer light.
    """
    if band == sensor.band:
        return sensor
    ratio = band.gsd_ratio
    middle_m = (band.low_m + band.high_m) / 2.0
    optics, detector = sensor.optics, sensor.detector
    waves = optics.wfe_rms_waves * optics.wavelength_m / middle_m
    return replace(
        sensor,
        optics=replace(optics, wavelength_m=middle_m, wfe_rms_waves=min(waves, 1.0)),
        detector=replace(
            detector,
            pitch_m=detector.pitch_m * ratio,
            jitter_px=detector.jitter_px / ratio,
            diffusion_px=detector.diffusion_px / ratio,
        ),
        band=band,
        bands=(),
    )


def oversampling(sensor: Sensor) -> int:
    """Samples a pixel, each way, that hold what the optics pass: 2 or 3.

    Optics end at 1/Q cycles per pixel. Finer detail is held back by the samples' own squares alone: with
    two of them an edge comes out 3 % too steep (0.01 NIIRS), with three 0.9 %, at twice the cost. Below
    Q = 0.6 optics pass more than 3 samples can hold; that the pixel's aperture holds back.
    """
    return min(max(math.ceil(2.0 / sensor.q - 0.3), 2), _MOST)


def otf(
    sensor: Sensor,
    frequency_along_px: ArrayLike,
    frequency_across_px: ArrayLike,
    *,
    smear_px: tuple[float, float] = (0.0, 0.0),
) -> Array:
    """Transfer function in two directions, real; frequencies in cycles/pixel, which broadcast.

    On either axis it is `quality.system_mtf`. Optics, turbulence and jitter are round, the detector is a
    square, smear and clocking act along the scan. `smear_px` along and across is what the motion of the
    image adds to the sensor's own.
    """
    along, across = np.abs(frequency_along_px), np.abs(frequency_across_px)
    radius = np.hypot(along, across)
    at = np.linspace(0.0, float(np.max(radius, initial=0.0)) or 1.0, _RADII)
    product = np.ones_like(at)
    for term in _ROUND:
        product = product * mtf_term(sensor, term, at)
    own = np.ones_like(np.asarray(along, np.float64))
    other = np.ones_like(np.asarray(across, np.float64))
    for term in TERMS:
        if term not in _ROUND:
            own = own * mtf_term(sensor, term, along)
            if term not in ALONG_ONLY:
                other = other * mtf_term(sensor, term, across)
    own, other = own * mtf_smear(along, smear_px[0]), other * mtf_smear(across, smear_px[1])
    return np.asarray(np.interp(radius, at, product) * own * other, np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """From samples of the light in the focal plane to what pixels take in, a tile at a time.

    `samples` a pixel each way are means over their own small squares, as scenes give them; that is taken
    out of the transfer function again.
    """

    sensor: Sensor
    samples: int
    smear_px: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if not 1 <= self.samples <= 16:
            raise InputError("samples", self.samples, "from 1 to 16 a pixel")

    def padded(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns of pixels, margins included, that a tile should have: FFT likes them."""
        from scipy.fft import next_fast_len

        rows, columns = (int(next_fast_len(side + 2 * MARGIN, real=True)) for side in shape)
        return rows, columns

    def expose(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """What pixels (h, w) take in of samples (h * samples, w * samples); the borders wrap around."""
        from scipy.fft import irfft2, rfft2

        from offnadir.imagery._optics_kernels import fold

        n = self.samples
        shape = light.shape[0] // n, light.shape[1] // n
        if light.shape != (shape[0] * n, shape[1] * n):
            raise InputError("light", light.shape, f"a multiple of {n} samples each way")
        spectrum = rfft2(light)
        table, rows, columns = _table(self, shape)
        folded = fold(spectrum, table, rows, columns, n, shape[1])
        return np.asarray(irfft2(folded, s=shape), np.float32)


@functools.lru_cache(maxsize=12)
def _table(
    plane: Exposure, shape: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.complex64], NDArray[np.complex64]]:
    """The transfer function for a quarter of all frequencies, and the turns of phase of the others.

    Samples stand at (i + 0.5) / n - 0.5 pixels, so that pixel centres are (n - 1) / 2 samples on.
    """
    n = plane.samples
    sides = [side * n for side in shape]
    along, across = (np.arange(side // 2 + 1) / side * n for side in sides)
    table = otf(plane.sensor, along[:, None], across[None, :], smear_px=plane.smear_px)
    table = table / (np.sinc(along / n)[:, None] * np.sinc(across / n)[None, :]) / n**2
    turns = [
        np.exp(2j * np.pi * np.fft.fftfreq(side) * (n - 1) / 2).astype(np.complex64)
        for side in sides
    ]
    return table.astype(np.float32), turns[0], turns[1]
