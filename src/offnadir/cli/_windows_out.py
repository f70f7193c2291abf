"""Windows on their way out, a table at a time: text, JSON, CSV, Parquet; files appear whole or not at all."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from offnadir._files import replacing
from offnadir.cli import _say
from offnadir.cli._windows_fields import Field, batches, plain, values

if TYPE_CHECKING:
    from offnadir._table import Table

FORMATS: Final = ("text", "json", "csv", "parquet")
_GROUP = 1 << 17  # rows of a row group in Parquet, and what is held in memory for it


class Output(Protocol):
    """Takes tables one after the other; `finish` once, when there are no more."""

    def write(self, table: Table) -> None:
        """Take the rows of a table."""

    def finish(self) -> None:
        """Complete what has been written; nothing was printed before if there was no row."""


@contextmanager
def output(
    kind: str, path: Path | None, fields: Sequence[Field], about: Mapping[str, str]
) -> Iterator[Output]:
    """An output of one of `FORMATS`, to stdout if there is no path.

    A file takes its final name when the block ends, and none if it ends in trouble. FileError tells at
    once that it cannot be written.
    """
    if path is None:
        yield _text_output(kind, sys.stdout, fields)
        return
    with replacing(path) as part:
        if kind == "parquet":
            parquet = _Parquet(part, fields, about)
            try:
                yield parquet
            finally:
                parquet.close()
        else:
            with part.open("w", encoding="utf-8", newline="") as file:
                yield _text_output(kind, file, fields)


def _text_output(kind: str, file: IO[str], fields: Sequence[Field]) -> Output:
    kinds: dict[str, type[_Json | _Csv | _Text]] = {"json": _Json, "csv": _Csv, "text": _Text}
    return kinds[kind](file, fields)


class _Json:
    """An array of objects, the same bytes as from `json.dump(rows, indent=1)` of all rows at once."""

    def __init__(self, file: IO[str], fields: Sequence[Field]) -> None:
        self._file, self._fields = file, fields
        pairs = (f"  {json.dumps(field.name)}: %s" for field in fields)
        self._row = "\n {\n" + ",\n".join(pairs) + "\n }"
        self._begun = False

    def write(self, table: Table) -> None:
        for batch in batches(table):
            columns = [_encoded(column) for column in plain(batch, self._fields)]
            text = ",".join(self._row % row for row in zip(*columns, strict=True))
            if text:
                self._file.write(("," if self._begun else "[") + text)
                self._begun = True

    def finish(self) -> None:
        self._file.write("\n]\n" if self._begun else "[]\n")


def _encoded(column: list[Any]) -> list[str]:
    """Each value as JSON. One call for all is many times faster, and no line ends within a value."""
    text = json.dumps(column, ensure_ascii=False, allow_nan=False, separators=("\n", ":"))
    return text[1:-1].split("\n") if column else []


class _Csv:
    """A header, and a line a window; what is not known is empty."""

    def __init__(self, file: IO[str], fields: Sequence[Field]) -> None:
        self._fields = fields
        self._writer = csv.writer(file, lineterminator="\n")
        self._begun = False

    def write(self, table: Table) -> None:
        self._begin()
        for batch in batches(table):
            self._writer.writerows(zip(*plain(batch, self._fields), strict=True))

    def finish(self) -> None:
        self._begin()

    def _begin(self) -> None:
        if not self._begun:
            self._writer.writerow([field.name for field in self._fields])
            self._begun = True


class _Parquet:
    """Row groups of some 130,000 windows; each column's unit and meaning stand in its metadata."""

    def __init__(self, path: Path, fields: Sequence[Field], about: Mapping[str, str]) -> None:
        import pyarrow.parquet

        self._fields = fields
        self._schema = _schema(fields, about)
        # Angles hardly repeat: dictionaries of them cost three times as long and make larger files.
        names = ["satellite", "norad_id", fields[2].name, "sensor"]
        self._writer = pyarrow.parquet.ParquetWriter(
            path, self._schema, compression="zstd", use_dictionary=names
        )
        self._held: list[Any] = []
        self._rows = 0

    def write(self, table: Table) -> None:
        if len(table):
            self._held.append(_arrow(table, self._fields, self._schema))
            self._rows += len(table)
        if self._rows >= _GROUP:
            self._flush()

    def finish(self) -> None:
        self._flush()
        self.close()

    def close(self) -> None:
        self._writer.close()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._held:
            self._writer.write_table(pa.concat_tables(self._held), row_group_size=self._rows)
        self._held, self._rows = [], 0


def _schema(fields: Sequence[Field], about: Mapping[str, str]) -> Any:
    import pyarrow as pa

    def kind(field: Field) -> Any:
        if field.unit == "UTC":
            return pa.timestamp("us", tz="UTC")
        if field.in_si:
            return pa.float64()
        return {"norad_id": pa.int64(), "cut_start": pa.bool_(), "cut_stop": pa.bool_()}.get(
            field.name, pa.string()
        )

    columns = [
        pa.field(field.name, kind(field), metadata={"unit": field.unit, "description": field.about})
        for field in fields
    ]
    return pa.schema(columns, metadata={f"offnadir:{key}": text for key, text in about.items()})


def _arrow(table: Table, fields: Sequence[Field], schema: Any) -> Any:
    """The fields as an Arrow table, numbers to their last digit, NaN as null."""
    import pyarrow as pa

    arrow = table.to_arrow()

    def column(field: Field) -> Any:
        if field.in_si:
            return pa.array(values(table, field), from_pandas=True)
        if field.name == "norad_id":
            numbers = table["norad_id"]
            return pa.array(numbers, pa.int64(), mask=numbers == 0)
        if field.name == "sensor":
            return _known(arrow[field.column])
        return arrow[field.column]

    return pa.table([column(field) for field in fields], schema=schema)


def _known(names: Any) -> Any:
    """Texts as Arrow, empty ones as null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = names.cast(pa.string())
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


class _Text:
    """A table for people, printed at the end, since its columns are as wide as their longest cell."""

    def __init__(self, file: IO[str], fields: Sequence[Field]) -> None:
        self._file, self._fields = file, fields
        self._rows: list[tuple[str, ...]] = []

    def write(self, table: Table) -> None:
        for batch in batches(table):
            columns = [
                [field.text(value) for value in column]
                for field, column in zip(self._fields, plain(batch, self._fields), strict=True)
            ]
            self._rows.extend(zip(*columns, strict=True))

    def finish(self) -> None:
        if self._rows:
            header = [field.head for field in self._fields]
            right = [bool(field.in_si) or field.name == "norad_id" for field in self._fields]
            print(_say.columns(header, self._rows, right), file=self._file)
