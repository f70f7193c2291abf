"""How pictures come down, by hand: first in, first out, as early as antennas allow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from offnadir.planning._delivery import Delivery, Written, deliver
from offnadir.planning.problem import Contacts, Options, Problem, Spacecraft, Transitions, Windows


class P(NamedTuple):
    """A picture that was taken."""

    start: int
    stop: int
    volume: int
    deadline: int = -1
    satellite: int = 0


class K(NamedTuple):
    """A contact with a station."""

    start: int
    stop: int
    volume: int
    station: int = 0
    satellite: int = 0


def down(
    pictures: list[P],
    contacts: list[K],
    *,
    memory: int = 1000,
    antennas: tuple[int, ...] = (1, 1),
    used: tuple[int, ...] = (),
    free: bool = True,
) -> Delivery:
    table = np.array(pictures, np.int64).reshape(-1, len(P._fields)).T
    sky = np.array(contacts, np.int64).reshape(-1, len(K._fields)).T
    nothing = np.empty(0, np.int64)
    n = int(max([0, *table[4], *sky[4]])) + 1
    problem = Problem(
        windows=Windows(
            chain=nothing, first_ms=nothing, step_ms=nothing, count=nothing, duration_ms=nothing
        ),
        transitions=Transitions(is_table=nothing, block=nothing),
        options=Options.single(
            task=nothing, value=nothing, window=nothing, low=nothing, high=nothing
        ),
        chain_satellite=nothing,
        request=nothing,
        spacecraft=(Spacecraft(memory_kbit=memory),) * n,
        contacts=Contacts(
            start_ms=sky[0],
            stop_ms=sky[1],
            max_volume_kbit=sky[2],
            station=sky[3],
            satellite=sky[4],
        ),
        antennas=np.array(antennas),
    )
    written = Written(
        start_ms=table[0], stop_ms=table[1], volume_kbit=table[2], deadline_ms=table[3],
        satellite=table[4],
    )  # fmt: skip
    return deliver(problem, written, np.array(used, np.int64), free=free)


def test_data_come_down_first_in_first_out_as_soon_as_possible():
    """Of a (6) and b (5), complete at 30, and c (4), at 60, contacts of 8 send 8, then 3, then 4."""
    found = down(
        [P(0, 10, 6), P(20, 30, 5), P(50, 60, 4)],
        [K(40, 45, 8), K(55, 58, 8), K(70, 80, 8)],
    )
    assert found.contact.tolist() == [0, 1, 2]
    assert found.sent_kbit.tolist() == [8, 3, 4]
    assert found.delivered_by.tolist() == [0, 1, 2]
    assert found.fits


def test_what_does_not_come_down_has_no_contact():
    found = down([P(0, 10, 6), P(20, 30, 5)], [K(15, 18, 8)])
    assert found.delivered_by.tolist() == [0, -1]
    assert found.sent_kbit.tolist() == [6]


def test_contacts_that_would_send_nothing_are_left_to_others():
    """Satellite 0 has nothing to send at 40: the antenna is free for satellite 1."""
    found = down(
        [P(50, 60, 4), P(0, 10, 3, satellite=1)],
        [K(40, 45, 9), K(41, 46, 9, satellite=1), K(70, 75, 9)],
    )
    assert found.contact.tolist() == [1, 2]
    assert found.delivered_by.tolist() == [2, 1]


def test_two_antennas_hear_two_satellites():
    pictures = [P(0, 10, 4), P(0, 10, 3, satellite=1)]
    contacts = [K(40, 45, 9), K(41, 46, 9, satellite=1)]
    assert down(pictures, contacts).delivered_by.tolist() == [0, -1]
    assert down(pictures, contacts, antennas=(2, 1)).delivered_by.tolist() == [0, 1]


def test_a_satellite_talks_to_one_station_at_a_time():
    found = down([P(0, 10, 12)], [K(40, 45, 8), K(42, 47, 8, station=1)])
    assert found.contact.tolist() == [0]
    assert found.delivered_by.tolist() == [-1]


def test_the_contact_that_a_deadline_needs_is_kept():
    """By its stop contact 1 comes first, and takes the antenna from 0, which satellite 0 needs by 50."""
    pictures = [P(0, 10, 4, deadline=50), P(0, 10, 3, satellite=1)]
    contacts = [K(40, 48, 9), K(41, 46, 9, satellite=1)]
    alone = down(pictures, contacts, used=(0,))
    assert alone.fits
    assert alone.contact.tolist() == [0]
    assert not down(pictures, contacts, used=(1,)).fits


def test_only_contacts_that_were_counted_on_if_not_free():
    pictures, contacts = [P(0, 10, 12)], [K(40, 45, 8), K(50, 55, 8)]
    assert down(pictures, contacts, used=(1,), free=False).contact.tolist() == [1]
    assert down(pictures, contacts, used=(1,)).contact.tolist() == [0, 1]


def test_memory_counts_until_the_contact_is_over():
    """5 of 8 are sent from 40 to 60; a picture of 4 complete at 50 has no room, at 60 it has."""
    assert not down([P(0, 10, 5), P(45, 50, 4)], [K(40, 60, 9)], memory=8).fits
    assert down([P(0, 10, 5), P(55, 60, 4)], [K(40, 60, 9)], memory=8).fits
