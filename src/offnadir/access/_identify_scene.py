"""What is known of a picture, and the angles at its place to where a satellite may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offnadir.earth import (
    EarthOrientation,
    Site,
    SunTable,
    east_north_up,
    itrf_to_geodetic,
    rot_itrf_teme,
    up,
)
from offnadir.epoch import Epoch
from offnadir.errors import InputError, UnitRangeError
from offnadir.units import deg

Array = NDArray[np.float64]

_TURN_RAD_S = 7.292115e-5  # of the Earth
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is known of a picture: place, time [within s] and any of the angles [rad].

    `azimuth_rad` is from the place to the satellite, `incidence_rad` at the place from the vertical,
    `off_nadir_rad` at the satellite; the Sun's angles are at the place (a shadow points away from it).
    """

    site: Site
    time: Epoch
    within_s: float = 60.0
    off_nadir_rad: float | None = None
    azimuth_rad: float | None = None
    incidence_rad: float | None = None
    sun_elevation_rad: float | None = None
    sun_azimuth_rad: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.within_s <= 5 * 86400:
            raise InputError("within_s", self.within_s, "from 0 s to five days")
        for name, low, high in (
            ("off_nadir_rad", 0.0, 90.0),
            ("incidence_rad", 0.0, 90.0),
            ("sun_elevation_rad", -90.0, 90.0),
            ("azimuth_rad", -360.0, 360.0),
            ("sun_azimuth_rad", -360.0, 360.0),
        ):
            value = getattr(self, name)
            if value is not None and not low * deg <= value <= high * deg:
                wish = f"from {low:.0f} to {high:.0f} degrees"
                raise UnitRangeError(name, value, wish, hint="did you forget `* deg`?")

    def known(self, *names: str) -> dict[str, float]:
        """Those of the angles (named without their unit) that are known [rad]."""
        values = {name: getattr(self, f"{name}_rad") for name in names}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A picture's place for some minutes around `centre`, within which the Earth turns evenly."""

    picture: Picture
    centre: Epoch
    rotation: Array
    place_m: Array
    axes: Array
    sun: SunTable

    def place_teme_m(self) -> Array:
        """The place at the centre [m], shape (3,)."""
        return np.asarray(self.place_m @ self.rotation, np.float64)


def scene_at(
    picture: Picture, centre: Epoch, sun: SunTable, orientation: EarthOrientation
) -> Scene:
    """The scene around an instant."""
    site = picture.site
    return Scene(
        picture=picture,
        centre=centre,
        rotation=rot_itrf_teme(np.array([centre.tai_ns]), orientation)[0],
        place_m=site.r_itrf_m,
        axes=east_north_up(site.lat_rad, site.lon_rad),
        sun=sun,
    )


def look_angles(scene: Scene, r_teme_m: Array, earth_s: Array) -> dict[str, Array]:
    """Angles [rad] and range [m] to positions (n, 3), the Earth standing as `earth_s` after the centre.

    The two times differ where a satellite runs ahead of its element set: it is where the set has it
    later on, but the Earth has not turned yet. Sun angles only where the picture tells them.
    """
    r = r_teme_m @ scene.rotation.T
    cos, sin = np.cos(_TURN_RAD_S * earth_s), np.sin(_TURN_RAD_S * earth_s)
    r = np.stack([cos * r[:, 0] + sin * r[:, 1], cos * r[:, 1] - sin * r[:, 0], r[:, 2]], axis=1)
    ray = r - scene.place_m
    range_m = np.linalg.norm(ray, axis=1)
    ray /= range_m[:, None]
    east, north, high = (ray @ scene.axes.T).T
    lat, lon, _ = itrf_to_geodetic(r)
    angles = {
        "off_nadir": np.arccos(np.clip(np.sum(up(lat, lon) * ray, axis=1), -1, 1)),
        "azimuth": np.arctan2(east, north) % (2 * np.pi),
        "incidence": np.arctan2(np.hypot(east, north), high),
        "range": range_m,
    }
    if scene.picture.known("sun_elevation", "sun_azimuth"):
        at = scene.centre.tai_ns + np.rint(earth_s * _NS).astype(np.int64)
        angles["sun_elevation"], angles["sun_azimuth"] = scene.sun.angles_rad(
            scene.picture.site, at
        )
    return angles
