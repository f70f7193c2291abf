"""Make src/offnadir/data/clouds.npz: how often cloud hides the ground, by place and month.

    apt-get download ferret-datasets && dpkg-deb -x ferret-datasets_*.deb ferret
    pip download --no-deps gsee-climate-data && unzip gsee_climate_data-*.whl -d gsee
    python tools/build_clouds.py ferret/usr/share/ferret-vis/data \
        gsee/gsee_climate_data/data/merra2_rad3x3_2011-2015_pdfs_land_prox.npz

Needs numpy and xarray with netCDF4. What is done, and why, stands in docs/theory/clouds.md:

- land: the share of possible sunshine at the cities of tools/sunshine.csv (monthly hours: normals as in
  Wikipedia's "List of cities by sunshine duration"; places: GeoNames), carried between them by MERRA-2's
  irradiance (reanalysis); cloud is what is missing from the sunshine;
- sea: cloudiness seen from ships (Esbensen and Kushnir), brought to the same measure at the coasts;
- where neither says anything (the ice, polar night): the smooth surface through what is around.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Array = NDArray[np.float64]
HERE = Path(__file__).parent
TARGET = HERE.parent / "src/offnadir/data/clouds.npz"
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DAYS = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
MID = np.cumsum(DAYS) - DAYS / 2  # day of the year of the middle of each month
LAT, LON = np.arange(-90.0, 91.0, 3.0), np.arange(-180.0, 180.0, 3.0)
LEAST_SUN_H = 60.0  # a month with less possible sunshine says nothing about cloud
LEAST_TOP_W_M2 = 30.0  # nor does one with less sunlight above the air
REACH_KM, NUGGET = (
    1000.0,
    0.5,
)  # of what irradiance leaves unsaid; near the least error with a city left out
KEPT_BACK = 10  # every tenth city is for the test, not for the map
POLE_NORTH = 0.70 - 0.20 * np.cos(2 * np.pi * (MID - 15) / 365.25)  # 50 % in winter, 90 in summer
POLE_SOUTH = 0.40


def declination_rad(day: Array) -> Array:
    return np.radians(23.45) * np.sin(2 * np.pi * (284 + day) / 365)


def monthly(function, lat_deg: Array) -> Array:
    """Means over the months of a function of latitude and day: (lat, 12)."""
    lat = np.radians(lat_deg)[:, None]
    columns = [function(lat, mid + np.arange(-14.0, 15.0, 2.0)).mean(axis=1) for mid in MID]
    return np.stack(columns, axis=1)


def day_length_h(lat: Array, day: Array) -> Array:
    sun = declination_rad(day)
    cosine = (np.sin(np.radians(-0.833)) - np.sin(lat) * np.sin(sun)) / np.cos(lat) / np.cos(sun)
    return 24 / np.pi * np.arccos(np.clip(cosine, -1, 1))


def top_w_m2(lat: Array, day: Array) -> Array:
    """Mean sunlight of a day above the air (as in FAO Irrigation and Drainage Paper 56)."""
    sun = declination_rad(day)
    half = np.arccos(np.clip(-np.tan(lat) * np.tan(sun), -1, 1))
    near = 1 + 0.033 * np.cos(2 * np.pi * day / 365)
    light = half * np.sin(lat) * np.sin(sun) + np.cos(lat) * np.cos(sun) * np.sin(half)
    return 1361 / np.pi * near * light


def unit(lat_deg: Array, lon_deg: Array) -> Array:
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def apart_km(a: Array, b: Array) -> Array:
    return 6371 * np.arccos(np.clip(a @ b.T, -1, 1))


def sampled(lat_axis: Array, lon_axis: Array, field: Array, lat: Array, lon: Array) -> Array:
    """A field (lat, lon, ...) between its points; corners that are NaN do not count."""
    y = (lat - lat_axis[0]) / (lat_axis[1] - lat_axis[0])
    x = (lon - lon_axis[0]) % 360 / (lon_axis[1] - lon_axis[0])
    i, j = np.floor(y).astype(int), np.floor(x).astype(int)
    total = np.zeros(lat.shape + field.shape[2:])
    weight = np.zeros_like(total)
    for di in (0, 1):
        for dj in (0, 1):
            inside = (i + di >= 0) & (i + di < len(lat_axis))
            values = field[np.clip(i + di, 0, len(lat_axis) - 1), (j + dj) % len(lon_axis)]
            share = inside * (1 - np.abs(y - i - di)) * (1 - np.abs(x - j - dj))
            share = np.where(
                np.isfinite(values), share.reshape(share.shape + (1,) * (values.ndim - lat.ndim)), 0
            )
            total += share * np.nan_to_num(values)
            weight += share
    return np.where(weight > 1e-6, total / np.maximum(weight, 1e-6), np.nan)


def cities() -> tuple[list[dict[str, str]], Array, Array, Array]:
    """Rows, latitudes, longitudes and the share of possible sunshine (city, month)."""
    with (HERE / "sunshine.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lat = np.array([float(row["lat"]) for row in rows])
    lon = np.array([float(row["lon"]) for row in rows])
    hours = np.array([[float(row[month]) for month in MONTHS] for row in rows])
    possible = monthly(day_length_h, lat) * DAYS
    share = hours / np.maximum(possible, 1)
    return rows, lat, lon, np.where(possible > LEAST_SUN_H, np.minimum(share, 1), np.nan)


def clear_index(merra: Path, height_m: Array) -> Array:
    """Mean irradiance over a clear sky's, 0.75 + 2e-5 per metre (FAO-56): (lat, lon, month)."""
    with np.load(merra) as file:
        value, share = file["xk"].astype(float), file["pk"].astype(float)
        rows = np.searchsorted(LAT, file["lat"])
        assert np.array_equal(LAT[rows], file["lat"])
        assert np.array_equal(file["lon"], LON)
    mean = np.full((len(LAT), len(LON), 12), np.nan)
    mean[rows] = (value * share).sum(-1) / share.sum(-1)
    top = monthly(top_w_m2, LAT)[:, None, :]
    clear = (0.75 + 2e-5 * height_m)[..., None] * np.maximum(top, 1)
    return np.where(top > LEAST_TOP_W_M2, mean / clear, np.nan)


def relief(folder: Path) -> tuple[Array, Array]:
    """Share of land and mean height [m] of land in each 3 x 3 deg (NOAA ETOPO, 1 deg)."""
    with xr.open_dataset(folder / "etopo60.cdf", decode_times=False) as file:
        height = file["ROSE"].values.astype(float)
        lat, lon = file["ETOPO60Y"].values, file["ETOPO60X"].values
    near_lat = (np.abs(lat - LAT[:, None]) <= 1.5).astype(float)
    near_lon = (np.abs((lon - LON[:, None] + 180) % 360 - 180) <= 1.5).astype(float)
    count = near_lat.sum(1)[:, None] * near_lon.sum(1)
    return (
        near_lat @ (height > 0) @ near_lon.T / count,
        near_lat @ np.maximum(height, 0) @ near_lon.T / count,
    )


def sea_cover(folder: Path, lat: Array, lon: Array) -> Array:
    """Cloudiness from ships where it is known: (place, month)."""
    with xr.open_dataset(folder / "esku_heat_budget.cdf", decode_times=False) as file:
        cloud = np.moveaxis(file["CLD"].values.astype(float), 0, -1)
        lat_axis, lon_axis = file["ESKUY"].values, file["ESKUX"].values
    return sampled(lat_axis, lon_axis, cloud, lat, lon)


def land_sunshine(index: Array, lat: Array, lon: Array, share: Array) -> tuple[Array, Array]:
    """Share of possible sunshine on the grid, and the cities' errors with each left out."""
    at_city = sampled(LAT, LON, index, lat, lon)
    known = np.isfinite(at_city) & np.isfinite(share)
    matrix = np.stack([np.ones(known.sum()), at_city[known]], axis=1)
    a, b = np.linalg.lstsq(matrix, share[known], rcond=None)[0]
    print(f"share of sunshine = {a:.3f} + {b:.3f} x clear index, {known.sum()} months of cities")
    field = a + b * index
    where, grid = unit(lat, lon), unit(*np.meshgrid(LAT, LON, indexing="ij"))
    left_out = np.full_like(share, np.nan)
    for month in range(12):
        rows = np.flatnonzero(known[:, month])
        rest = share[rows, month] - (a + b * at_city[rows, month])
        inverse = np.linalg.inv(
            np.exp(-apart_km(where[rows], where[rows]) / REACH_KM) + NUGGET * np.eye(len(rows))
        )
        near = np.exp(-apart_km(grid, where[rows]) / REACH_KM)
        field[..., month] += near @ (inverse @ rest)
        left_out[rows, month] = (inverse @ rest) / np.diag(inverse)
    return field, left_out


def filled(field: Array, factor: float) -> Array:
    """NaN replaced by the smooth surface (Laplace) through the rest; the poles are given."""
    field = field.copy()
    south, north = hidden(np.full(12, POLE_SOUTH), factor), hidden(POLE_NORTH, factor)
    field[LAT <= -84] = south
    field[LAT >= 87] = north
    known = np.isfinite(field)
    mean = np.nanmean(np.where(known, field, np.nan), axis=(0, 1))
    out = np.where(known, field, mean)
    for _ in range(4000):
        up, down = np.roll(out, 1, 0), np.roll(out, -1, 0)
        around = (up + down + np.roll(out, 1, 1) + np.roll(out, -1, 1)) / 4
        out = np.where(known, field, around)
    return out


def hidden(seen: Array, factor: float) -> Array:
    """Sky cover as an observer sees it to cover that hides the Sun: odds times a factor."""
    odds = factor * seen / np.maximum(1 - seen, 1e-9)
    return odds / (1 + odds)


def main() -> None:
    folder, merra = Path(sys.argv[1]), Path(sys.argv[2])
    land, height = relief(folder)
    rows, lat, lon, share = cities()
    used = np.arange(len(rows)) % KEPT_BACK != KEPT_BACK - 1
    lat_u, lon_u, share_u = lat[used], lon[used], share[used]

    index = clear_index(merra, height)
    sunshine, left_out = land_sunshine(index, lat_u, lon_u, share_u)
    print(f"one city left out: rms {np.sqrt(np.nanmean(left_out**2)):.3f} of the share of sunshine")
    over_land = np.clip(1 - sunshine, 0.02, 0.98)

    seen = sea_cover(folder, lat_u, lon_u)
    both = np.isfinite(seen) & np.isfinite(share_u)
    ship, sun = seen[both].mean(), 1 - share_u[both].mean()
    factor = float(sun / (1 - sun) / (ship / (1 - ship)))
    print(
        f"coasts, {both.sum()} months: ships {ship:.3f}, sun hidden {sun:.3f}: odds x {factor:.3f}"
    )

    grid_lat, grid_lon = np.meshgrid(LAT, LON, indexing="ij")
    over_sea = hidden(sea_cover(folder, grid_lat, grid_lon), factor)
    weight = land[..., None]
    mixed = weight * np.nan_to_num(over_land) + (1 - weight) * np.nan_to_num(over_sea)
    has_land, has_sea = np.isfinite(over_land), np.isfinite(over_sea)
    cover = np.where(has_land & has_sea, mixed, np.where(has_land, over_land, over_sea))
    support = has_land.any(-1) * 1 + has_sea.any(-1) * 2
    cover = filled(cover, factor)

    area = np.cos(np.radians(LAT))[:, None]
    for name, mask in (("land", land > 0.5), ("sea", land <= 0.5)):
        print(f"mean over {name}: {(cover.mean(-1) * area * mask).sum() / (area * mask).sum():.3f}")
    np.savez_compressed(
        TARGET,
        cover=np.round(200 * cover).astype(np.uint8),  # half per cents: latitude, longitude, month
        land=np.round(200 * land).astype(np.uint8),
        support=support.astype(np.uint8),  # 1 sunshine and irradiance, 2 ships, 3 both, 0 neither
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")
    error = sampled(LAT, LON, cover, lat, lon)[~used] - (1 - share[~used])
    bias, rms = np.nanmean(error), np.sqrt(np.nanmean(error**2))
    print(f"{(~used).sum()} cities kept back: bias {bias:+.3f}, rms {rms:.3f}")
    print(*(row["place"] for row, use in zip(rows, used, strict=True) if not use), sep=", ")


if __name__ == "__main__":
    main()
