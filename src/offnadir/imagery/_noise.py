"""From light to counts: photon noise, dark current, reading, columns that differ, full wells, rounding."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError
from offnadir.quality._signal import electronics
from offnadir.sensors import Band, Sensor

Pixels = NDArray[np.float32]
Counts = NDArray[np.uint16]
GOOD, DEAD, HOT = 0, 1, 2
_FEW_E: Final = 64.0  # electrons, below which their number is drawn from Poisson's law itself
_HOT_SHARE: Final = 0.25  # of the full well that the dark current of a hot column fills
_BIAS_SIGMAS: Final = 6.0
_EDGE_FADE: Final = 0.03  # less light at the ends of a line than in its middle


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaws:
    """How uneven detectors are, as a share, and how well that is known on the ground.

    `gain_rms` is the spread of sensitivities, `dark_rms` that of dark current, `offset_rms_e` that of
    the zero level in electrons, `bad_share` that of detectors which are dead or hot (half each). Of a real
    camera's gains and dark levels the ground knows all but `gain_error_rms` and the noise of `dark_lines`
    lines taken in the dark. Not published for any camera of the library: usual figures.
    """

    gain_rms: float = 0.01
    dark_rms: float = 0.05
    offset_rms_e: float = 10.0
    bad_share: float = 2e-4
    gain_error_rms: float = 0.0005
    dark_lines: int = 4096

    def __post_init__(self) -> None:
        for name in ("gain_rms", "dark_rms", "bad_share", "gain_error_rms"):
            if not 0.0 <= getattr(self, name) <= 0.3:
                raise InputError(name, getattr(self, name), "from 0 to 0.3")
        if not 0.0 <= self.offset_rms_e <= 1e5:
            raise InputError("offset_rms_e", self.offset_rms_e, "from 0 to 100000 electrons")
        if self.dark_lines < 1:
            raise InputError("dark_lines", self.dark_lines, "1 or more")

    @classmethod
    def none(cls) -> Flaws:
        """Detectors that are all alike, and known."""
        return cls(gain_rms=0.0, dark_rms=0.0, offset_rms_e=0.0, bad_share=0.0, gain_error_rms=0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detectors:
    """The detectors of one band and chip: one row of `columns` for a line, all rows for a frame.

    `gain` and `state` have shape (rows, columns), the others (1, columns). `gain` is sensitivity over the
    usual one, `dark_e` the electrons that come without light, `zero_e` how far the zero level is off,
    `state` GOOD, DEAD or HOT.
    """

    gain: Pixels
    dark_e: Pixels
    zero_e: Pixels
    state: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digitiser:
    """How electrons become numbers: `step_e` electrons a count, from `bias_counts` up, in `bits`."""

    step_e: float
    bias_counts: float
    bits: int
    full_well_e: float
    read_noise_e: float
    dark_e: float

    @property
    def highest(self) -> int:
        """The greatest count."""
        return int(2**self.bits - 1)


def digitiser(sensor: Sensor, band: Band) -> Digitiser:
    """The electronics of a band as `quality` has them; the zero level keeps noise from being cut off."""
    chain = electronics(sensor, band)
    bits = band.bits or sensor.detector.bits
    if bits > 16:
        raise InputError("bits", bits, "at most 16: counts are kept in 16 bits")
    step = chain.full_well_e / 2.0**bits
    read = math.sqrt(chain.read_e2)
    return Digitiser(
        step_e=step,
        bias_counts=float(
            math.ceil(_BIAS_SIGMAS * math.sqrt(chain.read_e2 + chain.dark_e2) / step) + 2
        ),
        bits=bits,
        full_well_e=chain.full_well_e,
        read_noise_e=read,
        dark_e=chain.dark_e2,
    )


def seed_of(*parts: object) -> list[int]:
    """Numbers for a generator that belong to these words and numbers, on every machine."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return [int.from_bytes(digest[k : k + 4], "little") for k in range(0, 16, 4)]


def generator(*parts: object) -> np.random.Generator:
    """A generator whose numbers belong to these words and numbers."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed_of(*parts))))


def detectors(
    sensor: Sensor, band: Band, chip: int, shape: tuple[int, int], flaws: Flaws
) -> Detectors:
    """The detectors that a camera was built with: the same in every picture that it takes.

    Dark current and zero level are those of a column, since a frame reads each through one amplifier;
    hot ones there are in lines only.
    """
    rng = generator("detectors", sensor.name, band.name, chip)
    usual = digitiser(sensor, band)
    one = (1, shape[1])
    fade = 1.0 - (_EDGE_FADE if flaws.gain_rms > 0 else 0.0) * np.linspace(-1.0, 1.0, shape[1]) ** 2
    dark = usual.dark_e * np.maximum(1.0 + flaws.dark_rms * rng.standard_normal(one), 0.0)
    zero = flaws.offset_rms_e * np.clip(rng.standard_normal(one), -3, 3)
    gain = rng.standard_normal(shape, dtype=np.float32)
    gain *= np.float32(flaws.gain_rms)
    gain += np.float32(1.0)
    gain *= fade.astype(np.float32)
    lot = rng.random(shape, dtype=np.float32)
    state = np.zeros(shape, np.uint8)
    if shape[0] == 1:
        state[lot < flaws.bad_share] = HOT
        dark[state == HOT] += _HOT_SHARE * usual.full_well_e
    state[lot < flaws.bad_share / 2] = DEAD
    gain[state == DEAD] = 0.0
    return Detectors(
        gain=gain, dark_e=dark.astype(np.float32), zero_e=zero.astype(np.float32), state=state
    )


def known(
    chips: Detectors, how: Digitiser, flaws: Flaws, rng: np.random.Generator
) -> tuple[Pixels, Pixels]:
    """What the ground knows of them: counts in the dark (1, columns), relative gain (rows, columns).

    Gains of dead and hot detectors are NaN.
    """
    dark = how.bias_counts + (chips.dark_e + chips.zero_e) / how.step_e
    noise_e = np.sqrt(how.read_noise_e**2 + chips.dark_e + how.step_e**2 / 12.0)
    luck = rng.standard_normal(dark.shape, dtype=np.float32)
    if flaws.gain_error_rms > 0:
        dark = dark + luck * noise_e / how.step_e / math.sqrt(flaws.dark_lines)
    gain = chips.gain * (
        np.float32(1.0)
        + np.float32(flaws.gain_error_rms) * rng.standard_normal(chips.gain.shape, np.float32)
    )
    gain[chips.state != GOOD] = np.nan
    return np.asarray(dark, np.float32), np.asarray(gain, np.float32)


def counts(
    electrons: Pixels,
    first: tuple[int, int],
    chips: Detectors,
    how: Digitiser,
    rng: np.random.Generator,
) -> Counts:
    """Counts of pixels that would gather so many electrons if all were alike; `first` line and column."""
    from offnadir.imagery._noise_kernels import count

    rows, columns = chips.gain.shape
    lines = (first[0] + np.arange(len(electrons))) % rows
    part = slice(first[1], first[1] + electrons.shape[1])
    if first[1] + electrons.shape[1] > columns:
        raise InputError("electrons", electrons.shape, f"within {columns} columns")
    luck = rng.standard_normal(electrons.shape, dtype=np.float32)
    few = float(electrons.min()) * float(chips.gain.min()) < _FEW_E
    more = rng.standard_normal(electrons.shape, dtype=np.float32) if few else luck
    out = np.empty(electrons.shape, np.uint16)
    count(
        electrons, chips.gain[:, part], chips.dark_e[0, part], chips.zero_e[0, part], lines, luck, more,
        _FEW_E, how.read_noise_e, how.full_well_e, how.step_e, how.bias_counts, how.highest, out,
    )  # fmt: skip
    return out
