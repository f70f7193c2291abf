"""A value in a plan document together with its path, looked at once: what is no plan is told by its path."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import shapely

from offnadir.epoch import Epoch
from offnadir.errors import MISSING, InputError
from offnadir.units import deg

_LARGEST = 1e15  # nothing in a plan comes near, and squares of it do not overflow
_FIRST_NS, _LAST_NS = -410_227_200 * 10**9, 4_102_444_800 * 10**9  # 1957 to 2100
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Node:
    """A value in the document together with its path."""

    path: str
    value: Any

    def wrong(self, wish: str, hint: str = "") -> InputError:
        return InputError(self.path, self.value, wish, hint=hint)

    def mapping(self) -> Mapping[str, Any]:
        if not isinstance(self.value, Mapping):
            raise self.wrong("an object")
        return self.value

    def texts(self) -> Mapping[str, Any]:
        """An object, all of whose keys are texts: in Python they need not be."""
        if not all(isinstance(key, str) for key in self.mapping()):
            raise self.wrong("an object with texts for keys")
        return self.mapping()

    def __getitem__(self, key: str) -> Node:
        path = f"{self.path}.{key}" if self.path else key
        if key not in self.mapping():
            raise InputError(path, MISSING, "present", hint="the key is missing")
        return Node(path, self.value[key])

    def maybe(self, key: str) -> Node | None:
        """The value of a key that may be absent or null."""
        return self[key] if self.mapping().get(key) is not None else None

    def get(self, key: str, read: Callable[[Node], _T], default: _T) -> _T:
        """What is read from a key, or the default where it is absent or null."""
        node = self.maybe(key)
        return default if node is None else read(node)

    def list(self, key: str) -> tuple[Node, ...]:
        """The items of a list; none where the key is absent or null."""
        node = self.maybe(key)
        return () if node is None else node.items()

    def number_or(
        self, key: str, default: float, low: float = -math.inf, high: float = math.inf
    ) -> float:
        return self.get(key, lambda node: node.number(low, high), default)

    def items(self, least: int = 0) -> tuple[Node, ...]:
        if not isinstance(self.value, (list, tuple)) or len(self.value) < least:
            raise self.wrong(f"a list of at least {least}" if least else "a list")
        return tuple(Node(f"{self.path}[{i}]", value) for i, value in enumerate(self.value))

    def pair(self) -> tuple[Node, Node]:
        items = self.items()
        if len(items) != 2:
            raise self.wrong("a pair")
        return items[0], items[1]

    def text(self, choices: tuple[str, ...] = ()) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.wrong("a text")
        if choices and self.value not in choices:
            raise self.wrong("one of " + ", ".join(choices))
        return self.value

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number from `low` to `high`."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            raise self.wrong("a number")
        try:
            number = float(self.value)
        except OverflowError:
            number = math.inf
        if not abs(number) <= _LARGEST:
            raise self.wrong(f"a finite number, at most {_LARGEST:g}")
        if not low <= number <= high:
            wish = f"at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
            raise self.wrong(wish)
        return number

    def positive(self) -> float:
        number = self.number(0.0)
        if number < 1e-12:  # below it is 0 that was badly written, and must not be divided by
            raise self.wrong("above 0")
        return number

    def angle(self, low_deg: float = -math.inf, high_deg: float = math.inf) -> float:
        """Radians of a number of degrees."""
        return self.number(low_deg, high_deg) * deg

    def whole(self, low: int, high: int = 10**12) -> int:
        if (
            isinstance(self.value, bool)
            or not isinstance(self.value, int)
            or not low <= self.value <= high
        ):
            raise self.wrong(f"a whole number of at least {low}, up to {high}")
        return self.value

    def time(self) -> int:
        """TAI ns of a UTC text."""
        t_ns = Epoch.from_utc(self.text(), field=self.path).tai_ns
        if not _FIRST_NS <= t_ns <= _LAST_NS:
            raise self.wrong("a time between the years 1957 and 2100")
        return t_ns

    def stretch(self) -> tuple[int, int]:
        """TAI ns of `start` and a later `stop`."""
        start, stop = self["start"].time(), self["stop"].time()
        if stop <= start:
            raise self["stop"].wrong(f"later than start {self['start'].value}")
        return start, stop


def position_deg(node: Node) -> tuple[float, float]:
    """Longitude, latitude [deg] of a GeoJSON position; a height is allowed and ignored."""
    items = node.items(2)
    return items[0].number(-360, 360), items[1].number(-90, 90)


def shape_deg(node: Node, kinds: tuple[str, ...], *, valid: bool = True) -> Any:
    """Point or polygon of a GeoJSON geometry, in degrees; `valid` demands one that has an area."""
    coordinates = node["coordinates"]
    if node["type"].text(kinds) == "Point":
        return shapely.Point(position_deg(coordinates))
    rings = [_ring(ring) for ring in coordinates.items(1)]
    return _polygon(coordinates, rings) if valid else shapely.Polygon(rings[0], rings[1:])


def ring_deg(node: Node) -> Any:
    """Polygon of one ring of positions, closed or not, in degrees."""
    points = [position_deg(item) for item in node.items(3)]
    if points[0] != points[-1]:
        points.append(points[0])
    if len(points) < 4:
        raise node.wrong("a ring of at least three positions")
    return _polygon(node, [points])


def _ring(node: Node) -> list[tuple[float, float]]:
    points = [position_deg(item) for item in node.items(4)]
    if points[0] != points[-1]:
        raise node.wrong("a closed ring", hint="the last position must repeat the first")
    return points


def _polygon(node: Node, rings: list[list[tuple[float, float]]]) -> Any:
    polygon = shapely.Polygon(rings[0], rings[1:])
    if not (polygon.is_valid and polygon.area > 0.0):
        raise node.wrong("a polygon that does not cross itself and has an area")
    return polygon
