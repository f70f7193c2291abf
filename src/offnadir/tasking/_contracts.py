"""What the desk needs of screening and of restrictions, so that tests can stand in for both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from offnadir.epoch import Epoch


class HitLike(Protocol):
    """A possible match with an entry of a list."""

    @property
    def list_name(self) -> str:
        """The list."""

    @property
    def list_date(self) -> str:
        """Its day."""

    @property
    def list_sha256(self) -> str:
        """Of its file."""

    @property
    def reference(self) -> str:
        """The entry, as the list calls it."""

    @property
    def entry_name(self) -> str:
        """Whom the entry is about."""

    @property
    def matched_name(self) -> str:
        """The name of the entry that matched."""

    @property
    def score(self) -> float:
        """0 to 1."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """In words."""


class ScreeningLike(Protocol):
    """What screening says of one party."""

    @property
    def hits(self) -> Sequence[HitLike]:
        """The possible matches."""


class ScreenerLike(Protocol):
    """Compares parties with lists."""

    @property
    def lists(self) -> Sequence[tuple[str, str, str]]:
        """The lists: name, date, SHA-256 of the file."""

    @property
    def threshold(self) -> float:
        """The least score of a hit."""

    def screen_many(self, parties: Sequence[Any]) -> Iterator[ScreeningLike]:
        """Compare parties, in their order."""


class VerdictLike(Protocol):
    """What restrictions say to one question."""

    @property
    def effect(self) -> str:
        """The strictest effect."""

    @property
    def sure_effect(self) -> str:
        """The strictest that does not hang on what is not known."""

    @property
    def until(self) -> Epoch | None:
        """When it may be released."""

    @property
    def gsd_m(self) -> float | None:
        """The finest that may be delivered."""

    @property
    def findings(self) -> Sequence[Any]:
        """The rules that bind."""

    @property
    def packs(self) -> Sequence[Any]:
        """The packs that were asked."""

    def public(self) -> VerdictLike:
        """What everybody may know."""

    def sentences(self) -> Iterable[str]:
        """In words."""
