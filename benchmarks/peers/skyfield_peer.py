"""skyfield: `EarthSatellite.find_events` per satellite and place; off-nadir is not offered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from job import Job, main
from skyfield.api import EarthSatellite, load, wgs84


def prepare(job: Job) -> None:
    del job


def windows(job: Job) -> list[tuple[int, int, float, float]]:
    timescale = load.timescale(builtin=True)
    begin = datetime.fromisoformat(job.start.replace("Z", "+00:00")).astimezone(UTC)
    start = timescale.from_datetime(begin)
    stop = timescale.from_datetime(begin + timedelta(seconds=job.seconds))
    found = []
    for i, (name, line1, line2) in enumerate(job.satellites):
        satellite = EarthSatellite(line1, line2, name, timescale)
        for j, (_, lat, lon, alt) in enumerate(job.sites):
            place = wgs84.latlon(lat, lon, alt)
            edges = _above(satellite, place, start, stop, job.min_elevation_deg or 0.0)
            found += [(i, j, (a - start.tt) * 86400.0, (b - start.tt) * 86400.0) for a, b in edges]
    return found


def _above(satellite, place, start, stop, limit_deg):
    times, events = satellite.find_events(place, start, stop, altitude_degrees=limit_deg)
    up = (satellite - place).at(start).altaz()[0].degrees >= limit_deg
    begun = start.tt if up else None
    for t, event in zip(times.tt, events, strict=True):
        if event == 0:
            begun = t
        elif event == 2 and begun is not None:
            yield begun, t
            begun = None
    if begun is not None:
        yield begun, stop.tt


main(prepare, windows, knows_sun=False)
