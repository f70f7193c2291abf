"""brahe: `location_accesses` with its default search, Earth orientation from the job's IERS file."""

from __future__ import annotations

import brahe as bh
from job import Job, main


def prepare(job: Job) -> None:
    if job.earth_orientation:
        eop = bh.FileEOPProvider.from_standard_file(job.earth_orientation, True, "Hold")
        bh.set_global_eop_provider_from_file_provider(eop)
    else:
        bh.set_global_eop_provider_from_static_provider(bh.StaticEOPProvider.from_zero())


def windows(job: Job) -> list[tuple[int, int, float, float]]:
    limits = []
    if job.min_elevation_deg is not None:
        limits.append(bh.ElevationConstraint(min_elevation_deg=job.min_elevation_deg))
    if job.max_off_nadir_deg is not None:
        limits.append(bh.OffNadirConstraint(max_off_nadir_deg=job.max_off_nadir_deg))
        limits.append(
            bh.ElevationConstraint(min_elevation_deg=0.0)
        )  # else it looks through the Earth
    satellites = [
        bh.SGPPropagator.from_tle(line1, line2, 60.0).with_id(i)
        for i, (_, line1, line2) in enumerate(job.satellites)
    ]
    places = [
        bh.PointLocation(lon, lat, alt).with_id(i) for i, (_, lat, lon, alt) in enumerate(job.sites)
    ]
    start = bh.Epoch(job.start)
    stop = start + job.seconds
    limit = limits[0] if len(limits) == 1 else bh.ConstraintAll(limits)
    found = bh.location_accesses(places, satellites, start, stop, limit)
    return [
        (w.satellite_id, w.location_id, w.window_open - start, w.window_close - start)
        for w in found
    ]


main(prepare, windows, knows_sun=False)
