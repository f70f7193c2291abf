"""Ways to serve each task: ranges of starts of like value, stereo sets, turns, strips, pictures kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.orbits import Ephemeris
from offnadir.planning._build_values import WHOLE, Worth
from offnadir.planning._build_windows import MS, Looks, Stretches, Strips
from offnadir.planning._orbit_number import orbit_numbers
from offnadir.planning.model import Mission, Stereo
from offnadir.planning.opportunities import convergence_rad
from offnadir.planning.problem import Options

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: A range of starts is cut where values differ by more than this share, unless it is shorter than LIKE_MS.
LIKE: Final = 0.02
LIKE_MS: Final = 10_000
#: Starts that are tried for stereo sets are so far apart, and so many sets of a pass are kept.
STEREO_MS: Final = 8_000
MOST_SETS: Final = 60
_SPARE_RAD: Final = 1e-6


@dataclass(slots=True)
class Draft:
    """Options in the making, one entry an option; members are (window, low, high, volume [kbit])."""

    task: list[int] = field(default_factory=list)
    value: list[int] = field(default_factory=list)
    share: list[int] = field(default_factory=list)
    deadline_ms: list[int] = field(default_factory=list)
    fixed: list[int] = field(default_factory=list)
    members: list[list[tuple[int, int, int, int]]] = field(default_factory=list)
    profile_block: list[int] = field(default_factory=list)
    profile: list[int] = field(default_factory=list)
    # of each task
    request: list[int] = field(default_factory=list)
    strip: list[int] = field(default_factory=list)
    turn: list[int] = field(default_factory=list)

    def new_task(self, request: int, strip: int = -1, turn: int = 0) -> None:
        """Begin a task; options that are added belong to it."""
        self.request.append(request)
        self.strip.append(strip)
        self.turn.append(turn)

    def add(
        self,
        members: list[tuple[int, int, int, int]],
        value: int,
        deadline_ms: int,
        *,
        share: int = 0,
        fixed: bool = False,
        profile: Sequence[int] = (),
    ) -> None:
        """An option of the newest task. `profile` may be left out where all starts are worth `value`."""
        self.task.append(len(self.request) - 1)
        self.value.append(value)
        self.share.append(share)
        self.deadline_ms.append(deadline_ms)
        self.fixed.append(int(fixed))
        self.members.append(members)
        self.profile_block.append(len(self.profile) if profile else -1)
        self.profile.extend(profile)

    def options(self) -> Options:
        """As columns."""
        flat = np.array([m for members in self.members for m in members], np.int64).reshape(-1, 4)
        return Options(
            task=np.array(self.task, np.int64),
            value=np.array(self.value, np.int64),
            share=np.array(self.share, np.int64),
            deadline_ms=np.array(self.deadline_ms, np.int64),
            fixed=np.array(self.fixed, np.int64),
            member_block=np.cumsum([0, *(len(members) for members in self.members)]),
            member_window=flat[:, 0],
            member_low=flat[:, 1],
            member_high=flat[:, 2],
            member_volume_kbit=flat[:, 3],
            profile_block=np.array(self.profile_block, np.int64),
            profile=np.array(self.profile, np.int64),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Offer:
    """All that options are made from. `block` is where the starts of each stretch begin.

    `old_set` maps the number of an old picture to the numbers of its set, `frozen` says which old pictures
    are part of every plan.
    """

    mission: Mission
    ephemerides: Sequence[Ephemeris]
    strips: Strips
    stretches: Stretches
    looks: Looks
    block: IntArray
    worth: Worth
    period_s: Array
    change_price: float
    old_set: dict[int, tuple[int, ...]]
    frozen: frozenset[int]

    def volume_kbit(self, i: int) -> int:
        """What a picture of stretch i takes of the memory."""
        satellite = self.mission.satellites[int(self.stretches.satellite[i])]
        bits = satellite.sensor.data_rate_bit_s / satellite.compression
        return math.ceil(bits * float(self.stretches.duration_ms[i]) / 1e6 - 1e-9)


def draft_options(offer: Offer) -> Draft:
    """The options of all tasks, request by request."""
    draft, stretches = Draft(), offer.stretches
    order = np.lexsort((stretches.first_ms, stretches.satellite, stretches.request))
    edge = np.searchsorted(stretches.request[order], np.arange(len(offer.mission.requests) + 1))
    zero = offer.mission.span.start.tai_ns
    for r, request in enumerate(offer.mission.requests):
        mine = order[edge[r] : edge[r + 1]]
        deadline_ms = -1
        if request.deadline is not None:
            deadline_ms = max((request.deadline.tai_ns - zero) // MS, 0)
        if request.cover is not None:
            _strips_of(offer, draft, r, mine, deadline_ms)
        elif request.stereo is not None:
            draft.new_task(r)
            _sets(offer, draft, r, request.stereo, mine, deadline_ms)
        elif request.repeat is not None:
            _turns(offer, draft, r, mine, deadline_ms)
        else:
            draft.new_task(r)
            for i in mine.tolist():
                _ranges(offer, draft, r, i, deadline_ms)
    return draft


def _ranges(
    offer: Offer,
    draft: Draft,
    r: int,
    i: int,
    deadline_ms: int,
    *,
    like: float = LIKE,
    like_ms: int = LIKE_MS,
    turn: int | None = None,
) -> None:
    """Options of one picture each: the ranges of a stretch, or the start of a picture that may be kept."""
    request, looks = offer.mission.requests[r], offer.looks
    rows = slice(int(offer.block[i]), int(offer.block[i + 1]))
    value = request.weight * looks.quality[rows]
    old = int(offer.stretches.old[i])
    if old >= 0:
        frozen = old in offer.frozen
        if turn is not None and frozen and turn != _turn_of(offer, r, old):
            return
        value = value + offer.change_price * request.weight
        worth = int(offer.worth.of(r, value)[0])
        draft.add([(i, 0, 0, offer.volume_kbit(i))], worth, deadline_ms, fixed=frozen)
        return
    worths = offer.worth.of(r, value).tolist()
    volume = offer.volume_kbit(i)
    for low, high in cut_ranges(offer, i, worths, like, like_ms):
        part = worths[low : high + 1]
        flat = min(part) == max(part)
        draft.add([(i, low, high, volume)], min(part), deadline_ms, profile=() if flat else part)


def _turn_of(offer: Offer, r: int, old: int) -> int:
    """Which of a repeated request's pictures an old one is: by time among the frozen ones."""
    starts = sorted(
        int(first)
        for first, request, number in zip(
            offer.stretches.first_ms, offer.stretches.request, offer.stretches.old, strict=True
        )
        if request == r and int(number) in offer.frozen
    )
    at = int(offer.stretches.first_ms[np.flatnonzero(offer.stretches.old == old)[0]])
    return starts.index(at)


def cut_ranges(
    offer: Offer, i: int, values: Sequence[int] | Sequence[float], like: float, like_ms: int
) -> list[tuple[int, int]]:
    """Ranges (first, last start) of a stretch: all good, of like value, in one orbit where those count."""
    s = int(offer.stretches.satellite[i])
    block, step_ms = int(offer.block[i]), int(offer.stretches.step_ms[i])
    good = offer.looks.good[block : block + len(values)].tolist()
    satellite = offer.mission.satellites[s]
    orbit = [0] * len(values)
    if satellite.max_pictures_per_orbit is not None or satellite.imaging_s_per_orbit is not None:
        start_ms = offer.looks.start_ms[block : block + len(values)]
        orbit = orbit_numbers(start_ms, float(offer.period_s[s])).tolist()
    short = max(like_ms // step_ms, 1)
    found: list[tuple[int, int]] = []
    low, least, most = -1, 0.0, 0.0
    for k, value in enumerate(values):
        if low >= 0:
            lower, upper = min(least, value), max(most, value)
            alike = upper <= lower * (1.0 + like) or k - low < short
            if good[k] and orbit[k] == orbit[low] and alike:
                least, most = lower, upper
                continue
            found.append((low, k - 1))
            low = -1
        if good[k]:
            low, least, most = k, value, value
    if low >= 0:
        found.append((low, len(values) - 1))
    return found


def _turns(offer: Offer, draft: Draft, r: int, mine: IntArray, deadline_ms: int) -> None:
    """A task a turn, each with all pictures; coarser ranges, for there are as many copies as turns."""
    repeat = offer.mission.requests[r].repeat
    passes = set(
        zip(offer.stretches.satellite[mine], offer.stretches.opportunity[mine], strict=True)
    )
    count = min(repeat.count if repeat else 1, max(len(passes), 1))
    for turn in range(count):
        draft.new_task(r, turn=turn)
        for i in mine.tolist():
            _ranges(offer, draft, r, i, deadline_ms, like=2 * LIKE, like_ms=3 * LIKE_MS, turn=turn)


def _strips_of(offer: Offer, draft: Draft, r: int, mine: IntArray, deadline_ms: int) -> None:
    """A task a strip; options count as shares of the area times their quality."""
    request = offer.mission.requests[r]
    for strip, one in enumerate(offer.strips.get(r, ())):
        draft.new_task(r, strip=strip)
        for i in mine[offer.stretches.strip[mine] == strip].tolist():
            rows = slice(int(offer.block[i]), int(offer.block[i + 1]))
            quality = offer.looks.quality[rows].tolist()
            old = int(offer.stretches.old[i])
            bonus = 0
            if old >= 0 and offer.change_price > 0.0:
                bonus = int(offer.worth.of(r, offer.change_price * request.weight * one.share))
            for low, high in cut_ranges(offer, i, quality, LIKE, LIKE_MS):
                share = round(WHOLE * one.share * min(quality[low : high + 1]))
                if share > 0:
                    draft.add(
                        [(i, low, high, offer.volume_kbit(i))],
                        bonus,
                        deadline_ms,
                        share=share,
                        fixed=old in offer.frozen,
                    )


def _sets(
    offer: Offer, draft: Draft, r: int, stereo: Stereo, mine: IntArray, deadline_ms: int
) -> None:
    """Stereo sets: starts of one pass, some seconds apart, that converge as asked; and what may be kept."""
    stretches = offer.stretches
    request = offer.mission.requests[r]
    of_pass: dict[int, list[int]] = {}
    kept: dict[int, int] = {}
    for i in mine.tolist():
        old = int(stretches.old[i])
        if old >= 0:
            kept[old] = i
        else:
            of_pass.setdefault(int(stretches.opportunity[i]), []).append(i)
    for copies in of_pass.values():
        copies.sort(key=lambda i: int(stretches.view[i]))
        if len(copies) == stereo.views:
            _sets_of_pass(offer, draft, r, stereo, copies, deadline_ms)
    for members in {offer.old_set[old] for old in sorted(kept)}:
        if all(old in kept for old in members):
            windows = [kept[old] for old in members]
            value = sum(
                int(
                    offer.worth.of(
                        r,
                        request.weight * (offer.looks.quality[offer.block[i]] + offer.change_price),
                    )
                )
                for i in windows
            )
            draft.add(
                [(i, 0, 0, offer.volume_kbit(i)) for i in windows],
                value,
                deadline_ms,
                fixed=any(old in offer.frozen for old in members),
            )


def _sets_of_pass(
    offer: Offer,
    draft: Draft,
    r: int,
    stereo: Stereo,
    copies: list[int],
    deadline_ms: int,
) -> None:
    """The best sets of one pass, whose copies are the windows `copies`. All copies have the same starts."""
    stretches, looks, request = offer.stretches, offer.looks, offer.mission.requests[r]
    i = copies[0]
    block, count = int(offer.block[i]), int(stretches.count[i])
    stride = max(round(STEREO_MS / int(stretches.step_ms[i])), 1)
    k = np.arange(count)
    # the ends of the pass are among them: there the lines of sight converge most
    k = np.unique(np.concatenate([k[::stride], k[-1:]]))
    k = k[looks.good[block + k]]
    if len(k) < stereo.views:
        return
    middle_ms = looks.start_ms[block + k] + int(stretches.duration_ms[i]) // 2
    ephemeris = offer.ephemerides[int(stretches.satellite[i])]
    r_m = ephemeris.position_itrf_m(offer.mission.span.start.tai_ns + middle_ms * MS)
    angle = convergence_rad(r_m[:, None, :], r_m[None, :, :], request.aim.r_itrf_m)
    low, high = stereo.min_convergence_rad + _SPARE_RAD, stereo.max_convergence_rad - _SPARE_RAD
    good = (angle >= low) & (angle <= high)
    apart_ms = looks.start_ms[block + k][None, :] - looks.start_ms[block + k][:, None]
    good &= apart_ms >= int(stretches.duration_ms[i]) + _least_slew_ms(offer, i)
    off_nadir = looks.off_nadir_rad[block + k]
    value = offer.worth.of(r, request.weight * looks.quality[block + k])
    found: list[tuple[int, tuple[int, ...]]] = []
    if stereo.views == 2:
        for a, b in np.argwhere(good).tolist():
            found.append((int(value[a] + value[b]), (a, b)))
    else:
        for b in range(len(k)):
            before, after = np.flatnonzero(good[:, b]).tolist(), np.flatnonzero(good[b]).tolist()
            for a in before:
                for c in after:
                    steepest = off_nadir[b] <= min(off_nadir[a], off_nadir[c])
                    if steepest and angle[a, c] <= 2.0 * high:
                        found.append((int(value[a] + value[b] + value[c]), (a, b, c)))
    found.sort(key=lambda one: (-one[0], one[1]))
    volume = offer.volume_kbit(i)
    for worth, places in found[:MOST_SETS]:
        members = [
            (window, int(k[place]), int(k[place]), volume)
            for window, place in zip(copies, places, strict=True)
        ]
        draft.add(members, worth, deadline_ms)


def _least_slew_ms(offer: Offer, i: int) -> int:
    """A lower bound on the time to turn between two pictures: settling."""
    law = offer.mission.satellites[int(offer.stretches.satellite[i])].slew_law
    return math.ceil(1000.0 * getattr(law, "settling_s", 0.0))
