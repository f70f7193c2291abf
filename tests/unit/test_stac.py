"""STAC items: checksums by hand, outlines across the date line."""

import json
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pystac.validation import validate_dict

from offnadir.errors import FileError
from offnadir.imagery._stac import ItemAsset, ItemFacts, footprint, multihash, stac_item
from offnadir.units import deg


def test_multihash_of_abc(tmp_path):
    """FIPS 180-2's example of SHA-256, after 0x12 for the hash and 0x20 for its 32 bytes."""
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert multihash(tmp_path / "abc") == "1220" + expected
    with pytest.raises(FileError, match="cannot be read"):
        multihash(tmp_path / "none")


def square(west, east):
    lon = np.array([west, east, east, west]) * deg
    return footprint(np.array([10.0, 10.0, 9.0, 9.0]) * deg, lon)


def test_an_outline_is_cut_at_the_date_line():
    shape = square(179.5, -179.0)
    assert shape["type"] == "MultiPolygon"
    edges = sorted(
        (min(x for x, _ in part[0]), max(x for x, _ in part[0])) for part in shape["coordinates"]
    )
    assert_allclose(edges, [(-180.0, -179.0), (179.5, 180.0)])
    assert square(20.0, 21.0)["type"] == "Polygon"


def test_both_angles_and_what_is_not_known(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("hello")
    facts = ItemFacts(
        name="A", time=None, footprint=square(179.5, -179.0), gsd_m=0.5, now="2026-05-31T00:00:00Z",
        off_nadir_rad=27.1 * deg, incidence_rad=30.0 * deg, azimuth_rad=-10.0 * deg, sun_azimuth_rad=math.nan,
        cloud_cover=0.25,
    )  # fmt: skip
    asset = ItemAsset(key="note", path=path, title="Note", roles=("metadata",))
    item = json.loads(json.dumps(stac_item(facts, [asset], folder=tmp_path)))
    validate_dict(item | {"stac_extensions": []})
    said = item["properties"]
    assert (said["view:off_nadir"], said["view:incidence_angle"], said["view:azimuth"]) == (
        27.1,
        30.0,
        350.0,
    )
    assert "view:sun_azimuth" not in said
    assert said["eo:cloud_cover"] == 25.0
    assert (said["datetime"], said["end_datetime"]) == (None, "2026-05-31T00:00:00Z")
    assert item["bbox"] == [179.5, 9.0, -179.0, 10.0]
    assert item["assets"]["note"]["type"] == "text/plain"
