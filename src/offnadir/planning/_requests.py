"""Requests in a mission file: their keys, defaults, places and times."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Final

from offnadir.access.geojson import Feature, read_features
from offnadir.earth import Site
from offnadir.epoch import Span
from offnadir.errors import FileError, InputError, InputProblems
from offnadir.planning._fields import (
    Inline,
    Kind,
    ListOf,
    Number,
    Raw,
    Text,
    Time,
    WrongValueError,
    read_table,
)
from offnadir.planning._places import (
    HEIGHT,
    LATITUDE,
    LONGITUDE,
    Array,
    extent_m,
    read_geojson_point,
    read_point,
    read_polygon,
)
from offnadir.planning._problems import Missing, Place, key_hint, stem
from offnadir.planning._wish_kinds import KIND_KEYS, ORDER_KEYS, read_kinds, warn_of_repeats
from offnadir.planning.model import LONGEST_PICTURE_S, MOST_STRIPS, Cover, Request
from offnadir.units import deg, km


@dataclass(frozen=True, slots=True)
class _Sector:
    """Two azimuths in degrees, clockwise from one to the other."""

    wish: ClassVar[str] = "two azimuths in degrees, from and to, such as [90, 270]"

    def read(self, value: object, place: Place) -> tuple[float, float]:
        """Both in radians."""
        number = Number(0, 360, "degrees", deg)
        if not isinstance(value, list) or len(value) != 2:
            raise WrongValueError(self.wish)
        first, last = (number.read(one, place) for one in value)
        if (value[1] - value[0]) % 360 == 0:
            raise WrongValueError("two azimuths that differ; left out for the whole circle")
        return first, last


#: What may stand in [request_defaults], and in the properties of a GeoJSON feature.
WISH_KEYS: Final[Mapping[str, Kind]] = {
    "weight": Number(0.001, 1e6),
    "window": Inline({"start": Time(), "stop": Time()}),
    "start": Time(),
    "stop": Time(),
    "max_off_nadir_deg": Number(0, 90, "degrees", deg, open_low=True),
    "min_sun_elevation_deg": Number(-90, 90, "degrees", deg),
    "max_sun_elevation_deg": Number(-90, 90, "degrees", deg),
    "min_incidence_deg": Number(0, 90, "degrees", deg),
    "max_incidence_deg": Number(0, 90, "degrees", deg),
    "azimuth_deg": _Sector(),
    "satellites": ListOf(Text(), "names of satellites", or_one=True),
    "max_gsd_m": Number(0, 1000, "metres", open_low=True),
    "min_niirs": Number(0, 9),
    "deadline": Time(),
    **KIND_KEYS,
}
REQUEST_KEYS: Final[Mapping[str, Kind]] = {
    "name": Text(),
    "lat_deg": LATITUDE,
    "lon_deg": LONGITUDE,
    "alt_m": HEIGHT,
    "polygon": Raw(),
    "geojson": Text(),
    "feature": Text(),
    **WISH_KEYS,
    **ORDER_KEYS,
}
_PROPERTY_KEYS: Final = {"alt_m": HEIGHT, **WISH_KEYS, **ORDER_KEYS}
_PLACE_STEMS: Final = {"lat", "lon", "latitude", "longitude", "coordinates", "position", "lng"}
_DEFAULTS: Final = {
    "weight": 1.0,
    "max_off_nadir_deg": 90 * deg,  # that is, the satellite's own limit
    "min_sun_elevation_deg": 10 * deg,
    "max_sun_elevation_deg": math.pi / 2,
    "min_incidence_deg": 0.0,
    "max_incidence_deg": math.pi / 2,
}
_TRACK_SPEED_M_S = 7000.0  # of the ground below a low satellite


@dataclass(slots=True)
class RequestReader:
    """Reads requests of one mission file. `span` is None if the file's own is wrong.

    `widest_swath_m`, `narrowest_swath_m` are of the mission's cameras at nadir, 0 if there is none. After
    `read`, `places` says where each request stands; `unread` holds the names of those that are wrong, and
    `unsure` says that there are others whose names are not even known.
    """

    folder: Path
    span: Span | None
    widest_swath_m: float = 0.0
    narrowest_swath_m: float = 0.0
    places: list[Place] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    unsure: bool = False
    _files: dict[Path, tuple[Feature, ...]] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Path, ...]:
        """The GeoJSON files that were read, in the order in which the mission names them."""
        return tuple(self._files)

    def read(self, entries: list[object], defaults: object, place: Place) -> tuple[Request, ...]:
        """The requests of [[request]] entries that are right; all else is complained of."""
        values = self._defaults(defaults, place.key("request_defaults"))
        found: list[Request] = []
        taken: dict[str, str] = {}
        for number, entry in enumerate(entries, 1):
            name = entry.get("name", "") if isinstance(entry, dict) else ""
            here = place.key("request").item(number, name)
            if not isinstance(entry, dict):
                here.complain(entry, "a table, begun with [[request]]")
                continue
            before = len(place.problems.errors)
            for request, where in self._entry(entry, values, here):
                if request.name in taken:
                    wish = f"a name of its own: {taken[request.name]} has it already"
                    where.complain(request.name, wish)
                taken.setdefault(request.name, where.path)
                found.append(request)
                self.places.append(here if where.file == place.file else where)
            if self.span is None or len(place.problems.errors) > before:
                self.unread.add(str(name))
                self.unsure |= "geojson" in entry or not isinstance(name, str)
        return tuple(found)

    def _defaults(self, table: object, place: Place) -> dict[str, Any]:
        if not isinstance(table, dict):
            place.complain(table, "a table, begun with [request_defaults]")
            return dict(_DEFAULTS)
        values = _wishes(table, WISH_KEYS, place)
        if self.span is not None and values.keys() & {"start", "stop"}:
            window = self._window(values, place)
            values.pop("start", None)
            values.pop("stop", None)
            if window is not None:  # already cut to the span, so that it is told only once
                values |= {"start": window.start, "stop": window.stop}
        return _DEFAULTS | values

    def _entry(
        self, entry: dict[str, object], defaults: dict[str, Any], place: Place
    ) -> Iterator[tuple[Request, Place]]:
        """The requests of one [[request]], each with the place where its name stands."""
        values = _wishes(entry, REQUEST_KEYS, place)
        if not _one_way_to_say_where(entry, place):
            return
        if "geojson" in values:
            yield from self._from_file(values, defaults, place)
            return
        name = values.get("name")
        if "name" not in entry:
            place.key("name").complain(Missing(), "given: a text in quotes")
        area: tuple[Site, tuple[Array, ...]] | None = None
        if "polygon" in values:
            here = place.key("polygon")
            area = read_polygon(values["polygon"], name or "?", _height(values, place), here)
        elif "lat_deg" in values and "lon_deg" in values:
            aim = read_point(values, name or "?", place)
            area = (aim, ()) if aim is not None else None
        request = self._request(area, defaults | values, values, place)
        if request is not None and name is not None:
            yield request, place.key("name")

    def _from_file(
        self, values: dict[str, Any], defaults: dict[str, Any], place: Place
    ) -> Iterator[tuple[Request, Place]]:
        """A request for each feature of a GeoJSON file, or for the one that is named."""
        path = self.folder / values["geojson"]
        features = self._features(path, values, place)
        if len(features) > 1 and "name" in values:
            wish = "left out: the file has several features, and each gives its own name"
            place.key("name").complain(values["name"], wish)
            return
        for number, feature in enumerate(features, 1):
            here = Place(place.problems, str(path), feature.path)
            fallback = feature.name or f"{path.stem} {number}"
            name = str(values.get("name", fallback))
            try:
                name = Text().read(name, here)
            except WrongValueError as wrong:
                here.complain(name, wrong.wish)
            own = self._properties(feature, here.key("properties"))
            area = _feature_area(feature, name, values | own, here)
            request = self._request(area, defaults | values | own, values | own, here)
            if request is not None:
                yield request, here

    def _features(self, path: Path, values: dict[str, Any], place: Place) -> tuple[Feature, ...]:
        if path not in self._files:
            self._files[path] = ()
            try:
                self._files[path] = read_features(path)
            except FileError as error:
                wish = "a GeoJSON file that can be read"
                place.key("geojson").complain(values["geojson"], wish, str(error))
            except (InputError, InputProblems) as error:
                place.problems.add(error)
        features = self._files[path]
        if "feature" not in values or not features:
            return features
        wanted = values["feature"]
        chosen = [one for one in features if one.name.casefold() == wanted.casefold()]
        if len(chosen) != 1:
            names = [one.name for one in features if one.name]
            close = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(close)}?" if close and not chosen else ""
            count = f", not of {len(chosen)}" if chosen else ""
            wish = f"the name of one feature of {path.name}{count}"
            place.key("feature").complain(wanted, wish, hint)
            return ()
        return tuple(chosen)

    def _properties(self, feature: Feature, place: Place) -> dict[str, Any]:
        """What a feature's properties say about the request; others are none of ours."""
        properties = {k: v for k, v in feature.properties.items() if v is not None}
        stems = {stem(key) for key in _PROPERTY_KEYS}
        for key in properties:
            if key not in _PROPERTY_KEYS and stem(key) in stems:
                place.key(key).warn(f"is left out: {key_hint(key, tuple(_PROPERTY_KEYS))}")
        known = {k: v for k, v in properties.items() if k in _PROPERTY_KEYS}
        return _wishes(known, _PROPERTY_KEYS, place)

    def _request(
        self,
        area: tuple[Site, tuple[Array, ...]] | None,
        values: dict[str, Any],
        own: dict[str, Any],
        place: Place,
    ) -> Request | None:
        """The request, or None if something about it is wrong; `own` is what is not default."""
        before = len(place.problems.errors)
        window = self._window(values, place, quiet=not own.keys() & {"start", "stop"})
        deadline = values.get("deadline")
        if window is not None and deadline is not None and deadline <= window.start:
            wish = f"later than the start of the request's window, {window.start.utc(0)}"
            place.key("deadline").complain(deadline.utc(0), wish)
        is_area = area is None or bool(area[1])
        kinds = read_kinds(values, own, is_area=is_area, place=place)
        if area is not None and kinds["after"] == area[0].name:
            place.key("after").complain(kinds["after"], "the name of another request")
        _check_looks(values, own, place)
        if len(place.problems.errors) > before:
            return None
        if area is None or window is None:
            return None
        aim, rings_rad = area
        if rings_rad and kinds["cover"] is None:
            self._warn_if_large(aim, rings_rad, place)
        elif rings_rad and not self._few_strips(aim, rings_rad, kinds["cover"], place):
            return None
        request = Request(
            name=aim.name,
            aim=aim,
            rings_rad=rings_rad,
            weight=values["weight"],
            window=window,
            max_off_nadir_rad=values["max_off_nadir_deg"],
            min_sun_elevation_rad=values["min_sun_elevation_deg"],
            max_sun_elevation_rad=values["max_sun_elevation_deg"],
            min_incidence_rad=values["min_incidence_deg"],
            max_incidence_rad=values["max_incidence_deg"],
            azimuth_rad=values.get("azimuth_deg"),
            satellites=tuple(values.get("satellites", ())),
            max_gsd_m=values.get("max_gsd_m"),
            min_niirs=values.get("min_niirs"),
            deadline=deadline,
            **kinds,
        )
        warn_of_repeats(request, place)
        return request

    def _window(self, values: dict[str, Any], place: Place, *, quiet: bool = False) -> Span | None:
        """The part of start to stop in the span; what the file leaves out is the span's."""
        span = self.span
        start, stop = values.get("start"), values.get("stop")
        if start is not None and stop is not None and stop <= start:
            place.key("stop").complain(stop.utc(0), f"later than start {start.utc(0)}")
            return None
        if span is None:
            return None
        start, stop = start or span.start, stop or span.stop
        said = f"{start.utc(0)} to {stop.utc(0)}"
        if start >= span.stop or stop <= span.start:
            wish = f"within the mission's span, {span.start.utc(0)} to {span.stop.utc(0)}"
            place.key("window").complain(said, wish)
            return None
        inside = Span(max(start, span.start), min(stop, span.stop))
        if not quiet and (inside.start > start or inside.stop < stop):
            cut = f"{inside.start.utc(0)} to {inside.stop.utc(0)}"
            place.key("window").warn(f"{said} reaches beyond the mission's span; cut to {cut}")
        return inside

    def _few_strips(
        self, aim: Site, rings_rad: tuple[Array, ...], cover: Cover, place: Place
    ) -> bool:
        """Whether an area can do with few enough strips, whatever the heading; complains if not."""
        if not self.narrowest_swath_m:
            return True
        sides_m = extent_m(rings_rad, aim)
        row_m = self.narrowest_swath_m * (1.0 - cover.overlap)
        longest_m = LONGEST_PICTURE_S * _TRACK_SPEED_M_S
        count = min(
            math.ceil(across_m / row_m) * math.ceil(along_m / longest_m)
            for across_m, along_m in (sides_m, sides_m[::-1])
        )
        if count <= MOST_STRIPS:
            return True
        size = f"{sides_m[0] / km:.0f} by {sides_m[1] / km:.0f} km in some {count} strips"
        hint = f"of {row_m / km:.3g} by {longest_m / km:.0f} km; split it into several requests"
        place.key("cover").complain(size, f"an area of at most {MOST_STRIPS} strips", hint)
        return False

    def _warn_if_large(self, aim: Site, rings_rad: tuple[Array, ...], place: Place) -> None:
        """Say so if no camera of the mission can take a polygon in one picture."""
        if not self.widest_swath_m:
            return
        long_m, short_m = extent_m(rings_rad, aim)
        longest_m = LONGEST_PICTURE_S * _TRACK_SPEED_M_S
        if short_m > self.widest_swath_m or long_m > max(longest_m, self.widest_swath_m):
            place.warn(
                f"{aim.name}, {long_m / km:.0f} by {short_m / km:.0f} km, is too large for one picture: "
                f"the widest swath at nadir is {self.widest_swath_m / km:.1f} km, the longest strip "
                f"about {longest_m / km:.0f} km; what a picture covers is stated with each opportunity"
            )


def _check_looks(values: Mapping[str, Any], own: Mapping[str, Any], place: Place) -> None:
    """Complain of limits of angles that leave nothing between them."""
    for what, is_open in (("sun_elevation_deg", False), ("incidence_deg", True)):
        least, most = values[f"min_{what}"], values[f"max_{what}"]
        if least > most or (is_open and least == most):
            key = (
                f"max_{what}" if f"max_{what}" in own or f"min_{what}" not in own else f"min_{what}"
            )
            side = ("above" if is_open else "at least", "min", least)
            if key.startswith("min"):
                side = ("below" if is_open else "at most", "max", most)
            wish = f"{side[0]} {side[1]}_{what}, {side[2] / deg:.10g}"
            place.key(key).complain(round(values[key] / deg, 9), wish)


def _wishes(table: Mapping[str, object], keys: Mapping[str, Kind], place: Place) -> dict[str, Any]:
    """The values of a table, its window taken apart into start and stop."""
    values = read_table(table, keys, place)
    window = values.pop("window", None)
    if window is not None:
        if "start" in table or "stop" in table:
            place.key("window").complain(table["window"], "given alone, without start and stop")
        values |= window
    return values


def _one_way_to_say_where(entry: Mapping[str, object], place: Place) -> bool:
    """Whether a request says in just one way where it is; complains if not."""
    ways = [way for way in ("polygon", "geojson") if way in entry]
    point = [key for key in ("lat_deg", "lon_deg") if key in entry]
    if point and ways:
        place.key(ways[0]).complain(
            entry[ways[0]], f"given without {point[0]}: one place a request"
        )
        return False
    if len(ways) == 2:
        place.key("geojson").complain(entry["geojson"], "given without polygon")
        return False
    if "feature" in entry and "geojson" not in entry:
        place.key("feature").complain(entry["feature"], "given together with geojson")
        return False
    slips = {stem(key) for key in entry if key not in REQUEST_KEYS}
    if not ways and len(point) < 2 and not slips & _PLACE_STEMS:
        missing = "lon_deg" if "lat_deg" in entry else "lat_deg"
        wish = "given: a request has lat_deg and lon_deg, or polygon, or geojson"
        place.key(missing).complain(Missing(), wish)
        return False
    return True


def _feature_area(
    feature: Feature, name: str, values: Mapping[str, Any], place: Place
) -> tuple[Site, tuple[Array, ...]] | None:
    """Centre and rings of a feature; None, and a complaint, if it is no point or polygon."""
    here = Place(place.problems, place.file, feature.geometry_path)
    kind, coordinates = feature.geometry, feature.coordinates
    if kind == "MultiPolygon" and isinstance(coordinates, list) and len(coordinates) == 1:
        kind, coordinates = "Polygon", coordinates[0]
    if kind == "Point":
        aim = read_geojson_point(coordinates, name, here.key("coordinates"))
        if aim is not None and "alt_m" in values:
            aim = replace(aim, alt_m=_height(values, place))
        return (aim, ()) if aim is not None else None
    if kind == "Polygon":
        height_m = _height(values, place)
        return read_polygon(coordinates, name, height_m, here.key("coordinates"))
    hint = "make one feature of each part" if kind.startswith("Multi") else ""
    here.complain(kind, "a Point or a Polygon", hint)
    return None


def _height(values: Mapping[str, Any], place: Place) -> float:
    """The height of a place [m]; 0, and a complaint, if it is out of this world."""
    alt_m = float(values.get("alt_m", 0.0))
    if not -12_000 <= alt_m <= 100_000:
        place.key("alt_m").complain(alt_m, HEIGHT.said)
        return 0.0
    return alt_m
