"""Forecasts of clouds: files as they come, what lies between their points, and what they cannot say."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError, OffnadirError
from offnadir.quality import CloudCube, read_cloud_cube
from offnadir.units import deg

netcdf = pytest.importorskip("netCDF4", reason="needs offnadir[weather]")
pytest.importorskip("xarray", reason="needs offnadir[weather]")

START = "2026-06-01T00:00:00Z"


def at(hours: float) -> int:
    return (Epoch.from_utc(START) + hours * 3600).tai_ns


def write(path, cover, lat, lon, *, hours=(0, 6), name="tcc", time="time", **attributes):
    """A NetCDF file: cover (time, [member,] latitude, longitude)."""
    cover = np.asarray(cover, np.float64)
    with netcdf.Dataset(path, "w") as file:
        for axis, values in ((time, hours), ("latitude", lat), ("longitude", lon)):
            file.createDimension(axis, len(values))
            file.createVariable(axis, "f8", (axis,))[:] = values
        file[time].units = f"hours since {START[:10]} 00:00:00"
        file["latitude"].units, file["longitude"].units = "degrees_north", "degrees_east"
        dims = (time, "latitude", "longitude")
        if cover.ndim == 4:
            file.createDimension("number", cover.shape[1])
            dims = (time, "number", "latitude", "longitude")
        variable = file.createVariable(name, "f8", dims, fill_value=-999.0)
        variable[:] = cover
        variable.setncatts({"units": "1", **attributes})
    return path


def plane(lat, lon, hours=(0, 6), full=1.0):
    """A cover that is linear in everything, so that linear interpolation is exact."""
    t, y, x = np.meshgrid(hours, lat, lon, indexing="ij")
    return full * (0.1 + 0.02 * t + 0.01 * y + 0.005 * x)


LAT, LON = [0.0, 1.0, 2.0, 3.0], [10.0, 12.0, 14.0]


@pytest.mark.parametrize(
    ("full", "units"),
    [(1.0, "1"), (100.0, "%"), (100.0, "(0 - 1)"), (8.0, "okta"), (1.0, "(0 - 1)")],
)
def test_linear_between_points_whatever_the_unit(tmp_path, full, units):
    """By hand: 0.1 + 0.02 x 3 h + 0.01 x 1.25 + 0.005 x 11 = 0.2275; some centres call % 0 to 1."""
    path = write(tmp_path / "a.nc", plane(LAT, LON, full=full), LAT, LON, units=units)
    cube = read_cloud_cube(path)
    assert_allclose(cube.mean_cover(1.25 * deg, 11 * deg, at(3)), 0.2275, atol=1e-6)
    assert_allclose(cube.mean_cover(3 * deg, 14 * deg, at(6)), 0.1 + 0.12 + 0.03 + 0.07, atol=1e-6)


@pytest.mark.parametrize("turn", [1, -1])
def test_latitudes_of_either_direction(tmp_path, turn):
    lat = LAT[::turn]
    cube = read_cloud_cube(write(tmp_path / "a.nc", plane(lat, LON), lat, LON))
    assert_allclose(
        cube.mean_cover(2.5 * deg, 12.5 * deg, at(1)), 0.1 + 0.02 + 0.025 + 0.0625, atol=1e-6
    )


@pytest.mark.parametrize(
    "lon", [np.arange(0.0, 360, 30), np.arange(-180.0, 180, 30), np.arange(0.0, 361, 30)]
)
def test_longitudes_of_either_kind_close(tmp_path, lon):
    """The cover is that of the cosine of the longitude at the points; between, the mean of two."""
    cover = np.broadcast_to(0.5 + 0.4 * np.cos(lon * deg), (2, 4, len(lon)))
    cube = read_cloud_cube(write(tmp_path / "a.nc", cover, LAT, lon))
    for seen, of in ((-30.0, 330.0), (330.0, 330.0), (180.0, 180.0), (-180.0, 180.0), (60.0, 60.0)):
        want = 0.5 + 0.4 * np.cos(of * deg)
        assert_allclose(cube.mean_cover(1 * deg, seen * deg, at(0)), want, atol=1e-6)
    between = 0.5 + 0.2 * (np.cos(0.0) + np.cos(30 * deg))
    assert_allclose(cube.mean_cover(1 * deg, [-15 * deg, 345 * deg], at(0)), between, atol=1e-6)
    assert "all longitudes" in cube.title


def test_a_region_across_greenwich_does_not_reach_round_the_world(tmp_path):
    lon = np.array([-4.0, -2.0, 0.0, 2.0])
    cube = read_cloud_cube(write(tmp_path / "a.nc", plane(LAT, lon), LAT, lon))
    assert_allclose(cube.mean_cover(0.0, [-3 * deg, 359 * deg], at(0)), [0.085, 0.095], atol=1e-6)
    assert np.isnan(cube.mean_cover(0.0, 180 * deg, at(0)))
    assert "longitude -4 to 2 deg" in cube.title


def test_outside_is_nan_with_the_reason_and_the_range(tmp_path):
    cube = read_cloud_cube(write(tmp_path / "a.nc", plane(LAT, LON), LAT, LON))
    lat = np.array([1.0, -0.5, 1.0, 1.0, 1.0, np.nan, 1.0]) * deg
    lon = np.array([11.0, 11.0, 9.5, 11.0, 11.0, 11.0, 14.5]) * deg
    time = np.array([at(3), at(3), at(3), at(-1), at(7), at(3), at(3)])
    why = cube.why_missing(lat, lon, time)
    assert list(np.isnan(cube.mean_cover(lat, lon, time))) == [False, *[True] * 6]
    assert list(np.isnan(cube.clear_chance(lat, lon, time))) == [False, *[True] * 6]
    assert why[0] == ""
    area = "outside the forecast's area (latitude 0 to 3 deg, longitude 10 to 14 deg)"
    hours = "(2026-06-01T00:00:00Z to 2026-06-01T06:00:00Z)"
    assert list(why[1:3]) == [area, area]
    assert why[3] == f"before the forecast {hours}"
    assert why[4] == f"after the forecast {hours}"
    assert why[5] == "the place is not a number"
    assert why[6] == area


def test_a_missing_value_is_missing_only_where_it_counts(tmp_path):
    cover = plane(LAT, LON)
    cover[:, 3, 2] = -999.0
    cube = read_cloud_cube(write(tmp_path / "a.nc", cover, LAT, LON))
    assert np.isnan(cube.mean_cover(2.5 * deg, 13 * deg, at(0)))
    assert cube.why_missing(2.5 * deg, 13 * deg, at(0)) == "the forecast has no value there"
    assert_allclose(cube.mean_cover(2 * deg, 13 * deg, at(0)), 0.1 + 0.02 + 0.065, atol=1e-6)


def test_rows_in_the_middle_of_cells_hold_up_to_the_pole(tmp_path):
    lat = np.arange(-85.0, 90, 10)
    cube = read_cloud_cube(
        write(tmp_path / "a.nc", np.full((2, 18, 3), 0.3), lat, [0.0, 120.0, 240.0])
    )
    assert_allclose(cube.mean_cover([-90 * deg, 90 * deg], 1.0, at(0)), 0.3, atol=1e-6)


def test_members_give_the_share_that_sees_a_clear_sky(tmp_path):
    """Members of 0, 10, 20, 30, 90 %: three of five within 20 %, one within 5, all but one within 30."""
    members = np.array([0.0, 0.1, 0.2, 0.3, 0.9])
    cover = np.broadcast_to(members[None, :, None, None], (2, 5, 4, 3))
    cube = read_cloud_cube(write(tmp_path / "a.nc", cover, LAT, LON))
    for most, share in ((0.2, 0.6), (0.05, 0.2), (0.3, 0.8), (1.0, 1.0)):
        assert_allclose(
            cube.clear_chance(1.3 * deg, 11 * deg, at(2), max_cloud=most), share, atol=1e-6
        )
    assert_allclose(cube.mean_cover(1.3 * deg, 11 * deg, at(2)), 0.3, atol=1e-6)
    assert "5 members" in cube.title


def test_a_single_forecast_is_not_believed_blindly(tmp_path):
    """About a forecast of a half the truth is taken as even from 0 to 1 (Beta(1, 1)): 20 % within 20 %."""
    covers = np.array([[0.0, 0.5, 1.0]] * 4)
    cube = read_cloud_cube(write(tmp_path / "a.nc", [covers, covers], LAT, LON))
    clear, half, closed = cube.clear_chance(1 * deg, np.array(LON) * deg, at(0))
    assert_allclose(half, 0.2, atol=1e-3)
    assert 0.85 < clear < 1.0
    assert 0.0 < closed < 0.1


def test_layers_make_a_whole_where_there_is_no_total(tmp_path):
    """At random over each other: 1 - 0.5 x 0.8 x 0.9 = 0.64."""
    path = tmp_path / "layers.nc"
    write(path, np.full((2, 4, 3), 50.0), LAT, LON, name="lcc", units="%")
    with netcdf.Dataset(path, "a") as file:
        for name, value in (("mcc", 20.0), ("hcc", 10.0)):
            variable = file.createVariable(name, "f8", ("time", "latitude", "longitude"))
            variable[:] = value
            variable.units = "%"
    assert_allclose(read_cloud_cube(path).mean_cover(1 * deg, 11 * deg, at(0)), 0.64, atol=1e-6)


def test_a_variable_is_known_by_its_standard_name_or_by_the_user(tmp_path):
    path = write(
        tmp_path / "a.nc", plane(LAT, LON), LAT, LON, name="x", standard_name="cloud_area_fraction"
    )
    assert_allclose(read_cloud_cube(path).mean_cover(0.0, 10 * deg, at(0)), 0.15, atol=1e-6)
    path = write(tmp_path / "b.nc", plane(LAT, LON), LAT, LON, name="bewoelkung")
    with pytest.raises(
        InputError, match=r"b\.nc: cloud cover = 'bewoelkung': must be a total cloud cover"
    ):
        read_cloud_cube(path)
    cube = read_cloud_cube(path, variable="bewoelkung")
    assert_allclose(cube.mean_cover(0.0, 10 * deg, at(0)), 0.15, atol=1e-6)


def test_files_join_in_time_and_the_later_run_counts(tmp_path):
    early = write(tmp_path / "a.nc", np.full((2, 4, 3), 0.2), LAT, LON, hours=(0, 6))
    late = write(tmp_path / "b.nc", np.full((2, 4, 3), 0.6), LAT, LON, hours=(6, 12))
    cube = read_cloud_cube(early, late)
    assert_allclose(
        cube.mean_cover(1 * deg, 11 * deg, [at(0), at(3), at(6), at(12)]),
        [0.2, 0.4, 0.6, 0.6],
        atol=1e-6,
    )
    assert_allclose(
        read_cloud_cube(late, early).mean_cover(1 * deg, 11 * deg, at(6)), 0.2, atol=1e-6
    )
    other = write(tmp_path / "c.nc", np.full((2, 3, 3), 0.6), LAT[:3], LON, hours=(6, 12))
    with pytest.raises(
        InputError, match=r"c\.nc: latitudes = '3 from 0 to 2': must be those of .*a\.nc"
    ):
        read_cloud_cube(early, other)


def test_runs_with_steps(tmp_path):
    """Two runs of two steps; at 6 h the second run (0.7) counts and not the first (0.3)."""
    path = tmp_path / "runs.nc"
    with netcdf.Dataset(path, "w") as file:
        for axis, values in (
            ("time", [0, 6]),
            ("step", [0, 6]),
            ("latitude", LAT),
            ("longitude", LON),
        ):
            file.createDimension(axis, len(values))
            file.createVariable(axis, "f8", (axis,))[:] = values
        file["time"].units, file["step"].units = f"hours since {START[:10]}", "hours"
        variable = file.createVariable("tcc", "f8", ("time", "step", "latitude", "longitude"))
        variable[:] = np.array([[0.1, 0.3], [0.7, 0.9]])[..., None, None]
        variable.units = "1"
    cube = read_cloud_cube(path)
    assert_allclose(
        cube.mean_cover(1 * deg, 11 * deg, [at(0), at(6), at(12)]), [0.1, 0.7, 0.9], atol=1e-6
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"units": "K"},
            r"bad\.nc: tcc\.units = 'k': must be %, 1 \(a fraction\), oktas or tenths",
        ),
        (
            {"cover": np.full((2, 4, 3), 140.0), "units": "%"},
            r"tcc = 140\.0: must be from 0 to 100",
        ),
        ({"cover": np.full((2, 4, 3), -0.5)}, r"tcc = -0\.5: must be from 0 to 1"),
        ({"lat": [0.0, 1.0, 2.0, 95.0]}, r"latitude = 95\.0: must be degrees from -90 to 90"),
        ({"lat": [0.0, 1.0, 1.0, 2.0]}, r"latitude = '4 values': must be at least two different"),
        ({"time": "when"}, r"bad\.nc: time: must be a coordinate time"),
    ],
)
def test_errors_name_file_variable_value_and_wish(tmp_path, change, words):
    keys = {"cover": np.full((2, 4, 3), 0.5), "lat": LAT, "lon": LON} | change
    path = write(tmp_path / "bad.nc", keys.pop("cover"), keys.pop("lat"), keys.pop("lon"), **keys)
    with pytest.raises(InputError, match=words):
        read_cloud_cube(path)


def test_a_model_calendar_is_refused(tmp_path):
    path = write(tmp_path / "a.nc", plane(LAT, LON), LAT, LON)
    with netcdf.Dataset(path, "a") as file:
        file["time"].calendar = "360_day"
    with pytest.raises(
        InputError, match=r"a\.nc: time = '360_day': must be dates of the usual calendar"
    ):
        read_cloud_cube(path)


def test_grids_that_are_not_regular_are_refused(tmp_path):
    path = write(tmp_path / "a.nc", plane(LAT, LON), LAT, LON)
    with netcdf.Dataset(path, "a") as file:
        for name, new in (("latitude", "y"), ("longitude", "x")):
            del file[name].units
            file.renameVariable(name, new)
            file.renameDimension(name, new)
    with pytest.raises(
        InputError, match=r"dimensions of tcc = 'time, y, x': must be a regular grid"
    ):
        read_cloud_cube(path)


def test_what_is_no_such_file_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("time,cloud\n")
    with pytest.raises(FileError, match=r"a\.txt: is neither NetCDF nor GRIB"):
        read_cloud_cube(tmp_path / "a.txt")
    with pytest.raises(FileError, match="No such file"):
        read_cloud_cube(tmp_path / "b.nc")
    with pytest.raises(InputError, match="at least one file"):
        read_cloud_cube()
    good = write(tmp_path / "c.nc", plane(LAT, LON), LAT, LON).read_bytes()
    (tmp_path / "d.nc").write_bytes(good[:200])
    with pytest.raises(FileError, match=r"d\.nc"):
        read_cloud_cube(tmp_path / "d.nc")


def test_without_the_libraries_it_says_what_to_install(tmp_path, monkeypatch):
    path = write(tmp_path / "a.nc", plane(LAT, LON), LAT, LON)
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(OffnadirError, match=r"offnadir\[weather\]"):
        read_cloud_cube(path)


def test_a_cube_must_fit_together():
    keys = {"source": "x", "tai_ns": np.array([0, 1]), "lat_deg": np.array([0.0, 1.0])}
    with pytest.raises(InputError, match=r"cover\.shape"):
        CloudCube(**keys, lon_deg=np.array([0.0, 1.0]), cover=np.zeros((2, 2, 2), np.float32))
    with pytest.raises(InputError, match="lon_deg"):
        CloudCube(**keys, lon_deg=np.array([1.0, 0.0]), cover=np.zeros((2, 1, 2, 2), np.float32))


# GRIB, written by ecCodes itself.

SHAPE = (19, 36)


def write_grib(path, values, *, short="tcc", members=False, step_type=None):
    """Messages of 10 x 10 deg from the north pole and Greenwich: {(step, member): number or field}."""
    codes = pytest.importorskip("eccodes", reason="needs offnadir[weather]")
    pytest.importorskip("cfgrib", reason="needs offnadir[weather]")
    with path.open("ab") as file:
        for (step, member), value in values.items():
            message = codes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
            for key, setting in {
                "Ni": SHAPE[1],
                "Nj": SHAPE[0],
                "latitudeOfFirstGridPointInDegrees": 90.0,
                "latitudeOfLastGridPointInDegrees": -90.0,
                "longitudeOfFirstGridPointInDegrees": 0.0,
                "longitudeOfLastGridPointInDegrees": 350.0,
                "iDirectionIncrementInDegrees": 10.0,
                "jDirectionIncrementInDegrees": 10.0,
                "dataDate": 20260601,
                "dataTime": 0,
            }.items():
                codes.codes_set(message, key, setting)
            if members:
                codes.codes_set(message, "productDefinitionTemplateNumber", 1)
                codes.codes_set(message, "perturbationNumber", member)
            if step_type:
                codes.codes_set(message, "centre", "kwbc")
                codes.codes_set(
                    message, "productDefinitionTemplateNumber", 8 * (step_type == "avg")
                )
                codes.codes_set(message, "stepType", step_type)
            codes.codes_set(message, "step", step)
            codes.codes_set(message, "shortName", short)
            codes.codes_set_values(message, np.broadcast_to(value, SHAPE).astype(float).ravel())
            codes.codes_write(message, file)
            codes.codes_release(message)
    return path


def test_grib_with_steps(tmp_path):
    """Cover by latitude, from 90 N at 1 to 90 S at 0; a cube around the world."""
    rows = np.linspace(1.0, 0.0, SHAPE[0])[:, None] * 0.9
    path = write_grib(tmp_path / "a.grib2", {(0, 0): rows, (6, 0): rows + 0.1})
    cube = read_cloud_cube(path)
    assert_allclose(cube.mean_cover(45 * deg, -5 * deg, at(0)), 0.9 * 0.75, atol=1e-3)
    assert_allclose(cube.mean_cover(-90 * deg, 355 * deg, at(6)), 0.1, atol=1e-3)
    assert_allclose(cube.mean_cover(0.0, 3.0, at(3)), 0.5, atol=1e-3)
    assert [file.name for file in tmp_path.iterdir()] == ["a.grib2"]  # no index left beside it


def test_grib_with_members(tmp_path):
    values = {(step, member): 25.0 * member for step in (0, 6) for member in range(1, 5)}
    cube = read_cloud_cube(write_grib(tmp_path / "a.grib2", values, members=True))
    assert cube.cover.shape[1] == 4
    assert_allclose(cube.clear_chance(0.3, 0.3, at(1), max_cloud=0.5), 0.5, atol=1e-6)


def test_grib_of_layers_only(tmp_path):
    path = tmp_path / "layers.grib2"
    for short, value in (("lcc", 50.0), ("mcc", 20.0), ("hcc", 10.0)):
        write_grib(path, {(0, 0): value, (6, 0): value}, short=short)
    assert_allclose(read_cloud_cube(path).mean_cover(0.3, 0.3, at(1)), 0.64, atol=1e-3)


def test_grib_with_means_beside_instants(tmp_path):
    """As in GFS: at 6 h an instantaneous field (0.2) and the mean of the hours before (0.8)."""
    path = tmp_path / "a.grib2"
    write_grib(path, {(0, 0): 20.0, (6, 0): 20.0}, step_type="instant")
    write_grib(path, {(6, 0): 80.0}, step_type="avg")
    assert_allclose(read_cloud_cube(path).mean_cover(0.3, 0.3, at(6)), 0.2, atol=1e-3)


def test_grib_without_clouds_is_refused(tmp_path):
    path = write_grib(tmp_path / "a.grib2", {(0, 0): 280.0}, short="2t")
    with pytest.raises(InputError, match=r"a\.grib2: cloud cover: must be a total cloud cover"):
        read_cloud_cube(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(FileError, match=r"a\.grib2: tcc: "):
        read_cloud_cube(path)


def test_projections_work_after_clouds_were_read(tmp_path):
    """EcCodes and pyproj bring a PROJ each; in a process of its own, where nothing else loaded them first."""
    pytest.importorskip("eccodes", reason="needs offnadir[weather]")
    path = tmp_path / "clouds.grib"
    write_grib(path, {(0, 0): 0.5})
    code = (
        f"from offnadir.quality import read_cloud_cube; read_cloud_cube({str(path)!r}); "
        "import pyproj; print(pyproj.CRS.from_epsg(4326).name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout == "WGS 84\n", done.stderr
