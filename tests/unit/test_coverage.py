"""Coverage: grids, what is refused, and what its files hold."""

from __future__ import annotations

import csv
import json
import os

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose

from offnadir.access import MaxOffNadir
from offnadir.briefs import coverage_report
from offnadir.briefs._coverage_words import _PAIRS
from offnadir.briefs.coverage_figure import map_names, write_map
from offnadir.coverage import (
    FIGURES,
    Grid,
    Observer,
    Stereo,
    cover,
    equal_area_grid,
    files,
    points_grid,
    region_of,
    region_of_file,
    regular_grid,
)
from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.errors import FileError, InputError, UnitRangeError
from offnadir.orbits import ElementSet
from offnadir.quality import CloudClimatology
from offnadir.sensors import load_camera, load_sensor
from offnadir.units import day, deg, km

START = Epoch.from_utc("2026-06-01")
SPAN = Span(START, START + 2 * day)
FOUR, FOUR_DAYS = (1, 2, 3, 4), Span(START, START + 4 * day)
LONG = Span(START, START + 399 * day)
SEOUL = Site(name="Seoul", lat_rad=37.57 * deg, lon_rad=126.98 * deg)


def orbit(number=1, **changes):
    given = {
        "norad_id": number,
        "name": f"S{number}",
        "epoch": START,
        "mean_motion_rad_s": 15.2 * 2 * np.pi / day,
        "eccentricity": 1e-3,
        "inclination_rad": 97.5 * deg,
        "raan_rad": number * 1.0,
        "arg_perigee_rad": 0.0,
        "mean_anomaly_rad": number * 2.0,
    }
    return ElementSet(**{**given, **changes})


@pytest.fixture(scope="module")
def korea():
    """Four cameras over Korea for four days, with clouds: what the files are made of."""
    camera = load_camera("skysat-c")
    four = [Observer(elements=orbit(k), sensor=camera) for k in FOUR]
    grid = equal_area_grid(resolution=3, region=["KR", "KP"])
    return cover(four, grid, FOUR_DAYS, clouds=CloudClimatology.bundled())


def test_korea_has_its_area():
    """South Korea 100 400 km2 and North Korea 120 500 km2 (CIA World Factbook); the outlines are coarse."""
    assert_allclose(region_of("KR").area_m2(), 100_400 * km**2, rtol=0.04)
    assert_allclose(region_of("kp").area_m2(), 120_500 * km**2, rtol=0.04)
    fine = equal_area_grid(resolution=5, region=["KR", "KP"])
    assert_allclose(fine.area_m2.sum(), 220_900 * km**2, rtol=0.03)


def test_land_is_29_percent_of_the_earth():
    """148.94e6 km2 of land (CIA World Factbook); the grids take what has its middle on land."""
    area = region_of("land").area_m2()
    assert_allclose(area, 148.94e6 * km**2, rtol=0.02)
    assert_allclose(equal_area_grid(resolution=2).area_m2.sum(), area, rtol=0.03)
    assert_allclose(regular_grid(step_rad=3 * deg).area_m2.sum(), area, rtol=0.03)


def test_cells_are_found_across_the_antimeridian_and_at_the_pole():
    """The search goes from coarse cells to fine: it must find what asking every cell finds."""
    east, west = shapely.box(178, -20, 180, -15), shapely.box(-180, -20, -178, -15)
    fiji = shapely.union_all([east, west])
    pole = shapely.box(-180, 87, 180, 90)
    for figure, resolution in ((fiji, 4), (pole, 3)):
        found = equal_area_grid(resolution=resolution, region=figure)
        whole = equal_area_grid(resolution=resolution, region="world")
        inside = region_of(figure).holds(whole.lat_rad, whole.lon_rad)
        assert set(found.cell_ids.tolist()) == set(whole.cell_ids[inside].tolist())
        assert len(found) > 5


def test_a_region_smaller_than_a_cell_is_one_cell_and_looked_at_within_it():
    small = shapely.box(126.9, 37.5, 127.1, 37.6)
    one = equal_area_grid(resolution=2, region=small)
    assert len(one) == 1
    assert small.contains(shapely.Point(one.lon_rad[0] / deg, one.lat_rad[0] / deg))


def test_cells_by_area_are_the_nearest_resolution():
    """H3 documentation: resolution 4 has cells of 1 770 km2 on the mean, 3 of 12 393."""
    near = equal_area_grid(cell_area_m2=2000 * km**2, region="KR")
    assert near.title.endswith("resolution 4")
    far = equal_area_grid(cell_area_m2=9000 * km**2, region="world").area_m2
    assert_allclose(far.mean(), 12_393 * km**2, rtol=0.001)
    assert 0.5 < far.min() / far.mean() < far.max() / far.mean() < 1.22


def test_rings_hold_their_cells():
    for grid in (
        equal_area_grid(resolution=1, region="world"),
        regular_grid(step_rad=30 * deg, region="world"),
    ):
        for ring, lat, lon in zip(
            grid.rings_deg(), grid.lat_rad / deg, grid.lon_rad / deg, strict=True
        ):
            if np.ptp(ring[:, 0]) < 180:
                turns = [shapely.Point(lon + t, lat) for t in (-360, 0, 360)]
                assert any(shapely.Polygon(ring).contains(p) for p in turns)
    assert [len(one) for one in points_grid(SEOUL).rings_deg()] == [0]


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: region_of("XQ"), "region"),
        (lambda: region_of([]), "region"),
        (lambda: region_of(shapely.Point(0, 0)), "region"),
        (lambda: region_of(shapely.Polygon()), "region"),
        (lambda: region_of(shapely.box(170, 0, 190, 10)), "region"),
        (lambda: equal_area_grid(), "resolution"),
        (lambda: equal_area_grid(resolution=16), "resolution"),
        (lambda: equal_area_grid(resolution=9, region="land"), "resolution"),
        (lambda: equal_area_grid(cell_area_m2=0.0), "cell_area_m2"),
        (lambda: regular_grid(step_rad=7 * deg), "step_rad"),
        (lambda: regular_grid(step_rad=5.0), "step_rad"),
        (lambda: regular_grid(step_rad=30 * deg, region="LU"), "step_rad"),
        (lambda: points_grid([]), "sites"),
        (lambda: Stereo(least_rad=30.0), "stereo"),
        (lambda: cover([], points_grid(SEOUL), SPAN), "observers"),
        (lambda: seen(span=Span(START, START + 60.0)), "span"),
        (lambda: seen(span=Span(START, START + 401 * day)), "span"),
        (lambda: seen(min_niirs=5.0), "min_niirs"),
        (lambda: seen(off_nadir_levels_rad=(30.0,)), "off_nadir_levels_rad"),
        (lambda: seen(gsd_levels_m=(1.0, 0.5)), "gsd_levels_m"),
        (lambda: seen(daylight_rad=10.0), "daylight_rad"),
        (lambda: cover([Observer(elements=orbit())] * 60_000, points_grid(SEOUL), LONG), "span"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_any_work(call, field):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.field == field


def seen(span=SPAN, **wishes):
    return cover(Observer(elements=orbit()), points_grid(SEOUL), span, **wishes)


def test_a_name_instead_of_a_code_is_answered_with_the_code():
    with pytest.raises(InputError, match="KR South Korea"):
        region_of("Korea")


def test_satellites_that_cannot_be_followed_are_told():
    # SGP4 refuses it at once: its perigee lies in the ground
    down = orbit(7, mean_motion_rad_s=17.5 * 2 * np.pi / day)
    with pytest.raises(InputError, match="SGP4"):
        cover(Observer(elements=down), points_grid(SEOUL), SPAN)
    two = cover([Observer(elements=down), Observer(elements=orbit())], points_grid(SEOUL), SPAN)
    alone = cover(Observer(elements=orbit()), points_grid(SEOUL), SPAN)
    assert two.looks == alone.looks
    assert len(two.lost) == 1
    assert "S7" in two.lost[0]


def test_a_sensor_brings_its_own_limits():
    camera, radar = load_camera("skysat-c"), load_sensor("umbra")
    grid = points_grid(SEOUL)
    own = cover(Observer(elements=orbit(), sensor=camera), grid, SPAN)
    same = cover(
        Observer(elements=orbit(), constraints=(MaxOffNadir(camera.max_off_nadir_rad),)), grid, SPAN
    )
    assert own.looks == same.looks > 0
    assert Observer(elements=orbit(), sensor=radar).limits()
    # clouds do not stop a radar
    told = cover(
        Observer(elements=orbit(), sensor=radar), grid, SPAN, clouds=CloudClimatology.bundled()
    )
    assert_allclose(told.cells["clear_looks_per_day"], told.cells["looks_per_day"])
    assert_allclose(told.cells["clear_response_mean_s"], told.cells["response_mean_s"], rtol=1e-9)


def test_sharpness_and_light_sort_the_same_looks(korea):
    cells = korea.cells
    by_angle = cells["looks_per_day_by_off_nadir"]
    assert (np.diff(by_angle, axis=0) >= 0).all()
    assert_allclose(
        by_angle[-1], cells["looks_per_day"]
    )  # up to 45 deg: more than the camera tilts
    assert (
        cells["looks_per_day_by_niirs"][0] <= cells["daylight_looks_per_day"] + 0.5 + 1e-9
    ).all()
    assert (cells["daylight_looks_per_day"] < cells["looks_per_day"]).any()
    camera = load_camera("skysat-c")
    flock = [Observer(elements=orbit(k), sensor=camera) for k in FOUR]
    fine = cover(flock, korea.grid, FOUR_DAYS, max_gsd_m=1.0)
    row = korea.wishes.gsd_levels_m.index(1.0)
    assert_allclose(fine.cells["looks_per_day"], cells["looks_per_day_by_gsd"][row])
    assert 0 < fine.looks < korea.looks


def test_summary_weighs_by_area_and_names_the_worst(korea):
    told, area = korea.summary(), korea.grid.area_m2
    looks = korea.cells["looks_per_day"]
    assert told["looks_per_day"] == pytest.approx((looks * area).sum() / area.sum())
    assert told["looks_per_day_worst"] == looks.min()
    gaps = korea.cells["longest_gap_s"]
    assert told["longest_gap_s_worst"] == gaps.max()
    assert told["looks"] == round((looks * 4).sum())
    json.dumps(told, allow_nan=False)  # plain numbers
    assert set(korea.cells) <= set(FIGURES)
    assert korea.time_to_share_s(1.0) == korea.cells["first_look_s"].max()
    steps = np.searchsorted(korea.time_s, korea.cells["first_look_s"].max())
    assert korea.seen_share[min(steps, 240)] == pytest.approx(1.0)


def test_a_place_that_is_never_seen(korea):
    """An equatorial orbit never sees Seoul: nothing is made up."""
    never = cover(
        Observer(elements=orbit(inclination_rad=1e-4), constraints=(MaxOffNadir(20 * deg),)),
        points_grid(SEOUL), SPAN, clouds=CloudClimatology.bundled(),
    )  # fmt: skip
    told = never.summary()
    assert told["seen_share"] == told["looks_per_day"] == told["clear_share"] == 0.0
    assert told["revisit_mean_s"] is None
    assert told["response_mean_s"] is None
    assert told["longest_gap_s"] == SPAN.duration_s
    assert never.time_to_share_s(0.5) == np.inf
    assert coverage_report.told_value("revisit_mean_s", told["revisit_mean_s"], 1.0, "s") == "–"


def test_netcdf_and_zarr_hold_it_all_by_the_conventions(korea, tmp_path):
    xarray = pytest.importorskip("xarray")
    files.write_netcdf(korea, tmp_path / "a.nc")
    files.write_zarr(korea, tmp_path / "a.zarr")
    files.write_zarr(korea, tmp_path / "a.zarr")  # again, over the old one
    with (
        xarray.open_dataset(tmp_path / "a.nc") as one,
        xarray.open_zarr(tmp_path / "a.zarr") as two,
    ):
        xarray.testing.assert_equal(one.load(), two.load())
        assert one.attrs["Conventions"] == "CF-1.11"
        assert one["lat"].attrs["standard_name"] == "latitude"
        assert one["lat"].attrs["bounds"] == "lat_bounds"
        assert one["revisit_mean_s"].attrs["units"] == "s"
        assert_allclose(one["revisit_mean_s"], korea.cells["revisit_mean_s"])
        assert one["looks_per_day_by_niirs"].dims == ("niirs_level", "cell")
        assert one["time"].values[0] == np.datetime64("2026-06-01")
        assert_allclose(one["off_nadir_level"], [10, 20, 30, 45])
        for row, ring in zip(one["lon_bounds"].values, korea.grid.rings_deg(), strict=True):
            assert_allclose(row[: len(ring)], ring[:, 0])
        assert int(one["cell_id"].values[0], 16) == korea.grid.cell_ids[0]
    assert {path.name for path in tmp_path.iterdir()} == {"a.nc", "a.zarr"}
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileError, match="no Zarr"):
        files.write_zarr(korea, tmp_path / "mine")


def test_tables_hold_a_row_a_cell(korea, tmp_path):
    geopandas = pytest.importorskip("geopandas")
    files.write_csv(korea, tmp_path / "a.csv")
    files.write_geoparquet(korea, tmp_path / "a.parquet")
    with (tmp_path / "a.csv").open() as file:
        rows = list(csv.DictReader(file))
    frame = geopandas.read_parquet(tmp_path / "a.parquet")
    assert len(rows) == len(frame) == len(korea.grid)
    assert str(frame.crs) == "OGC:CRS84"
    assert_allclose(
        [float(row["revisit_mean_s"]) for row in rows], frame["revisit_mean_s"], rtol=1e-9
    )
    assert_allclose(frame["looks_per_day_gsd_1_m"], korea.cells["looks_per_day_by_gsd"][2])
    places = shapely.points(frame["lon_deg"], frame["lat_deg"])
    assert shapely.contains(np.array(frame.geometry), places).all()


def test_outlines_in_parquet_stay_within_the_map(tmp_path):
    geopandas = pytest.importorskip("geopandas")
    whole = cover(Observer(elements=orbit()), equal_area_grid(resolution=0, region="world"), SPAN)
    files.write_geoparquet(whole, tmp_path / "a.parquet")
    frame = geopandas.read_parquet(tmp_path / "a.parquet")
    west, south, east, north = frame.total_bounds
    assert west >= -180
    assert east <= 180
    assert (south, north) == (-90, 90)  # the cells with the poles reach them
    # areas on the map of the Earth cover it once, but for what straight edges leave
    assert_allclose(shapely.area(frame.geometry.values).sum(), 360 * 180, rtol=0.02)


def test_nothing_half_is_left_where_a_disk_is_full(korea, tmp_path, monkeypatch):
    def full(*given, **named):
        raise OSError(28, "No space left on device")

    xarray = pytest.importorskip("xarray")
    monkeypatch.setattr(xarray.Dataset, "to_netcdf", full)
    monkeypatch.setattr(xarray.Dataset, "to_zarr", full)
    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    for name, write in (
        ("a.nc", files.write_netcdf), ("a.zarr", files.write_zarr), ("a.parquet", files.write_geoparquet),
    ):  # fmt: skip
        with pytest.raises(FileError, match="No space left"):
            write(korea, tmp_path / name)
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_maps_and_reports(korea, tmp_path, monkeypatch):
    monkeypatch.setattr(coverage_report, "_MAPS", ("longest_gap_s",))  # each takes half a second
    write_map(korea, "clear_response_mean_s", tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(InputError, match="revisit_mean_s"):
        write_map(korea, "speed", tmp_path / "b.png")
    assert {name for name, one in FIGURES.items() if not one.level} <= set(_PAIRS)
    english = coverage_report.coverage_html(korea, ["S1", "S2"])
    korean = coverage_report.coverage_html(korea, ["S1"], "ko")
    assert "://" not in english
    assert 'lang="ko"' in korean
    assert "재방문" in korean
    with pytest.raises(InputError, match="en or ko"):
        coverage_report.coverage_html(korea, [], "fr")
    assert "looks_per_day_by_gsd" not in map_names(korea)


def test_polygons_of_a_file(tmp_path):
    square = {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]]}
    path = tmp_path / "a.geojson"
    path.write_text(
        json.dumps({"type": "Feature", "properties": {"name": "box"}, "geometry": square})
    )
    grid = equal_area_grid(resolution=3, region=region_of_file(path))
    assert grid.title.startswith("box")
    assert_allclose(grid.area_m2.sum(), (4 * 111.2 * km) ** 2, rtol=0.1)


def test_a_grid_is_checked():
    one = np.ones(1)
    with pytest.raises(InputError, match="one cell or more"):
        Grid(
            kind="points",
            title="",
            lat_rad=one[:0],
            lon_rad=one[:0],
            alt_m=one[:0],
            area_m2=one[:0],
        )
    with pytest.raises(UnitRangeError):
        Grid(kind="points", title="", lat_rad=one * 37, lon_rad=one, alt_m=one, area_m2=one)
    with pytest.raises(InputError, match="above 0"):
        Grid(kind="points", title="", lat_rad=one, lon_rad=one, alt_m=one, area_m2=-one)
