"""`offnadir archive` as a user meets it."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from offnadir.catalog import check_lineage
from offnadir.cli._main import app
from offnadir.errors import FileError, InputError
from sample_items import square, stac, with_file


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFNADIR_DB", "here.sqlite")
    return lambda *words: CliRunner().invoke(app, ["archive", *map(str, words)])


@pytest.fixture
def filled(run, tmp_path):
    """Two products in folders of their own, and an item without files."""
    for name, gsd in (("A", 0.4), ("B", 0.8)):
        folder = tmp_path / "products" / name
        folder.mkdir(parents=True)
        item = with_file(folder, name, name.encode())
        item["properties"] |= {
            "gsd": gsd,
            "platform": "WV-3",
            "eo:cloud_cover": 12,
            "view:off_nadir": 20.5,
        }
        (folder / f"{name}.json").write_text(json.dumps(item))
        (folder / "capture.json").write_text("{}")
    (tmp_path / "fiji.json").write_text(
        json.dumps(stac("fiji", square(179.95, -17), at="2026-06-01T00:00:00Z"))
    )
    result = run("add", "products", "fiji.json")
    assert result.exit_code == 0, result.output
    assert "3 added, 0 refused" in result.stderr
    return run


def test_search_prints_a_table_and_tells_how_many(filled):
    result = filled("search", "--place", "37.57,126.98", "--max-gsd", "0.5", "--max-cloud", "12")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[1].split() == [
        "A",
        "2026-05-31T01:54:18",
        "WV-3",
        "0.40",
        "20.5",
        "12",
    ]
    assert result.stderr.strip() == "1 of 1 item"


def test_search_as_json_and_as_a_map(filled, tmp_path):
    result = filled("search", "--bbox", "179,-18,-179,-16", "--json", "--map", "map.geojson")
    content = json.loads(result.stdout)
    assert [one["id"] for one in content["features"]] == ["fiji"]
    assert content["numberMatched"] == 1
    assert json.loads((tmp_path / "map.geojson").read_text()) == content


def test_pages_by_the_token_that_was_told(filled):
    first = filled("search", "--limit", "2", "--sort=time")
    token = first.stderr.split("--token ")[1].strip()
    second = filled("search", "--limit", "2", "--sort=time", "--token", token)
    assert [line.split()[0] for line in second.stdout.splitlines()[1:]] == ["fiji"]


def test_nothing_found_ends_with_1(filled):
    result = filled("search", "--from", "2027-01-01")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nothing fits" in result.stderr


def test_get_copies_what_is_whole_and_nothing_else(filled, tmp_path):
    result = filled("get", "A", "-o", "out")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out/A.tif").read_bytes() == b"A"
    assert json.loads((tmp_path / "out/A.json").read_text())["id"] == "A"
    (tmp_path / "products/B/B.tif").write_bytes(b"b")
    result = filled("get", "B", "-o", "out")
    assert isinstance(result.exception, FileError)
    assert not (tmp_path / "out/B.tif").exists()
    verified = filled("verify", "--json")
    assert verified.exit_code == 1
    told = json.loads(verified.stdout)
    assert (told["good"], told["elsewhere"], [one["item"] for one in told["bad"]]) == (1, 0, ["B"])


def test_out_to_geoparquet_and_in_again(filled, tmp_path):
    assert filled("export", "all.parquet").exit_code == 0
    result = filled("import", "all.parquet", "--folder", "products")
    assert "3 same" in result.stderr or "moved" in result.stderr
    assert filled("import", "all.parquet", "--db", "other.sqlite").exit_code == 0
    found = filled("search", "--json", "--db", "other.sqlite")
    assert len(json.loads(found.stdout)["features"]) == 3


def test_a_refused_item_is_told_and_ends_with_1(filled, tmp_path):
    (tmp_path / "other.json").write_text(json.dumps(stac("fiji")))
    result = filled("add", "other.json")
    assert result.exit_code == 1
    assert "1 refused" in result.stderr
    assert "no other item" in result.stderr
    assert filled("add", "other.json", "--replace").exit_code == 0


def test_removed(filled):
    assert filled("remove", "fiji").exit_code == 0
    assert filled("remove", "fiji").exit_code == 1


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        (["--place", "126.98,37.57"], "--place"),
        (["--place", "here"], "--place"),
        (["--bbox", "1,2,3"], "--bbox"),
        (["--bbox", "0,0,1,1", "--place", "0,0"], "--place|--bbox"),
        (["--geometry", "none.json"], "none.json"),
        (["--from", "yesterday"], "--from"),
        (["--max-off-nadir", "100"], "--max-off-nadir"),
        (["--max-cloud", "nan"], "--max-cloud"),
        (["--azimuth", "1"], "--azimuth"),
        (["--sort", "beauty"], "sort"),
        (["--limit", "0"], "limit"),
        (["--token", "x"], "token"),
    ],
)
def test_wrong_words_are_named(run, words, wish):
    result = run("search", *words)
    assert isinstance(result.exception, InputError | FileError)
    assert re.search(wish, str(result.exception))


def product(**told: object) -> dict:
    """A product of ours whose lineage is whole, but for what is told."""
    lineage = {
        "sensor": {"name": "worldview-3", "sha256": "0" * 64},
        "seed": 4,
        "policies": [{"name": "public", "version": "2026-11"}],
        "commands": ["offnadir capture plan.json C0001 -o cap", "offnadir process cap -o product"],
    }
    item = stac(
        "A", processing__software={"offnadir": "0.1"}, offnadir__lineage={**lineage, **told}
    )
    item["properties"]["offnadir:elements"] = {
        "EPOCH": "2026-05-30T13:56:32",
        "MEAN_MOTION": 14.8,
        "INCLINATION": 97.9,
    }
    return item


def test_remake_prints_the_commands(run, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(product()))
    assert run("add", "a.json", "--lineage").exit_code == 0
    result = run("get", "A", "--remake")
    assert result.stdout.splitlines() == [
        "offnadir capture plan.json C0001 -o cap",
        "offnadir process cap -o product",
    ]
    (tmp_path / "b.json").write_text(json.dumps(stac("foreign")))
    assert run("add", "b.json", "--lineage").exit_code == 0  # not ours: nothing is demanded
    assert run("get", "foreign", "--remake").exit_code == 1


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"sensor": {"name": "worldview-3"}}, "sensor"),
        ({"seed": None}, "seed"),
        ({"policies": []}, "policies"),
        ({"policies": [{"name": "public"}]}, "policies"),
        ({"commands": []}, "commands"),
        ({"sources": [{"file": "a.tif"}]}, "sources"),
    ],
)
def test_lineage_that_is_not_whole_is_refused(told, field):
    with pytest.raises(InputError, match=field):
        check_lineage(product(**told))


def test_lineage_without_an_element_set_is_refused():
    item = product()
    del item["properties"]["offnadir:elements"]
    with pytest.raises(InputError, match="offnadir:elements"):
        check_lineage(item)
