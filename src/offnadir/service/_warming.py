"""Compiling what searches need, while the service answers already."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Sequence
from typing import Final

from offnadir.epoch import Epoch, Span
from offnadir.planning.model import Satellite
from offnadir.service._ephemerides import Ephemerides
from offnadir.service._opportunity_place import place_of
from offnadir.service._opportunity_search import search
from offnadir.tasking._order import Looks
from offnadir.units import day, deg

_LOG: Final = logging.getLogger("offnadir.service")


class Warming:
    """One search of every kind, in a thread of its own; then a search over what people ask for most."""

    def __init__(self, satellites: Sequence[Satellite], kept: Ephemerides, now: Epoch) -> None:
        self._satellites, self._kept, self._now = satellites, kept, now
        self._done = threading.Event()
        self._ends = threading.Event()

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, name="warming", daemon=True).start()

    def stop(self) -> None:
        """End after the step in hand."""
        self._ends.set()

    @property
    def done(self) -> bool:
        """Whether the first search would be as quick as any."""
        return self._done.is_set()

    def _run(self) -> None:
        try:
            place = place_of({"type": "Point", "coordinates": [0.0, 0.0]})
            looks = Looks(azimuth_from_rad=0.0, azimuth_to_rad=math.pi, max_gsd_m=1000.0)
            plain = Looks(max_off_nadir_rad=30 * deg)
            for wanted, length_s in ((plain, day), (looks, day), (plain, 7 * day)):
                if self._ends.is_set():
                    return
                search(
                    self._satellites,
                    place,
                    Span(self._now, self._now + length_s),
                    wanted,
                    self._kept,
                )
        except Exception:  # noqa: BLE001 - then the first search is slow, no more
            _LOG.exception("warming")
        finally:
            self._done.set()
