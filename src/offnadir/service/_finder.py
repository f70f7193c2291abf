"""What finds opportunities in a process: ephemerides that are kept, searches under way, warm kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from offnadir.service._ephemerides import Ephemerides
from offnadir.service._opportunities import Tokens, do_search
from offnadir.service._pages import Pages
from offnadir.service._searches import Searches
from offnadir.service._service import Service
from offnadir.service._warming import Warming


class Finder:
    """Made once for a process; `start` begins its threads, `stop` ends them."""

    def __init__(self, service: Service) -> None:
        self.kept = Ephemerides()
        self.tokens = Tokens(service.settings.secret)
        self.pages = Pages()
        kept = self.kept

        def does(product: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
            return do_search(service.fleet, product, request, kept)

        self.searches = Searches(service.database, does)
        self.warming = Warming(service.fleet.satellites, kept, service.now())

    def start(self) -> None:
        """Begin to warm up, and to do what waits."""
        self.warming.start()
        self.searches.start()

    def stop(self) -> None:
        """End both after what is in hand."""
        self.warming.stop()
        self.searches.stop()
