"""A table as columns: Arrow out, pandas and GeoPandas on request, the same bytes for the same input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from offnadir.epoch import tai_to_utc_ns, utc_text

if TYPE_CHECKING:
    import geopandas
    import pandas
    import pyarrow


class Labels:
    """A column of names that repeat: `codes`, shape (n,), number the entries of `values`."""

    __slots__ = ("codes", "values")

    def __init__(self, codes: NDArray[Any], values: Sequence[str] | NDArray[Any]) -> None:
        self.codes = codes
        self.values = np.asarray(values, dtype=object)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: NDArray[Any]) -> Labels:
        return Labels(self.codes[rows], self.values)

    def names(self) -> NDArray[Any]:
        """The names themselves, shape (n,), as objects."""
        return self.values[self.codes] if len(self.values) else np.empty(0, dtype=object)

    @staticmethod
    def concat(parts: Sequence[Labels]) -> Labels:
        """One column under another; names that occur in several parts get one entry."""
        values = parts[0].values
        if all(part.values is values for part in parts):
            return Labels(np.concatenate([part.codes for part in parts]), values)
        known: dict[str, int] = {}
        codes = []
        for part in parts:
            numbers = [known.setdefault(name, len(known)) for name in part.values]
            codes.append(np.array(numbers, np.int32)[part.codes] if numbers else part.codes)
        return Labels(np.concatenate(codes), list(known))


class _Pieces:
    """A column that lies in pieces one after the other until somebody asks for it."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[NDArray[Any] | Labels]) -> None:
        self.parts = parts

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def joined(self) -> NDArray[Any] | Labels:
        labels = [part for part in self.parts if isinstance(part, Labels)]
        if labels:
            return Labels.concat(labels)
        whole = np.concatenate([part for part in self.parts if isinstance(part, np.ndarray)])
        whole.flags.writeable = False
        return whole


_Column = NDArray[Any] | Labels | _Pieces


class Table:
    """Columns of equal length, in a fixed order. Columns named in `times` are TAI ns since 1970.

    `table["start"]` is a read-only array; `len(table)` counts rows; `table.rows()` gives dicts with times as
    ISO 8601 text. `to_arrow`, `to_pandas` and `to_geopandas` turn times into UTC timestamps.
    """

    def __init__(self, columns: Mapping[str, _Column], *, times: Sequence[str] = ()) -> None:
        lengths = {len(column) for column in columns.values()}
        if len(lengths) > 1:
            raise ValueError(f"columns of different lengths: {sorted(lengths)}")
        self._columns = dict(columns)
        for column in self._columns.values():
            if not isinstance(column, _Pieces):
                array = column.codes if isinstance(column, Labels) else column
                array.flags.writeable = False
        self.times = tuple(name for name in times if name in self._columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self._columns)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def _whole(self, name: str) -> NDArray[Any] | Labels:
        """A column in one piece; pieces are joined when they are first asked for."""
        column = self._columns[name]
        if isinstance(column, _Pieces):
            column = self._columns[name] = column.joined()
        return column

    def __getitem__(self, name: str) -> NDArray[Any]:
        column = self._whole(name)
        if isinstance(column, Labels):
            names = column.names()
            names.flags.writeable = False
            return names
        return column

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __repr__(self) -> str:
        return f"<Table of {len(self)} rows: {', '.join(self.names)}>"

    def take(self, rows: NDArray[Any]) -> Table:
        """The rows of an index or boolean array, in that order."""
        return Table({name: self._whole(name)[rows] for name in self.names}, times=self.times)

    def with_columns(self, columns: Mapping[str, NDArray[Any] | Labels]) -> Table:
        """The same table with more columns at its end."""
        return Table({**self._columns, **columns}, times=self.times)

    @staticmethod
    def concat(tables: Sequence[Table]) -> Table:
        """One table under another; all must have the same columns. Nothing is copied yet."""
        first = tables[0]
        if len(tables) == 1:
            return first

        def pieces(name: str) -> _Pieces:
            parts: list[NDArray[Any] | Labels] = []
            for table in tables:
                column = table._columns[name]
                parts.extend(column.parts if isinstance(column, _Pieces) else [column])
            return _Pieces(parts)

        return Table({name: pieces(name) for name in first.names}, times=first.times)

    def labels(self, name: str) -> Labels:
        """A column of names in its short form."""
        column = self._whole(name)
        if isinstance(column, Labels):
            return column
        values, codes = np.unique(column.astype(str), return_inverse=True)
        return Labels(codes.reshape(-1), values)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each row as a dict of plain Python values; times as ISO 8601 UTC with microseconds."""
        lists = [
            utc_text(self[name]) if name in self.times else self[name].tolist()
            for name in self._columns
        ]
        for values in zip(*lists, strict=True):
            yield dict(zip(self.names, values, strict=True))

    def to_arrow(self) -> pyarrow.Table:
        """An Arrow table; times are timestamps in UTC with microseconds."""
        import pyarrow as pa

        arrays: dict[str, Any] = {}
        for name in self.names:
            column = self._whole(name)
            if isinstance(column, Labels):
                texts = pa.array(column.values.tolist(), pa.string())
                arrays[name] = texts.take(pa.array(column.codes))
            elif name in self.times:
                utc_us = (tai_to_utc_ns(column) + 500) // 1000
                arrays[name] = pa.array(utc_us, pa.timestamp("us", tz="UTC"))
            elif column.dtype == object:
                arrays[name] = pa.array(column.tolist(), pa.string())
            else:
                arrays[name] = pa.array(column)
        return pa.table(arrays)

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame (needs `pip install offnadir[tables]`)."""
        frame: pandas.DataFrame = self.to_arrow().to_pandas()
        return frame

    def to_geopandas(self, *, lon: str = "lon_deg", lat: str = "lat_deg") -> geopandas.GeoDataFrame:
        """A GeoDataFrame of points in EPSG:4326 from two columns (needs `offnadir[tables]`)."""
        import geopandas

        frame = self.to_pandas()
        points = geopandas.points_from_xy(frame[lon], frame[lat])
        return geopandas.GeoDataFrame(frame, geometry=points, crs="EPSG:4326")
