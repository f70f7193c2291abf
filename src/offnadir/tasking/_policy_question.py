"""What is asked of the restrictions: a picture of a place, by whom, how sharp, how old, for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.tasking._policy_ground import as_target
from offnadir.tasking._policy_model import RECIPIENT_KINDS, SENSOR_KINDS, STAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundSegment:
    """A station that data come down to: the country it stands in, and who runs it (a country, NATO or EU)."""

    country: str
    operator: str | None = None

    def __post_init__(self) -> None:
        _check_code("ground country", self.country)
        if self.operator is not None:
            _check_code("ground operator", self.operator)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this picture be planned, ordered or delivered at an instant? What is None is not known.

    What is not known never makes the answer laxer: a rule that would bind if it were so is counted, and
    says so. `place_deg` is (longitude, latitude) [deg] or a shapely geometry. `gsd_m` is what is delivered,
    `system_gsd_m` the finest that the system can do (`gsd_m` if not told). `phase`: radar phase can be had
    from the data (complex products). A picture whose `imaged_at` is None is taken as fresh: taken at `at`.
    `ground` None is unknown, () is none. `purposes` and `licences` are words that rules know (those of the
    public pack stand in its documentation); what is not among them does not hold. Countries are
    ISO 3166-1 codes of two letters; a recipient may also be "NATO", "EU" or "UN".

    Raises InputError, naming the field.
    """

    at: Epoch
    place_deg: Any
    stage: str = "order"
    operator: str | None = None
    operator_country: str | None = None
    sensor: str | None = None
    kind: str | None = None
    mode: str | None = None
    gsd_m: float | None = None
    system_gsd_m: float | None = None
    bands: int | None = None
    phase: bool | None = None
    imaged_at: Epoch | None = None
    recipient_country: str | None = None
    recipient_name: str | None = None
    recipient_kind: str | None = None
    ground: tuple[GroundSegment, ...] | None = None
    purposes: frozenset[str] = frozenset()
    licences: frozenset[str] = frozenset()
    target: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_word("stage", self.stage, STAGES)
        if self.kind is not None:
            _check_word("kind", self.kind, SENSOR_KINDS)
        if self.recipient_kind is not None:
            _check_word("recipient_kind", self.recipient_kind, RECIPIENT_KINDS)
        for name in ("operator_country", "recipient_country"):
            if getattr(self, name) is not None:
                _check_code(name, getattr(self, name))
        for name in ("gsd_m", "system_gsd_m"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < 1e6:
                raise InputError(name, value, "more than 0 m and less than 1e6 m")
        if self.bands is not None and not 1 <= self.bands <= 100_000:
            raise InputError("bands", self.bands, "from 1 to 100000")
        for name in ("operator", "sensor", "mode", "recipient_name"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, str) and value.strip()):
                raise InputError(name, value, "a name, or None if it is not known")
        object.__setattr__(self, "target", as_target(self.place_deg))

    @property
    def is_hyperspectral(self) -> bool | None:
        """Whether the sensor has more than 49 bands."""
        if self.bands is not None:
            return self.bands > 49
        return None if self.kind is None else self.kind == "hyperspectral"


def _check_word(name: str, value: object, words: tuple[str, ...]) -> None:
    if value not in words:
        raise InputError(name, value, "one of " + ", ".join(words))


def _check_code(name: str, value: object) -> None:
    known = isinstance(value, str) and value.isascii() and value.isalpha() and value.isupper()
    if not known or not (len(str(value)) == 2 or value in ("NATO", "EU", "UN")):
        raise InputError(
            name, value, "an ISO 3166-1 code of two capital letters", hint='such as "DE"'
        )
