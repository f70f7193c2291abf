"""lox: `VisibilityAnalysis` for elevation, `OpticalAccessAnalysis` on tiny areas for off-nadir."""

from __future__ import annotations

import lox_space as lox
from job import Job, main

_HALF_DEG = 1e-4  # areas are polygons: a place becomes a square of 20 m


def prepare(job: Job) -> None:
    del job


def windows(job: Job) -> list[tuple[int, int, float, float]]:
    start = lox.UTC.from_iso(job.start.rstrip("Z")).to_scale("TAI")
    stop = start + lox.TimeDelta(job.seconds)

    def since(instant: lox.Time) -> float:
        return float((instant - start).to_decimal_seconds())

    if job.max_off_nadir_deg is not None:
        payload = lox.OpticalPayload.off_nadir(0.001 * lox.km, job.max_off_nadir_deg * lox.deg)
        crafts = [
            lox.Spacecraft(str(i), lox.SGP4("\n".join(lines)), optical_payload=payload)
            for i, lines in enumerate(job.satellites)
        ]
        areas = [
            (str(i), lox.Aoi(_square(lat, lon))) for i, (_, lat, lon, _) in enumerate(job.sites)
        ]
        results = lox.OpticalAccessAnalysis(lox.Scenario(start, stop, crafts), areas).compute()
        return [
            (int(craft), int(area), since(w.start()), since(w.end()))
            for (craft, area), found in results.all_windows().items()
            for w in (one.interval() for one in found)
        ]
    crafts = [
        lox.Spacecraft(str(i), lox.SGP4("\n".join(lines))) for i, lines in enumerate(job.satellites)
    ]
    stations = []
    for i, (_, lat, lon, alt) in enumerate(job.sites):
        place = lox.EllipsoidLocation(
            "IAU_EARTH", lon * lox.deg, lat * lox.deg, alt * 1e-3 * lox.km
        )
        floor = (job.min_elevation_deg or 0.0) * lox.deg
        stations.append(lox.GroundStation(str(i), place, min_elevation=floor))
    scenario = lox.Scenario(start, stop, crafts, stations)
    results = lox.VisibilityAnalysis(scenario).compute()
    return [
        (int(craft), int(station), since(w.start()), since(w.end()))
        for (station, craft), found in results.all_intervals().items()
        for w in found
    ]


def _square(lat: float, lon: float) -> list[tuple[float, float]]:
    d = _HALF_DEG
    corners = [(-d, -d), (d, -d), (d, d), (-d, d), (-d, -d)]
    return [(lon + x, lat + y) for x, y in corners]


main(prepare, windows, knows_sun=False)
