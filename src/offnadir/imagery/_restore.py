"""Sharpness given back: Wiener's filter for the camera's blur, and what it costs in noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError
from offnadir.quality import edge_overshoot, rer_from_mtf

Array = NDArray[np.float64]
Pixels = NDArray[np.float32]
#: MTF for frequencies along and across [cycles/pixel], which broadcast.
Otf = Callable[[ArrayLike, ArrayLike], Array]
#: Pixels to each side that a filter reaches.
REACH: Final = 12
_FINE: Final = 256
#: Where the spectrum of scenes begins to fall [cycles/pixel]: amplitudes go as 1/f below pictures' size
#: (Field, J. Opt. Soc. Am. A 4 (1987) 2379), so power as 1/f^2.
_KNEE_PX: Final = 1.0 / 64.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Restoration:
    """A filter (2 REACH + 1 squared, sum 1) and what it does; pairs are along and across.

    `noise_gain` G is what it multiplies the noise of independent pixels by; `overshoot` H of an edge and
    `rer` are GIQE's, `mtf_nyquist` that of the whole system at half a cycle per pixel.
    """

    kernel: Pixels
    noise_gain: float
    rer_before: tuple[float, float]
    rer: tuple[float, float]
    overshoot_before: tuple[float, float]
    overshoot: tuple[float, float]
    mtf_nyquist_before: tuple[float, float]
    mtf_nyquist: tuple[float, float]


def restoration(otf: Otf, snr: float, *, strength: float = 1.0) -> Restoration:
    """Wiener's filter H / (H^2 + N/S) for an OTF, cut to REACH pixels by a Kaiser window.

    `snr` is the contrast of the scene (its rms over the picture) over the noise of a pixel. Scenes have
    power as 1 / (f0^2 + f^2), which is scaled so that the variances have that ratio. `strength` is the
    share of it that is applied, 1 the whole filter. Frequencies above half a cycle per pixel cannot be told
    from their images below; they stay in the picture. InputError for an SNR or a strength not above 0.
    """
    for name, value in (("snr", snr), ("strength", strength)):
        if not (math.isfinite(value) and value > 0):
            raise InputError(name, value, "above 0")
    f = np.fft.fftfreq(_FINE)
    blur = otf(np.abs(f)[:, None], np.abs(f)[None, :])
    scene = 1.0 / (_KNEE_PX**2 + f[:, None] ** 2 + f[None, :] ** 2)
    scene *= snr**2 / float(np.mean(scene))
    wiener = blur / (blur**2 + 1.0 / scene)
    wanted = 1.0 + strength * (wiener / wiener[0, 0] - 1.0)
    full = np.fft.fftshift(np.real(np.fft.ifft2(wanted)))
    at = _FINE // 2
    part = slice(at - REACH, at + REACH + 1)
    window = np.kaiser(2 * REACH + 1, 4.0)
    kernel = full[part, part] * np.outer(window, window)
    kernel /= kernel.sum()
    ways = [_edge(otf, kernel, along=along) for along in (True, False)]
    before = [_edge(otf, None, along=along) for along in (True, False)]
    return Restoration(
        kernel=kernel.astype(np.float32), noise_gain=float(np.sqrt(np.sum(kernel**2))),
        rer=(ways[0][0], ways[1][0]), rer_before=(before[0][0], before[1][0]),
        overshoot=(ways[0][1], ways[1][1]), overshoot_before=(before[0][1], before[1][1]),
        mtf_nyquist=(ways[0][2], ways[1][2]), mtf_nyquist_before=(before[0][2], before[1][2]),
    )  # fmt: skip


def nyquist_otf(mtf_nyquist: float) -> Otf:
    """The OTF of a camera of which no more is known than its MTF at half a cycle per pixel, both ways.

    A square pixel and a Gaussian blur that make up that value. InputError unless it is above 0 and below
    the pixel's own, 2/pi.
    """
    own = 2.0 / math.pi
    if not 0.0 < mtf_nyquist < own:
        raise InputError(
            "mtf_nyquist", mtf_nyquist, f"above 0 and below {own:.3f}, the pixel's own"
        )
    bend = math.log(own / mtf_nyquist) / 0.25

    def otf(along: ArrayLike, across: ArrayLike) -> Array:
        u, v = np.asarray(along, np.float64), np.asarray(across, np.float64)
        return np.asarray(np.sinc(u) * np.sinc(v) * np.exp(-bend * (u**2 + v**2)))

    return otf


def restore(light: Pixels, kernel: Pixels) -> Pixels:
    """A filter applied to (rows, columns); NaN counts as the mean, and what lies REACH from it is left alone.

    Beyond the edges stands what mirrors them.
    """
    from scipy.fft import irfft2, next_fast_len, rfft2

    reach = kernel.shape[0] // 2
    missing = ~np.isfinite(light)
    has_gaps = bool(missing.any())
    if has_gaps and missing.all():
        return light
    filled = np.where(missing, np.float32(np.mean(light[~missing])), light) if has_gaps else light
    padded = np.pad(filled, reach, mode="symmetric")
    shape = tuple(int(next_fast_len(n, real=True)) for n in padded.shape)
    # float32 keeps 24 bits: what is subtracted first is not lost to rounding
    mean = np.float32(filled.mean(dtype=np.float64))
    spectrum = rfft2(padded - mean, s=shape)
    spectrum *= _response(kernel, shape)
    rows, columns = light.shape
    out = irfft2(spectrum, s=shape)[2 * reach : 2 * reach + rows, 2 * reach : 2 * reach + columns]
    out = (out + mean).astype(np.float32)
    if has_gaps:
        from scipy.ndimage import binary_dilation

        near = binary_dilation(missing, np.ones((2 * reach + 1, 2 * reach + 1), bool))
        out = np.where(near, light, out)
    return np.asarray(out, np.float32)


def _response(kernel: Pixels, shape: tuple[int, ...]) -> NDArray[np.complex64]:
    from scipy.fft import rfft2

    return np.asarray(rfft2(kernel[::-1, ::-1], s=shape), np.complex64)


def _edge(otf: Otf, kernel: Array | None, *, along: bool) -> tuple[float, float, float]:
    """RER, overshoot and MTF at Nyquist of an edge along or across, after a filter."""
    f = np.linspace(0.0, 4.0, 8001)
    zero = np.zeros(1)
    mtf = otf(f, zero) if along else otf(zero, f)
    if kernel is not None:
        line = kernel.sum(axis=1 if along else 0)
        at = np.arange(len(line)) - len(line) // 2
        mtf = mtf * (np.cos(2 * np.pi * f[:, None] * at) @ line)
    return rer_from_mtf(f, mtf), edge_overshoot(f, mtf), float(np.interp(0.5, f, mtf))
