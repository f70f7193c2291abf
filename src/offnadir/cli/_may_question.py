"""Questions to the restrictions made of options, and of the pictures of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.epoch import Epoch, Span
    from offnadir.tasking.policy import GroundSegment, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What stood on the command line."""

    place: str | None
    area: Path | None
    stage: str
    at: str | None
    operator: str | None
    operator_country: str | None
    sensor: str | None
    kind: str | None
    mode: str | None
    gsd_m: float | None
    system_gsd_m: float | None
    bands: int | None
    phase: bool | None
    age: str | None
    imaged_at: str | None
    recipient_country: str | None
    recipient_kind: str | None
    recipient_name: str | None
    ground: Sequence[str] | None
    purposes: Sequence[str]
    licences: Sequence[str]

    def question(self) -> Question:
        """The question about the place of the command line."""
        at = self._at()
        return self._question(at=at, place_deg=self._place(), imaged_at=self._imaged(at))

    def of_picture(self, **facts: Any) -> Question:
        """The question about a picture of a plan; what stands on the command line goes before its facts."""
        for name in ("place", "area", "age", "imaged_at"):
            if getattr(self, name) is not None:
                raise InputError(
                    f"--{name.replace('_', '-')}", str(getattr(self, name)), "not given with a plan"
                )
        if self.at is not None:
            facts["at"] = self._at()
        return self._question(**facts)

    def _question(self, **facts: Any) -> Question:
        from offnadir.tasking.policy import Question

        own = {
            "operator": self.operator,
            "operator_country": self.operator_country,
            "sensor": self.sensor,
            "kind": self.kind if self.kind is not None else _kind_of(self.sensor),
            "mode": self.mode,
            "gsd_m": self.gsd_m,
            "system_gsd_m": self.system_gsd_m,
            "bands": self.bands,
            "phase": self.phase,
            "recipient_country": self.recipient_country,
            "recipient_kind": self.recipient_kind,
            "recipient_name": self.recipient_name,
            "ground": self._ground(),
        }
        told = {name: value for name, value in own.items() if value is not None}
        try:
            return Question(
                stage=self.stage,
                purposes=frozenset(self.purposes),
                licences=frozenset(self.licences),
                **(facts | told),
            )
        except InputError as error:
            field = error.field
            if field in Asked.__dataclass_fields__:
                field = "--" + field.removesuffix("_m").replace("_", "-")
            raise InputError(field, error.value, error.wish, hint=error.hint) from error

    def _at(self) -> Epoch:
        from offnadir.cli._elements import now
        from offnadir.epoch import Epoch

        return now() if self.at is None else Epoch.from_utc(self.at, field="--at")

    def _imaged(self, at: Epoch) -> Epoch | None:
        from offnadir.cli._elements import time
        from offnadir.epoch import Epoch

        if self.imaged_at is not None:
            if self.age is not None:
                raise InputError("--age", self.age, "not given with --imaged-at")
            return Epoch.from_utc(self.imaged_at, field="--imaged-at")
        return time(self.age, at, "--age")

    def _place(self) -> Any:
        import shapely

        if (self.place is None) == (self.area is None):
            raise InputError(
                "--place", self.place, "LAT,LON in degrees, or --area FILE, but not both"
            )
        if self.area is not None:
            from offnadir.access.areas import read_areas

            return shapely.union_all([one.outline_deg for one in read_areas(self.area)])
        wish = "LAT,LON in degrees, such as 31.5,34.4"
        try:
            lat, lon = (float(part) for part in str(self.place).split(","))
        except ValueError:
            raise InputError("--place", self.place, wish) from None
        if not (-90.0 <= lat <= 90.0 and -360.0 <= lon <= 360.0):
            raise InputError("--place", self.place, wish)
        return (lon, lat)

    def _ground(self) -> tuple[GroundSegment, ...] | None:
        from offnadir.tasking.policy import GroundSegment

        if self.ground is None:
            return None
        stations = []
        for text in self.ground:
            if text == "none":
                continue
            country, _, runner = text.partition(":")
            stations.append(GroundSegment(country=country, operator=runner or None))
        return tuple(stations)


def _kind_of(sensor: str | None) -> str | None:
    """The kind of a sensor of the library; None if it is not known there."""
    from offnadir.errors import OffnadirError
    from offnadir.sensors import Radar, load_sensor

    if sensor is None:
        return None
    try:
        return "sar" if isinstance(load_sensor(sensor), Radar) else "optical"
    except OffnadirError:
        return None


def span(start: str | None, stop: str | None) -> Span:
    """A span from --from and --until."""
    from offnadir.epoch import Epoch, Span

    if start is None or stop is None:
        given = "--until" if start is None else "--from"
        raise InputError("--from" if start is None else "--until", None, f"given with {given}")
    begin, end = Epoch.from_utc(start, field="--from"), Epoch.from_utc(stop, field="--until")
    if end <= begin:
        raise InputError("--until", stop, f"later than --from {begin.utc()}")
    return Span(begin, end)


def plan_questions(
    document: dict[str, Any], asked: Asked, path: str
) -> Iterator[tuple[dict[str, Any], Question]]:
    """A question for each picture of a plan, asked when it is delivered, or else taken."""
    import shapely.geometry

    from offnadir.epoch import Epoch

    kinds: dict[Any, str | None] = {}
    for number, one in enumerate(document["collections"], 1):
        where = f"{path}: collections[{number - 1}]"
        try:
            norad = one.get("norad_id")
            if norad not in kinds:
                kinds[norad] = _kind_of_satellite(norad)
            start, stop = (Epoch.from_utc(one[name], field=name) for name in ("start", "stop"))
            delivered = one.get("delivered")
            done = (
                stop
                if delivered is None or asked.stage != "delivery"
                else Epoch.from_utc(delivered)
            )
            place = one.get("footprint")
            aim = one["aim"]
            sharp = [one[name] for name in ("gsd_along_m", "gsd_across_m") if one.get(name)]
            facts = {
                "place_deg": shapely.geometry.shape(place)
                if place
                else (aim["lon_deg"], aim["lat_deg"]),
                "imaged_at": start + (stop - start) / 2,
                "at": done,
                "gsd_m": min(sharp) if sharp else None,
                "kind": kinds[norad],
            }
            about = {name: str(one.get(name, "")) for name in ("id", "request", "satellite")}
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise InputError(
                where, type(error).__name__, "a picture as of a plan document"
            ) from error
        yield about, asked.of_picture(**facts)


def _kind_of_satellite(norad: Any) -> str | None:
    from offnadir.sensors import Radar, sensor_of_satellite

    if not isinstance(norad, int):
        return None
    sensor = sensor_of_satellite(norad)
    if sensor is None:
        return None
    return "sar" if isinstance(sensor, Radar) else "optical"
