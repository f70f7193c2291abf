"""TAT-C: `collect_observations` with a field of regard and, where asked, the Sun's elevation."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from job import Job, main
from tatc.analysis import collect_observations
from tatc.schemas import Instrument, Point, Satellite, TwoLineElements

_EARTH_M = 6_378_137.0


def prepare(job: Job) -> None:
    del job


def windows(job: Job) -> list[tuple[int, int, float, float]]:
    begin = datetime.fromisoformat(job.start.replace("Z", "+00:00")).astimezone(UTC)
    end = begin + timedelta(seconds=job.seconds)
    points = [
        Point(id=j, latitude=lat, longitude=lon, elevation=alt)
        for j, (_, lat, lon, alt) in enumerate(job.sites)
    ]
    numbers = {(round(lon, 6), round(lat, 6)): j for j, (_, lat, lon, _) in enumerate(job.sites)}
    found = []
    for i, (name, line1, line2) in enumerate(job.satellites):
        camera = Instrument(
            name="camera",
            field_of_regard=2 * _half_deg(job, line2),
            min_target_solar_elevation=job.min_sun_deg,
        )
        orbit = TwoLineElements(tle=[line1, line2])
        satellite = Satellite(name=name, orbit=orbit, instruments=[camera])
        # All places at once: one by one takes thirty times as long.
        rows = collect_observations(points, satellite, begin, end)
        for place, a, b in zip(rows.geometry, rows["start"], rows["end"], strict=True):
            number = numbers[round(place.x, 6), round(place.y, 6)]
            found.append((i, number, (a - begin).total_seconds(), (b - begin).total_seconds()))
    return found


def _half_deg(job: Job, line2: str) -> float:
    """The off-nadir limit, or the one that matches an elevation limit on a sphere."""
    if job.max_off_nadir_deg is not None:
        return job.max_off_nadir_deg
    rate = float(line2[52:63]) * 2 * math.pi / 86400
    radius = (3.986004418e14 / rate**2) ** (1 / 3)
    floor = math.radians(job.min_elevation_deg or 0.0)
    return math.degrees(math.asin(_EARTH_M * math.cos(floor) / radius))


main(prepare, windows, knows_sun=True)
