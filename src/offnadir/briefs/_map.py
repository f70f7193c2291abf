"""The report's map: a static SVG that reads without a script; the script only moves its view box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.briefs._html import Markup, clock, coordinate, esc, join, num, shorten
from offnadir.briefs._labels import Label, reveal_levels
from offnadir.briefs._lines import backdrop, dense, path, runs
from offnadir.briefs._projection import Projection, choose_projection
from offnadir.briefs._tracks import Track
from offnadir.data import natural_earth_lines
from offnadir.epoch import Epoch
from offnadir.units import deg

Array = NDArray[np.float64]

WIDTH = 1000.0
_EARTH_RADIUS_M = 6_371_007.0  # of the sphere with the Earth's area
_COAST_CHARACTERS = 330_000
_BORDER_CHARACTERS = 120_000
_TRACK_BEFORE_S = 150.0
_LONGEST_LABEL = 26
_LEFT = 0.86 * WIDTH  # names of places further right stand to their left


@dataclass(frozen=True, slots=True, kw_only=True)
class MapView:
    """Where places lie on the drawing, whose width is WIDTH."""

    projection: Projection
    origin: Array
    scale: float
    height: float

    @property
    def unit_m(self) -> float:
        """Metres on the ground for one unit of the drawing."""
        return _EARTH_RADIUS_M / self.scale

    @property
    def digits(self) -> int:
        """Digits that write a place to 50 m or better."""
        return max(1, int(np.ceil(np.log10(self.unit_m / 50))))

    @property
    def tear(self) -> float:
        """Lines are broken between points further apart than that."""
        return WIDTH / 3 if self.projection.world else np.inf

    def __call__(self, lon_deg: Any, lat_deg: Any) -> Array:
        """(n, 2) places on the drawing."""
        return (self.projection(lon_deg, lat_deg) - self.origin) * self.scale

    def holds(self, xy: Array) -> bool:
        """Whether a place lies inside the frame."""
        return bool(np.all(xy >= 0) and xy[0] <= WIDTH and xy[1] <= self.height)


def place_of(geometry: Mapping[str, Any]) -> tuple[float, float]:
    """(lon, lat) of a point, or of the middle of a polygon's box."""
    if geometry["type"] == "Point":
        lon, lat = geometry["coordinates"][:2]
        return float(lon), float(lat)
    ring = dense([(p[0], p[1]) for p in geometry["coordinates"][0]], 360.0)
    lon, lat = (ring.min(axis=0) + ring.max(axis=0)) / 2
    return float(lon), float(lat)


def map_view(plan: Mapping[str, Any]) -> MapView:
    """The view of the region in which the requests lie."""
    projection, frame = choose_projection([place_of(r["geometry"]) for r in plan["requests"]])
    x0, y0, x1, y1 = frame.tolist()
    scale = WIDTH / (x1 - x0)
    return MapView(
        projection=projection, origin=frame[:2], scale=scale, height=round((y1 - y0) * scale, 1)
    )


def map_svg(plan: Mapping[str, Any], tracks: Sequence[Track], view: MapView) -> Markup:
    """Coastlines, borders, grid, ground tracks, footprints, requests and stations."""
    number = {request["name"]: i for i, request in enumerate(plan["requests"])}
    below = {track.name: track for track in tracks}
    size = (WIDTH, view.height)
    to_map = (view.scale, view.origin)
    coast = backdrop(
        natural_earth_lines("coastline"), view.projection, to_map, size, _COAST_CHARACTERS
    )
    border = backdrop(
        natural_earth_lines("border"), view.projection, to_map, size, _BORDER_CHARACTERS
    )
    layers = [
        _shape("grid", _grid(view) + _outline(view)),
        _shape("border", border),
        _shape("coast", coast),
        _group("tracks", _tracks(plan, below, view, number)),
        _group("areas", _areas(plan, view)),
        _group("footprints", _footprints(plan, view, number)),
        _group("sights", _sights(plan, below, view, number)),
        _group("marks", _marks(plan, view)),
        _group("labels", _labels(plan, view)),
    ]
    taken = sum(request["status"] == "taken" for request in plan["requests"])
    title = (
        f"Map of {len(plan['requests'])} requests, {taken} of them taken, with the footprints of "
        f"{len(plan['collections'])} pictures"
    )
    return Markup(
        f'<svg id="map" viewBox="0 0 {coordinate(WIDTH)} {coordinate(view.height)}" '
        f'data-unit-m="{view.unit_m:.3f}" role="img" aria-label="{esc(title)}">{join(layers)}</svg>'
    )


def outside(plan: Mapping[str, Any], view: MapView) -> list[str]:
    """Names of the stations beyond the frame."""
    return [
        station["name"]
        for station in plan["stations"]
        if not view.holds(view(station["lon_deg"], station["lat_deg"])[0])
    ]


def scale_bar(view: MapView) -> tuple[int, float] | None:
    """(km, share of the width) of a round length below a fifth of the width; None for the world."""
    if view.projection.world:
        return None
    fifth_km = WIDTH * view.unit_m / 5000
    power = 10 ** int(np.floor(np.log10(max(fifth_km, 1.0))))
    km = max(step * power for step in (1, 2, 5) if step * power <= max(fifth_km, 1.0))
    return km, km * 1000 / view.unit_m / WIDTH


def _shape(name: str, d: str) -> Markup:
    return Markup(f'<path class="{name}" d="{d}"/>' if d else "")


def _group(name: str, parts: Sequence[Markup]) -> Markup:
    return Markup(f'<g class="{name}">{join(parts, chr(10))}</g>' if parts else "")


def _grid(view: MapView) -> str:
    """Meridians and parallels, four or more across the frame."""
    across_deg = WIDTH / view.scale / deg
    wish = min(30.0, across_deg / 4)
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
    step = max((s for s in steps if s <= wish), default=0.1)
    xy = np.array([[0.0, 0.0], [WIDTH, 0.0], [0.0, view.height], [WIDTH, view.height]]) / view.scale
    reach_deg = float(np.hypot(*np.max(np.abs(xy + view.origin), axis=0))) / deg * 1.2
    lat0, lon0 = view.projection.lat_rad / deg, view.projection.lon_rad / deg
    if view.projection.world:
        lats, lons, lat_low, lat_high = (-90.0, 90.0), (-180.0, 180.0), -90.0, 90.0
    else:
        lat_low, lat_high = max(lat0 - reach_deg, -90.0), min(lat0 + reach_deg, 90.0)
        steepest = max(abs(lat_low), abs(lat_high))
        wide = 180.0 if steepest > 80 else min(180.0, reach_deg / np.cos(steepest * deg))
        lats, lons = (lat_low, lat_high), (lon0 - wide, lon0 + wide)
    fine = step / 8
    lines = []
    for lon in np.arange(np.ceil(lons[0] / step), np.floor(lons[1] / step) + 1) * step:
        lat = np.arange(lat_low, lat_high + fine / 2, fine)
        lines.append(view(np.full(len(lat), lon), np.minimum(lat, 90.0)))
    for lat0 in np.arange(np.ceil(lats[0] / step), np.floor(lats[1] / step) + 1) * step:
        lon = np.arange(lons[0], lons[1] + fine / 2, fine)
        lines.append(view(lon, np.full(len(lon), lat0)))
    pieces = []
    for line in lines:
        near = np.all((line > -60) & (line < np.array([WIDTH, view.height]) + 60), axis=1)
        pieces += runs(np.where(near[:, None], line, np.nan), WIDTH / 3)
    return path(pieces, digits=1)


def _outline(view: MapView) -> str:
    """The edge of a map of the world."""
    if not view.projection.world:
        return ""
    lat = np.linspace(-90, 90, 91)
    middle = view.projection.lon_rad / deg
    sides = [view(np.full(91, middle + side), lat) for side in (-179.999, 179.999)]
    return path([np.concatenate([sides[0], sides[1][::-1]])], closed=True)


def _lonlat_at(track: Track, tai_ns: Array) -> tuple[Array, Array]:
    """Longitude and latitude [deg] below a satellite, between the steps of its track."""
    lat, lon = track.lat_rad, track.lon_rad
    where = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    zero = int(track.epochs_tai_ns[0])
    at_s = (track.epochs_tai_ns - zero) * 1e-9
    x, y, z = (np.interp((tai_ns - zero) * 1e-9, at_s, axis) for axis in where)
    return np.arctan2(y, x) / deg, np.arctan2(z, np.hypot(x, y)) / deg


def _tracks(
    plan: Mapping[str, Any], below: Mapping[str, Track], view: MapView, number: Mapping[str, int]
) -> list[Markup]:
    """A few minutes of ground track around each picture."""
    drawn = []
    for j, picture in enumerate(plan["collections"]):
        track = below.get(picture["satellite"])
        if track is None or len(track.epochs_tai_ns) < 2:
            continue
        start, stop = (Epoch.from_utc(picture[key]).tai_ns for key in ("start", "stop"))
        before = int(_TRACK_BEFORE_S * 1e9)
        times = np.arange(start - before, stop + before, 15_000_000_000)
        inside = (times >= track.epochs_tai_ns[0]) & (times <= track.epochs_tai_ns[-1])
        line = view(*_lonlat_at(track, times[inside])) if inside.sum() > 1 else np.empty((0, 2))
        d = path(runs(line, view.tear)) if len(line) else ""
        if d:
            drawn.append(
                Markup(f'<path data-c="{j}" data-r="{number[picture["request"]]}" d="{d}"/>')
            )
    return drawn


def _sights(
    plan: Mapping[str, Any], below: Mapping[str, Track], view: MapView, number: Mapping[str, int]
) -> list[Markup]:
    """From below the satellite to the place, shown for the picture that is selected."""
    drawn = []
    for j, picture in enumerate(plan["collections"]):
        track = below.get(picture["satellite"])
        if track is None or len(track.epochs_tai_ns) < 2:
            continue
        middle = sum(Epoch.from_utc(picture[key]).tai_ns for key in ("start", "stop")) // 2
        foot = view(*_lonlat_at(track, np.array([middle])))[0]
        aim = view(picture["aim"]["lon_deg"], picture["aim"]["lat_deg"])[0]
        d = path(runs(np.stack([foot, aim]), view.tear), digits=view.digits)
        if d:
            drawn.append(
                Markup(f'<path data-c="{j}" data-r="{number[picture["request"]]}" d="{d}"/>')
            )
    return drawn


def _ring(view: MapView, ring: Sequence[Sequence[float]]) -> str:
    xy = view(*dense([(p[0], p[1]) for p in ring]).T)
    pieces = runs(xy, view.tear)
    return path(pieces, closed=len(pieces) == 1 and len(pieces[0]) == len(xy), digits=view.digits)


def _areas(plan: Mapping[str, Any], view: MapView) -> list[Markup]:
    drawn = []
    for i, request in enumerate(plan["requests"]):
        if request["geometry"]["type"] == "Polygon":
            d = "".join(_ring(view, ring) for ring in request["geometry"]["coordinates"])
            state = "on" if request["status"] == "taken" else "off"
            drawn.append(Markup(f'<path class="{state}" data-r="{i}" d="{d}"/>'))
    return drawn


def _footprints(plan: Mapping[str, Any], view: MapView, number: Mapping[str, int]) -> list[Markup]:
    drawn = []
    for j, picture in enumerate(plan["collections"]):
        d = "".join(_ring(view, ring) for ring in picture["footprint"]["coordinates"])
        tip = (
            f"{picture['id']}: {shorten(picture['request'], 60)}, {picture['satellite']}, "
            f"{clock(picture['start'])} UTC, {num(picture['off_nadir_deg'], 1)}° off-nadir"
        )
        drawn.append(
            Markup(
                f'<path data-c="{j}" data-r="{number[picture["request"]]}" d="{d}">'
                f"<title>{esc(tip)}</title></path>"
            )
        )
    return drawn


def _at(view: MapView, xy: Array, inner: str, attributes: str = "") -> Markup:
    x, y = (coordinate(v, view.digits) for v in xy.tolist())
    return Markup(f'<g transform="translate({x} {y})"{attributes}>{inner}</g>')


def _marks(plan: Mapping[str, Any], view: MapView) -> list[Markup]:
    """A triangle for a station, a diamond for a request that is not taken, a disc for one that is."""
    drawn = []
    for station in plan["stations"]:
        xy = view(station["lon_deg"], station["lat_deg"])[0]
        if view.holds(xy):
            tip = f"<title>Station {esc(station['name'])}</title>"
            drawn.append(_at(view, xy, f'<path class="k st" d="M0-7 6.5 5h-13z">{tip}</path>'))
    shapes = {
        "not_taken": '<path class="k off" d="M0-6 6 0 0 6-6 0z">',
        "taken": '<circle class="k on" r="4.5">',
    }
    for status, shape in shapes.items():
        tag = shape[1 : shape.index(" ")]
        said = "taken" if status == "taken" else "not taken"
        for i, request in enumerate(plan["requests"]):
            if request["status"] == status:
                xy = view(*place_of(request["geometry"]))[0]
                tip = f"<title>{esc(request['name'])}: {said}</title>"
                drawn.append(_at(view, xy, f"{shape}{tip}</{tag}>", f' data-r="{i}"'))
    return drawn


def _labels(plan: Mapping[str, Any], view: MapView) -> list[Markup]:
    """Names, each from the magnification on at which it covers no other."""
    wanted: list[tuple[float, int, Label, str]] = []
    for station in plan["stations"]:
        xy = view(station["lon_deg"], station["lat_deg"])[0]
        if view.holds(xy):
            label = Label(
                x=float(xy[0]),
                y=float(xy[1]),
                text=_short(station["name"]),
                left=bool(xy[0] > _LEFT),
            )
            wanted.append((-np.inf, len(wanted), label, ' class="st"'))
    for i, request in enumerate(plan["requests"]):
        xy = view(*place_of(request["geometry"]))[0]
        label = Label(
            x=float(xy[0]), y=float(xy[1]), text=_short(request["name"]), left=bool(xy[0] > _LEFT)
        )
        wanted.append((-float(request["weight"]), len(wanted), label, f' data-r="{i}"'))
    wanted.sort(key=lambda entry: entry[:2])
    labels = [label for _, _, label, _ in wanted]
    levels = reveal_levels(labels)
    sides = ('x="9" y="4"', 'x="-9" y="4" text-anchor="end"')
    return [
        _at(
            view,
            np.array([label.x, label.y]),
            f'<text class="k l{level}" {sides[label.left]}>{esc(label.text)}</text>',
            attributes,
        )
        for label, level, (_, _, _, attributes) in zip(labels, levels, wanted, strict=True)
    ]


def _short(name: str) -> str:
    return shorten(" ".join(name.split()), _LONGEST_LABEL)
