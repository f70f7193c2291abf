"""A launch on a map: the site, its azimuth limits, the ascent and the first revolution's ground track."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir.briefs._figures import check_figure_path, new_figure
from offnadir.data import natural_earth_lines
from offnadir.earth import itrf_to_geodetic
from offnadir.epoch import Span
from offnadir.orbits import make_ephemeris
from offnadir.units import deg, minute

__all__ = ["check_figure_path", "write_launch_figure"]

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from offnadir.earth import Site
    from offnadir.orbits.launch import Launch

Array = NDArray[np.float64]
_ASCENT, _TRACK, _LIMITS, _COAST = "#D55E00", "#0072B2", "#009E73", "#999999"
_FAN_RAD: Final = 12.0 * deg  # how far the azimuth limits are drawn
_FIRST_MIN = 100.0


def write_launch_figure(launch: Launch, path: str | Path) -> None:
    """Draw a launch to a PNG, SVG or PDF file: the world with ascent and first track, and the site in large.

    Plate carree. Raises InputError for another suffix, FileError if it cannot write.
    """
    from offnadir.orbits.launch import elements_after

    path = Path(path)
    span = Span(launch.insertion, launch.insertion + _FIRST_MIN * minute)
    ephemeris = make_ephemeris(elements_after(launch), span)
    times = span.start.tai_ns + (np.linspace(0.0, span.duration_s, 600) * 1e9).astype(np.int64)
    lat, lon, _ = itrf_to_geodetic(ephemeris.position_itrf_m(times))
    track = np.degrees([lon, lat])
    with new_figure(path, 11.0, 4.6) as figure:
        world, near = figure.subplots(1, 2, width_ratios=(1.9, 1.0))
        figure.suptitle(
            f"{launch.spaceport.name}, {launch.time.utc(0)}: {launch.target.name}, azimuth "
            f"{launch.first_azimuth_rad / deg:.1f} deg",
            fontsize=11.0,
        )
        _panel(world, launch, track)
        world.set_xlim(-180, 180)
        world.set_ylim(-90, 90)
        _panel(near, launch, track, fan=True)
        at_lat, at_lon = launch.spaceport.site.lat_rad / deg, launch.spaceport.site.lon_rad / deg
        wide = 26.0 / max(np.cos(launch.spaceport.site.lat_rad), 0.3)
        near.set_xlim(at_lon - wide, at_lon + wide)
        near.set_ylim(max(at_lat - 30, -90), min(at_lat + 30, 90))
        told = near.get_legend_handles_labels()  # of the panel with the limits
        figure.legend(*told, loc="outside lower center", ncols=4, fontsize=9.0)


def _panel(axes: Axes, launch: Launch, track: Array, *, fan: bool = False) -> None:
    from matplotlib.collections import LineCollection

    coast = LineCollection(natural_earth_lines("coastline"), colors=_COAST, linewidths=0.4)
    axes.add_collection(coast, autolim=False)
    site = launch.spaceport.site
    if fan:
        _fan(axes, launch)
    _line(axes, *track, color=_TRACK, linewidth=1.1, label="first revolution")
    _line(axes, *_ascent(launch), color=_ASCENT, linewidth=2.0, label="ascent")
    axes.plot(
        [site.lon_rad / deg], [site.lat_rad / deg], "^", color="#222222", label=launch.spaceport.key
    )
    axes.set_aspect("equal" if not fan else 1.0 / max(np.cos(site.lat_rad), 0.3))
    axes.grid(True, color="#dddddd", linewidth=0.5)
    axes.tick_params(labelsize=7)


def _ascent(launch: Launch) -> Array:
    """Longitude and latitude [deg] from the site, over the turn, to the insertion."""
    site, ascent = launch.spaceport.site, launch.ascent
    lat, lon = site.lat_rad, site.lon_rad
    parts = []
    if ascent.first_azimuth_rad is not None:
        leg = _along(site, ascent.first_azimuth_rad, np.linspace(0.0, ascent.leg_rad, 20))
        parts.append(leg)
        lon, lat = leg[:, -1] * deg
    to_lat, to_lon = launch.insertion_lat_rad, launch.insertion_lon_rad
    start, stop = _unit(lat, lon), _unit(to_lat, to_lon)
    angle = float(np.arccos(np.clip(start @ stop, -1.0, 1.0)))
    share = np.linspace(0.0, 1.0, 40)[:, None]
    points = (np.sin((1 - share) * angle) * start + np.sin(share * angle) * stop) / max(
        np.sin(angle), 1e-12
    )
    parts.append(
        np.degrees(
            [np.arctan2(points[:, 1], points[:, 0]), np.arcsin(np.clip(points[:, 2], -1, 1))]
        )
    )
    return np.concatenate(parts, axis=1)


def _unit(lat_rad: float, lon_rad: float) -> Array:
    return np.array(
        [np.cos(lat_rad) * np.cos(lon_rad), np.cos(lat_rad) * np.sin(lon_rad), np.sin(lat_rad)]
    )


def _along(site: Site, azimuth_rad: float, arc_rad: Array) -> Array:
    """Longitude and latitude [deg] along a great circle from a site."""
    sine = np.sin(site.lat_rad) * np.cos(arc_rad)
    sine = sine + np.cos(site.lat_rad) * np.sin(arc_rad) * np.cos(azimuth_rad)
    across = np.sin(azimuth_rad) * np.sin(arc_rad) * np.cos(site.lat_rad)
    lon = site.lon_rad + np.arctan2(across, np.cos(arc_rad) - np.sin(site.lat_rad) * sine)
    return np.degrees([lon, np.arcsin(sine)])


def _fan(axes: Axes, launch: Launch) -> None:
    """The azimuths that the range allows."""
    for n, (first, last) in enumerate(launch.spaceport.azimuths_rad):
        width = (last - first) % (2.0 * np.pi)
        edge = [
            _along(launch.spaceport.site, first + turn, np.array([_FAN_RAD]))[:, 0]
            for turn in np.linspace(0.0, width, 60)
        ]
        site = launch.spaceport.site
        ring = np.array([[site.lon_rad / deg, site.lat_rad / deg], *edge])
        axes.fill(
            *ring.T,
            color=_LIMITS,
            alpha=0.2,
            linewidth=0.0,
            label="published azimuths" if not n else None,
        )


def _line(axes: Axes, lon_deg: Array, lat_deg: Array, **look: Any) -> None:
    """A line, torn at the antimeridian."""
    lon_deg = (np.asarray(lon_deg) + 180.0) % 360.0 - 180.0
    tears = np.flatnonzero(np.abs(np.diff(lon_deg)) > 180.0) + 1
    axes.plot(np.insert(lon_deg, tears, np.nan), np.insert(lat_deg, tears, np.nan), **look)
