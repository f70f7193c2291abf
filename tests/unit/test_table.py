"""Tables: columns in, Arrow, pandas and GeoPandas out."""

from __future__ import annotations

import numpy as np
import pytest

from offnadir._table import Table
from offnadir.epoch import Epoch


@pytest.fixture
def table() -> Table:
    start = [Epoch.from_utc(t).tai_ns for t in ("2026-05-31T00:00:00.000001Z", "2026-06-01")]
    return Table(
        {
            "name": np.array(["Seoul", "서울"], dtype=object),
            "start": np.array(start, np.int64),
            "lat_deg": np.array([37.5, np.nan]),
            "lon_deg": np.array([127.0, 127.1]),
        },
        times=("start",),
    )


def test_rows_show_times_as_text(table):
    assert [row["start"] for row in table.rows()] == [
        "2026-05-31T00:00:00.000001Z",
        "2026-06-01T00:00:00.000000Z",
    ]


def test_arrow_has_utc_timestamps_and_text(table):
    arrow = table.to_arrow()
    assert str(arrow.schema.field("start").type) == "timestamp[us, tz=UTC]"
    assert arrow.column("start")[0].as_py().isoformat() == "2026-05-31T00:00:00.000001+00:00"
    assert arrow.column("name").to_pylist() == ["Seoul", "서울"]


def test_pandas_and_geopandas(table):
    frame = table.to_pandas()
    assert list(frame.columns) == ["name", "start", "lat_deg", "lon_deg"]
    places = table.take(np.array([True, False])).to_geopandas()
    assert places.crs.to_epsg() == 4326
    assert (places.geometry.x[0], places.geometry.y[0]) == (127.0, 37.5)


def test_columns_are_read_only_and_equally_long(table):
    with pytest.raises(ValueError, match="read-only"):
        table["lat_deg"][0] = 0.0
    with pytest.raises(ValueError, match="different lengths"):
        Table({"a": np.zeros(2), "b": np.zeros(3)})


def test_concat_keeps_order_and_times(table):
    both = Table.concat([table, table])
    assert len(both) == 4
    assert both.times == ("start",)
    assert both["name"].tolist() == ["Seoul", "서울"] * 2
