"""Places from the command line and from files of points."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from offnadir.access import read_sites
from offnadir.earth import Site
from offnadir.errors import FileError, InputError, InputProblems, OffnadirError
from offnadir.units import deg


def facts(site: Site) -> tuple[str, float, float, float]:
    return site.name, round(site.lat_rad / deg, 9), round(site.lon_rad / deg, 9), site.alt_m


def trouble(text: str) -> list[InputError]:
    with pytest.raises(OffnadirError) as caught:
        read_sites(text)
    assert caught.value.exit_code == 2
    if isinstance(caught.value, InputProblems):
        return list(caught.value.problems)
    assert isinstance(caught.value, InputError)
    return [caught.value]


@pytest.mark.parametrize(
    ("text", "lat", "lon", "alt"),
    [
        ("37.57,126.98", 37.57, 126.98, 0.0),
        ("37.57,126.98,38", 37.57, 126.98, 38.0),
        (" -33.9 , +18.4 , -1.5e1 ", -33.9, 18.4, -15.0),
        ("51.5,-0.1", 51.5, -0.1, 0.0),
        ("0,359.5", 0.0, -0.5, 0.0),
        ("90,0", 90.0, 0.0, 0.0),
        (".5,5.", 0.5, 5.0, 0.0),
    ],
)
def test_coordinates(text, lat, lon, alt):
    (site,) = read_sites(text)
    assert facts(site) == (text.strip(), lat, lon, alt)


@pytest.mark.parametrize(
    ("text", "wish", "hint"),
    [
        ("91,10", "a latitude from -90 to 90 degrees", ""),
        (
            "126.98,37.57",
            "a latitude from -90 to 90 degrees",
            "are latitude and longitude swapped?",
        ),
        ("10,361", "a longitude from -180 to 180 degrees", ""),
        ("1e400,0", "a latitude from -90 to 90 degrees", ""),
        ("10,10,1e6", "a height from -12000 to 100000 m", ""),
        ("37.57", "LAT,LON[,ALT_M] in degrees and metres", "for example 37.57,126.98"),
        ("1,2,3,4", "LAT,LON[,ALT_M] in degrees and metres", "for example 37.57,126.98"),
        ("37.5 N, 127 E", "LAT,LON[,ALT_M] in degrees and metres", "for example 37.57,126.98"),
        ("", "LAT,LON[,ALT_M] in degrees and metres", ""),
        ("no/such.csv", "LAT,LON[,ALT_M] in degrees and metres", "there is no such file"),
        ("a\0b", "LAT,LON[,ALT_M] in degrees and metres", "there is no such file"),
        ("x" * 5000, "LAT,LON[,ALT_M] in degrees and metres", "there is no such file"),
    ],
)
def test_wrong_coordinates(text, wish, hint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (problem,) = trouble(text)
    assert (problem.field, problem.value) == ("site", text)
    assert problem.wish.startswith(wish)
    assert problem.hint.startswith(hint)


@pytest.mark.parametrize(
    "text",
    [
        "id,lat_deg,lon_deg,alt_m\nA,37.5,127,38\nB,-10,-20.5,\n",
        "\ufeffLatitude;Longitude;Height;Name\r\n37,5;127;38;A\r\n-10;-20,5;;B\r\n",
        "name\tlat\tlng\talt\tnote\nA\t37.5\t127\t38\tx\n\nB\t-10\t339.5\t0\ty\n",
        'lon_deg|lat_deg|title|alt_m\n127|37.5|"A"|38\n-20.5|-10|B|0\n',
    ],
)
def test_csv(text, tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text(text, encoding="utf-8")
    assert [facts(site) for site in read_sites(str(path))] == [
        ("A", 37.5, 127.0, 38.0),
        ("B", -10.0, -20.5, 0.0),
    ]


def test_csv_without_names_is_numbered(tmp_path):
    path = tmp_path / "ports.csv"
    path.write_text("lat,lon\n1,2\n3,4\n")
    assert [site.name for site in read_sites(str(path))] == ["ports 1", "ports 2"]


def test_bad_rows_are_told_with_line_column_and_value(tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text("name,lat_deg,lon_deg\nA,37.5,127\nB,91,10\n\nC,north,10\nD,10\nE,1_0,10\n")
    told = [(p.where, p.field, p.value) for p in trouble(str(path))]
    assert told == [
        (f"{path}:3", "lat_deg", "91"),
        (f"{path}:5", "lat_deg", "north"),
        (f"{path}:6", "lon_deg", ""),
        (f"{path}:7", "lat_deg", "1_0"),
    ]


def test_many_bad_rows_are_counted(tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text("lat,lon\n" + "95,0\n" * 100)
    problems = trouble(str(path))
    assert len(problems) == 21
    assert (problems[-1].field, problems[-1].value) == ("more rows", 80)


@pytest.mark.parametrize(
    ("text", "field", "part"),
    [
        ("1,2\n3,4\n", "header", "a header with a column lat_deg"),
        ("name,lat_deg\nA,1\n", "header", "a header with a column lon_deg"),
        ("lat_rad,lon_rad\n0.6,2.2\n", "header", "in degrees and metres (did you mean lat_deg?)"),
        ("lat,lon,alt_km\n1,2,3\n", "header", "in degrees and metres (did you mean alt_m?)"),
        ("lat,lon\n", "CSV", "a header and at least one line below"),
        ("", "CSV", "a header and at least one line below"),
    ],
)
def test_wrong_csv(text, field, part, tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text(text)
    (problem,) = trouble(str(path))
    assert problem.field == field
    assert part in str(problem)
    assert str(path) in problem.where


def test_geojson(tmp_path):
    def feature(properties: object, coordinates: list[float], **more: object) -> dict[str, object]:
        geometry = {"type": "Point", "coordinates": coordinates}
        return {"type": "Feature", "properties": properties, "geometry": geometry} | more

    path = tmp_path / "ports.geojson"
    features = [
        feature({"name": "Busan", "id": "x"}, [129.04, 35.1]),
        feature({"title": "Sokcho"}, [128.6, 38.2, 7.5], id=7),
        feature({"title": "Naro"}, [127.5, 34.4]),
        feature(None, [-70.9, -53.2]),
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert [facts(site) for site in read_sites(str(path))] == [
        ("Busan", 35.1, 129.04, 0.0),
        ("7", 38.2, 128.6, 7.5),
        ("Naro", 34.4, 127.5, 0.0),
        ("ports 4", -53.2, -70.9, 0.0),
    ]


def test_geojson_by_content_whatever_its_name(tmp_path):
    path = tmp_path / "place.txt"
    path.write_text('\n {"type": "Point", "coordinates": [127, 37.5]}')
    assert facts(read_sites(str(path))[0]) == ("place 1", 37.5, 127.0, 0.0)


def test_polygons_are_refused_with_a_hint(tmp_path):
    path = tmp_path / "area.geojson"
    ring = [[0, 0], [1, 0], [1, 1], [0, 0]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    (problem,) = trouble(str(path))
    assert (problem.field, problem.value, problem.wish) == ("geometry", "Polygon", "a Point")
    assert "mission file" in problem.hint
    assert problem.where == str(path)


@pytest.mark.parametrize(
    "coordinates", [[37.5, 127.0], [127.0], ["127", 37.5], [True, 37.5], [1e999, 0], None, 5, []]
)
def test_wrong_geojson_points(coordinates, tmp_path):
    path = tmp_path / "p.geojson"
    path.write_text(json.dumps({"type": "Point", "coordinates": coordinates}))
    (problem,) = trouble(str(path))
    assert problem.field == "geometry"
    assert str(path) == problem.where


def test_swapped_geojson(tmp_path):
    path = tmp_path / "p.geojson"
    path.write_text('{"type": "Point", "coordinates": [37.5, 127.0]}')
    assert "longitude, latitude: are they swapped?" in trouble(str(path))[0].hint


def test_geojson_syntax_error_names_the_line(tmp_path):
    path = tmp_path / "p.geojson"
    path.write_text('{"type": "Point",\n"coordinates": [127, 37.5,]}\n')
    (problem,) = trouble(str(path))
    assert problem.where == f"{path}:2"
    assert "valid JSON" in problem.wish


def test_not_utf8(tmp_path):
    path = tmp_path / "sites.csv"
    path.write_bytes("name,lat,lon\nBesançon,47.2,6.0\n".encode("latin-1"))
    (problem,) = trouble(str(path))
    assert (problem.where, problem.wish) == (f"{path}:2", "UTF-8")


def test_a_folder(tmp_path: Path):
    with pytest.raises(FileError, match="is a folder") as caught:
        read_sites(str(tmp_path))
    assert caught.value.exit_code == 2
