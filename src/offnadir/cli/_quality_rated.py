"""One look of a camera with all that is told of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from offnadir.units import deg, km

if TYPE_CHECKING:
    from offnadir.cli._quality_view import View
    from offnadir.quality import Atmosphere, BandSignal, Budget
    from offnadir.sensors import RadarMode, Sensor


@dataclass(frozen=True, slots=True, kw_only=True)
class OnGround:
    """What a pixel and a line cover on the ellipsoid, with the line across the scan."""

    gsd_along_track_m: float
    gsd_across_track_m: float
    long_axis_m: float
    short_axis_m: float
    long_axis_azimuth_deg: float
    swath_km: float
    line_rate_hz: float
    parallax: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """A camera, its look, the budget, and what it rests on; `estimates` are figures nobody published."""

    sensor: Sensor
    view: View
    budget: Budget
    ground: OnGround
    air: Atmosphere
    reflectance: float
    clear: float | None
    clouds: str
    estimates: frozenset[str]
    figures: int

    @property
    def cautions(self) -> tuple[str, ...]:
        """What to mind: of the equation, the look, the light, and the figures."""
        texts = list(self.budget.cautions)
        limit = self.sensor.max_off_nadir_rad
        if self.view.off_nadir_rad > limit + 0.05 * deg:
            texts.append(
                f"{self.view.off_nadir_rad / deg:.1f} deg off-nadir is more than the "
                f"{limit / deg:g} deg that are offered"
            )
        if self.estimates:
            named = [one for one in ("snr_reference", "aperture_m", "wfe_rms_waves", "jitter_px")
                     if one in self.estimates]  # fmt: skip
            among = f", among them {', '.join(named)}" if named else ""
            texts.append(
                f"{len(self.estimates)} of {self.figures} figures of this sensor are estimates{among} "
                f"(`offnadir sensors show {self.sensor.name}`)"
            )
        texts.append("expect half a level of error; two looks of one camera compare much better")
        return tuple(texts)

    @property
    def is_assumed(self) -> bool:
        """Whether the noise rests on a signal-to-noise ratio that nobody stated."""
        return self.exposure_from(self.budget.bands[0]) == "assumed SNR"

    @property
    def knows_well(self) -> bool:
        """Whether the full well was published, or written by the user."""
        return "full_well_e" not in self.estimates

    def exposure_from(self, band: BandSignal) -> str:
        """Where the light that is gathered comes from."""
        if not band.stated:
            return "electronics"
        own = f"{band.name}: snr_reference"
        assumed = "snr_reference" in self.estimates if own not in self.estimates else True
        return "assumed SNR" if assumed else "stated SNR"


def on_ground(sensor: Sensor, view: View) -> OnGround:
    """The pixel of the look on the ellipsoid."""
    from offnadir.geometry import ground_pixel, image_motion, point_at, swath_width_m

    r, v, site = view.vectors
    attitude = point_at(r, v, site)
    ifov = sensor.detector.pitch_m / sensor.optics.focal_length_m
    height = view.site.alt_m if view.site and view.satellite else 0.0
    pixel = ground_pixel(r, v, attitude, ifov, ifov, alt_m=height)
    motion = image_motion(r, v, attitude, ifov, ifov, alt_m=height)
    swath = swath_width_m(r, v, attitude, ifov, sensor.detector.columns, alt_m=height)
    return OnGround(
        gsd_along_track_m=float(pixel.gsd_along_track_m),
        gsd_across_track_m=float(pixel.gsd_across_track_m),
        long_axis_m=float(pixel.long_axis_m),
        short_axis_m=float(pixel.short_axis_m),
        long_axis_azimuth_deg=float(pixel.long_axis_azimuth_rad) / deg,
        swath_km=float(swath) / km,
        line_rate_hz=float(motion.line_rate_hz),
        parallax=math.tan(view.incidence_rad),
    )


def looks_so(mode: RadarMode, view: View) -> bool:
    """Whether a radar's mode looks at the incidence of the look."""
    return bool(mode.looks_at(view.incidence_rad))
