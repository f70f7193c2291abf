"""From the command line to one look: where the satellite stands, and the light."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from offnadir.cli import _say
from offnadir.errors import MISSING, InputError
from offnadir.units import deg, km

if TYPE_CHECKING:
    from offnadir.earth import Site
    from offnadir.epoch import Epoch
    from offnadir.geometry import Look
    from offnadir.orbits import ElementSet
    from offnadir.sensors import Radar, Sensor

_MINUTE = 60.0
_MANY = 200  # satellites that are tried at most where none is named


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One look, in SI; `vectors` are the satellite's position and velocity and the place, ITRF."""

    altitude_m: float
    off_nadir_rad: float
    incidence_rad: float
    range_m: float
    sun_elevation_rad: float
    relative_azimuth_rad: float
    vectors: tuple[Any, Any, Any]
    how: tuple[str, ...]
    site: Site | None = None
    time: Epoch | None = None
    satellite: str | None = None
    azimuth_rad: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was written on the command line about the look."""

    altitude: float | None
    elements: list[Path]
    satellite: str | None
    site: str | None
    time: str | None
    off_nadir: float | None
    incidence: float | None
    sun: float | None
    azimuth: float | None

    def views(self, sensors: Sequence[Sensor | Radar]) -> list[View]:
        """The one look that is meant, of each sensor; InputError that names the option."""
        self._check()
        place = self._place()
        if not self.elements:
            return [self._height(sensor, place, None) for sensor in sensors]
        assert place is not None  # by the check
        sets = self._sets(place[1])
        if self.off_nadir is None and self.incidence is None:
            return [self._pass(sensor, place, sets) for sensor in sensors]
        return [
            self._height(sensor, place, self._height_then(sensor, place, sets))
            for sensor in sensors
        ]

    def _height_then(
        self, sensor: Sensor | Radar, place: tuple[Site, Epoch], sets: Sequence[ElementSet]
    ) -> tuple[str, float]:
        """Name and height [m] of the satellite at the time, for an angle that is given instead of found."""
        from offnadir.earth import itrf_to_geodetic

        one, (r, _), _ = self._satellite(sensor, *place, sets)
        return one.name, float(itrf_to_geodetic(r)[2])

    def _sets(self, time: Epoch) -> Sequence[ElementSet]:
        """The set of each object of the files that is nearest to the time."""
        from offnadir.cli._look_satellites import read_sets
        from offnadir.orbits import nearest_sets

        return nearest_sets(read_sets(self.elements, near=time), near=time)

    def _check(self) -> None:
        if self.elements and self.altitude is not None:
            raise InputError("--altitude", self.altitude, "left out with --elements, which tell it")
        for option, value, low, high in (
            ("--altitude", self.altitude, 100, 50_000),
            ("--off-nadir", self.off_nadir, 0, 89),
            ("--incidence", self.incidence, 0, 89.9),
            ("--sun", self.sun, -90, 90),
            ("--relative-azimuth", self.azimuth, 0, 180),
        ):
            if value is not None and not low <= value <= high:
                raise InputError(option, value, f"from {low:g} to {high:g}")
        if self.off_nadir is not None and self.incidence is not None:
            raise InputError(
                "--incidence", self.incidence, "left out with --off-nadir: one gives the other"
            )
        self._check_company()

    def _check_company(self) -> None:
        """Which options go together."""
        if self.elements:
            for option, text in (("--site", self.site), ("--time", self.time)):
                if text is None:
                    raise InputError(option, MISSING, "given with --elements")
        elif (self.site is None) != (self.time is None):
            option = "--time" if self.time is None else "--site"
            raise InputError(option, MISSING, "given too: the Sun's height needs both")
        if self.site is not None and self.sun is not None:
            raise InputError("--sun", self.sun, "left out with --site and --time, which tell it")
        if self.satellite is not None and not self.elements:
            raise InputError("--satellite", self.satellite, "given with --elements")

    def _place(self) -> tuple[Site, Epoch] | None:
        from offnadir.access import read_sites
        from offnadir.epoch import Epoch

        if self.site is None or self.time is None:
            return None
        sites = read_sites(self.site, field="--site")
        if len(sites) != 1:
            raise InputError("--site", self.site, f"one place; there are {len(sites)}")
        return sites[0], Epoch.from_utc(self.time, field="--time")

    def _height(
        self,
        sensor: Sensor | Radar,
        place: tuple[Site, Epoch] | None,
        then: tuple[str, float] | None,
    ) -> View:
        """A look from a height, given or that of a satellite then: a sphere of the Earth's mean radius."""
        from offnadir.constants import (
            EARTH_MEAN_RADIUS_M,
            EARTH_RATE_RAD_S,
            GM_EARTH_M3_S2,
            WGS84_A_M,
        )
        from offnadir.earth import Site
        from offnadir.geometry import (
            incidence_from_off_nadir_rad,
            off_nadir_from_incidence_rad,
            slant_range_m,
        )
        from offnadir.sensors import Radar

        how = []
        altitude = sensor.reference_altitude_m if self.altitude is None else self.altitude * km
        if then is not None:
            name, altitude = then
            how.append(
                f"at the angle given from the height that {name} has then, {altitude / km:.0f} km"
            )
        elif self.altitude is None:
            how.append("the sensor's usual height; --altitude changes that")
        if self.incidence is not None:
            incidence = self.incidence * deg
            off = float(off_nadir_from_incidence_rad(incidence, altitude))
        else:
            off = (self.off_nadir or 0.0) * deg
            if self.off_nadir is None and isinstance(sensor, Radar):
                mode = sensor.finest
                incidence = (mode.min_incidence_rad + mode.max_incidence_rad) / 2
                off = float(off_nadir_from_incidence_rad(incidence, altitude))
                how.append(f"in the middle of the incidences of mode {mode.name}")
            incidence = float(incidence_from_off_nadir_rad(off, altitude))
        if math.isnan(incidence):
            limb = math.asin(EARTH_MEAN_RADIUS_M / (EARTH_MEAN_RADIUS_M + altitude)) / deg
            wish = f"below {limb:.1f}, where the Earth ends as seen from {altitude / km:g} km"
            raise InputError("--off-nadir", self.off_nadir, wish)
        sun, azimuth = self._sun(sensor, how)
        if place is not None:
            sun = _sun_at(*place)[0]
        # Over the equator, flying north, looking east: for what a sphere cannot tell.
        radius = WGS84_A_M + altitude
        speed = math.sqrt(GM_EARTH_M3_S2 / radius)
        beta = incidence - off
        ground = Site(name="below", lat_rad=0.0, lon_rad=beta)
        vectors = (
            np.array([radius, 0.0, 0.0]),
            np.array([0.0, -EARTH_RATE_RAD_S * radius, speed]),
            np.asarray(ground.r_itrf_m),
        )
        return View(
            altitude_m=altitude,
            off_nadir_rad=off,
            incidence_rad=incidence,
            range_m=float(slant_range_m(off, altitude)),
            sun_elevation_rad=sun,
            relative_azimuth_rad=azimuth,
            vectors=vectors,
            how=tuple(how),
            site=place[0] if place else None,
            time=place[1] if place else None,
        )

    def _sun(self, sensor: Sensor | Radar, how: list[str]) -> tuple[float, float]:
        from offnadir.sensors import Sensor

        azimuth = 90.0 if self.azimuth is None else self.azimuth
        if self.sun is not None:
            return self.sun * deg, azimuth * deg
        if self.site is None and isinstance(sensor, Sensor):
            how.append("a usual height of the Sun; --sun, or --site and --time, change that")
        usual = sensor.snr_reference_sun_elevation_rad if isinstance(sensor, Sensor) else 45 * deg
        return usual, azimuth * deg

    def _pass(
        self, sensor: Sensor | Radar, place: tuple[Site, Epoch], sets: Sequence[ElementSet]
    ) -> View:
        """The look of a real pass: SGP4, the ellipsoid, and the Sun."""
        from offnadir.earth import itrf_to_geodetic
        from offnadir.orbits import timing_errors_s

        site, time = place
        one, (r, v), look = self._satellite(sensor, site, time, sets)
        elevation = float(look.elevation_rad)
        if elevation <= 0:
            wish = (
                f"a time at which {one.name} stands above the horizon of {site.name}: "
                f"it is {-elevation / deg:.1f} deg below"
            )
            raise InputError("--time", self.time, wish, hint="`offnadir look` finds its windows")
        error_s = float(timing_errors_s([one], np.array([time.tai_ns]), share=0.68).max())
        _say.note(
            f"{one.name} ({one.norad_id}), set of {one.epoch.utc(0)}: "
            f"{abs(time - one.epoch) / 86400:.1f} days off, times good to about {error_s:.1f} s"
        )
        sun, sun_azimuth = _sun_at(site, time)
        apart = abs((float(look.azimuth_rad) - sun_azimuth + math.pi) % (2 * math.pi) - math.pi)
        return View(
            altitude_m=float(itrf_to_geodetic(r)[2]),
            off_nadir_rad=float(look.off_nadir_rad),
            incidence_rad=math.pi / 2 - elevation,
            range_m=float(look.range_m),
            sun_elevation_rad=sun,
            relative_azimuth_rad=apart if self.azimuth is None else self.azimuth * deg,
            vectors=(r, v, np.asarray(site.r_itrf_m)),
            how=(),
            site=site,
            time=time,
            satellite=one.name,
            azimuth_rad=float(look.azimuth_rad),
        )

    def _satellite(
        self, sensor: Sensor | Radar, site: Site, time: Epoch, sets: Sequence[ElementSet]
    ) -> tuple[ElementSet, tuple[Any, Any], Look]:
        """The satellite that is named, or carries the sensor, or is the only one in view."""
        from offnadir.geometry import look_angles
        from offnadir.orbits import select_satellites

        found: Sequence[ElementSet] = sets
        own = [one for one in sets if one.norad_id in sensor.norad_ids]
        if self.satellite is not None:
            found = select_satellites(sets, self.satellite, near=time, field="--satellite")
        elif own:
            found = own
        elif len(sets) > 1:
            wish = f"given: none of the {len(sets)} satellites is known to carry {sensor.name}"
            raise InputError("--satellite", MISSING, wish)
        names = ", ".join(_say.some([f"{one.name} ({one.norad_id})" for one in found]))
        if len(found) > _MANY:
            wish = f"given: {sensor.name} could be on any of {len(found)}: {names}"
            raise InputError("--satellite", self.satellite or MISSING, wish)
        states = {}
        for one in found:
            r, v = _state(one, time)
            if np.all(np.isfinite(r)):
                look = look_angles(r, v, site.r_itrf_m, site.lat_rad, site.lon_rad)
                states[one.norad_id] = (one, (r, v), look)
        up = [state for state in states.values() if state[2].elevation_rad > 0]
        if len(up) == 1 or len(states) == 1:
            return (up or list(states.values()))[0]
        if not states:
            raise InputError(
                "--elements", names or "empty", f"sets that SGP4 can follow to {time.utc(0)}"
            )
        seen = f"{len(up)} of them stand above the horizon then" if up else "none is in view then"
        wish = f"given: {sensor.name} could be on {names}; {seen}"
        raise InputError("--satellite", self.satellite or MISSING, wish)


def _state(one: ElementSet, time: Epoch) -> tuple[Any, Any]:
    """Position and velocity, ITRF; NaN where SGP4 cannot follow."""
    from offnadir.epoch import Span
    from offnadir.orbits import make_ephemeris

    ephemeris = make_ephemeris(one, Span(time + -_MINUTE, time + _MINUTE))
    at = [time.tai_ns]
    return ephemeris.position_itrf_m(at)[0], ephemeris.velocity_itrf_m_s(at)[0]


def _sun_at(site: Site, time: Epoch) -> tuple[float, float]:
    """Height and azimuth of the Sun [rad]."""
    from offnadir.earth import EarthOrientation, SunTable
    from offnadir.epoch import Span

    table = SunTable.over(Span(time, time + _MINUTE), EarthOrientation.bundled())
    elevation, azimuth = table.angles_rad(site, [time.tai_ns])
    return float(elevation[0]), float(azimuth[0])
