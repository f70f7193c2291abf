"""What the verbs of `offnadir archive` are made of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offnadir._files import replacing
from offnadir.cli import _say
from offnadir.errors import FileError, InputError, MissingExtraError

if TYPE_CHECKING:
    from offnadir.catalog import Archive, ArchivedItem, ArchiveQuery, Page


@contextmanager
def opened(db: str, operation: Path | None = None) -> Iterator[Archive]:
    """The archive of a database, or of an operation's."""
    try:
        from offnadir._database import open_database
    except ImportError as error:
        raise MissingExtraError("an archive", "operations") from error
    from offnadir.catalog import Archive

    where: str | Path = db
    if operation is not None:
        from offnadir.operations import read_operation

        where = read_operation(operation).database
    database = open_database(where)
    try:
        yield Archive(database)
    finally:
        database.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits as they are typed: degrees, metres, percent."""

    max_off_nadir: float | None = None
    max_incidence: float | None = None
    min_incidence: float | None = None
    azimuth: str | None = None
    max_gsd: float | None = None
    min_niirs: float | None = None
    max_cloud: float | None = None
    min_sun: float | None = None
    max_sun: float | None = None

    def asked(self) -> dict[str, Any]:
        """The same for an ArchiveQuery."""
        made: dict[str, Any] = {"max_gsd_m": self.max_gsd, "min_niirs": self.min_niirs}
        for option, value, least, name in (
            ("--max-off-nadir", self.max_off_nadir, 0.0, "max_off_nadir_rad"),
            ("--max-incidence", self.max_incidence, 0.0, "max_incidence_rad"),
            ("--min-incidence", self.min_incidence, 0.0, "min_incidence_rad"),
            ("--min-sun", self.min_sun, -90.0, "min_sun_elevation_rad"),
            ("--max-sun", self.max_sun, -90.0, "max_sun_elevation_rad"),
        ):
            if value is not None:
                made[name] = _radians(option, value, least)
        if self.max_cloud is not None:
            if not 0.0 <= self.max_cloud <= 100.0:
                raise InputError("--max-cloud", self.max_cloud, "from 0 to 100 percent")
            made["max_cloud"] = self.max_cloud / 100.0
        if self.azimuth is not None:
            first, last = numbers("--azimuth", self.azimuth, (2,), "two angles in degrees: 340,20")
            made["azimuth_rad"] = (
                _radians("--azimuth", first, -360, 360),
                _radians("--azimuth", last, -360, 360),
            )
        return made


def _radians(option: str, value: float, least: float, most: float = 90.0) -> float:
    from offnadir.units import deg

    if not least <= value <= most:
        raise InputError(option, value, f"from {least:g} to {most:g} degrees")
    return value * deg


def numbers(option: str, text: str, sizes: tuple[int, ...], wish: str) -> list[float]:
    """Numbers between commas."""
    try:
        made = [float(one) for one in text.split(",")]
    except ValueError:
        raise InputError(option, text, wish) from None
    if len(made) not in sizes:
        raise InputError(option, text, wish)
    return made


def where(place: str | None, bbox: str | None, geometry: Path | None) -> dict[str, Any]:
    """The place of a query; at most one of the three."""
    given = {"--place": place, "--bbox": bbox, "--geometry": geometry}
    named = [option for option, value in given.items() if value is not None]
    if len(named) > 1:
        raise InputError(named[1], str(given[named[1]]), f"left out with {named[0]}")
    if place is not None:
        lat, lon = numbers("--place", place, (2,), "LAT,LON in degrees: 37.57,126.98")
        if not abs(lat) <= 90.0 or not abs(lon) <= 180.0:
            raise InputError("--place", place, "LAT,LON in degrees: 37.57,126.98")
        return {"geometry": {"type": "Point", "coordinates": [lon, lat]}}
    if bbox is not None:
        return {"bbox": numbers("--bbox", bbox, (4, 6), "west,south,east,north in degrees")}
    return {} if geometry is None else {"geometry": read_json(geometry)}


def query(
    *,
    where: Mapping[str, Any],
    times: tuple[str | None, str | None],
    limits: Limits,
    names: Mapping[str, Sequence[str] | None],
    page: Mapping[str, Any],
) -> ArchiveQuery:
    """A query of what was typed."""
    from offnadir.catalog import ArchiveQuery
    from offnadir.epoch import Epoch

    start, stop = (
        None if text is None else Epoch.from_utc(text, field=option)
        for option, text in zip(("--from", "--to"), times, strict=True)
    )
    # what is repeatable and was not given comes as an empty list
    given: dict[str, Any] = {name: values or None for name, values in names.items()}
    return ArchiveQuery(start=start, stop=stop, **where, **limits.asked(), **given, **page)


def read_json(path: Path) -> Any:
    """JSON of a file."""
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise FileError(path, f"is no JSON: {error}") from error


def items_in(paths: Sequence[Path]) -> Iterator[tuple[Any, Path]]:
    """Items of files, and of all .json files of folders that are STAC items, each with its folder."""
    for path in paths:
        if not path.is_dir():
            yield read_json(path), path.parent
            continue
        found = 0
        for one in sorted(path.rglob("*.json")):
            content = read_json(one)
            if (
                isinstance(content, dict)
                and content.get("type") == "Feature"
                and "stac_version" in content
            ):
                found += 1
                yield content, one.parent
        if not found:
            raise FileError(path, "has no STAC items in it")


def fetch(
    kept: Archive, found: ArchivedItem, output: Path, keys: Sequence[str] | None
) -> list[Path]:
    """Copy files of an item into a folder, and then the item itself; what was copied."""
    from offnadir.catalog._assets import local_path

    assets = found.item["assets"]
    made = []
    for key in keys or assets:
        folder = found.folder
        if not keys and folder is not None and local_path(assets[key]["href"], folder) is None:
            _say.note(f"{key} lies at {assets[key]['href']} and is not fetched")
            continue
        source = kept.asset_path(found.id, key)
        assert found.folder is not None
        target = output / source.relative_to(found.folder.absolute())
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(target.parent, f"cannot be made: {error.strerror or error}") from error
        kept.copy_asset(found.id, key, target)
        made.append(target)
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in found.id).lstrip(".")[:200]
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{name or 'item'}.json"
    with replacing(path) as part:
        part.write_text(json.dumps(found.item, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return [*made, path]


def verified(kept: Archive, names: Sequence[str] | None) -> Iterator[tuple[str, str, str | None]]:
    """Item, asset and what is wrong with it: None if nothing is, "" if it lies where nobody can look."""
    from offnadir.catalog._assets import local_path

    found = kept.items() if not names else (kept.get(name) for name in names)
    for one in found:
        for key, asset in one.item["assets"].items():
            if one.folder is None or local_path(asset["href"], one.folder) is None:
                yield one.id, key, ""
                continue
            try:
                with kept.open_asset(one.id, key):
                    yield one.id, key, None
            except FileError as error:
                yield one.id, key, str(error)


def feature_collection(page: Page, total: int) -> dict[str, Any]:
    """A page as GeoJSON, as a STAC API would answer."""
    return {
        "type": "FeatureCollection",
        "numberMatched": total,
        "numberReturned": len(page.items),
        "next": page.next,
        "features": [dict(one.item) for one in page.items],
    }


def write_map(path: Path, content: Mapping[str, Any]) -> None:
    """GeoJSON of footprints."""
    with replacing(path) as part:
        part.write_text(json.dumps(content, ensure_ascii=False) + "\n", "utf-8")


def table(page: Page) -> str:
    """A page for the eye."""
    header = (
        "item",
        "taken (UTC)",
        "satellite",
        "GSD m",
        "NIIRS",
        "off-nadir",
        "Sun",
        "cloud %",
        "level",
    )
    rows = []
    for one in page.items:
        p = one.item["properties"]
        rows.append(
            (
                _short(one.id, 40),
                str(p.get("datetime") or p.get("start_datetime"))[:19],
                _short(str(p.get("platform") or ""), 20),
                _number(p.get("gsd"), 2),
                _number(p.get("offnadir:niirs"), 1),
                _number(p.get("view:off_nadir"), 1),
                _number(p.get("view:sun_elevation"), 0),
                _number(p.get("eo:cloud_cover"), 0),
                str(p.get("processing:level") or ""),
            )
        )
    return _say.columns(header, rows, (False, False, False, True, True, True, True, True, False))


def told(page: Page, total: int) -> str:
    """What is said below the table."""
    if not page.items:
        return "nothing fits"
    text = f"{len(page.items)} of {_say.count(total, 'item')}"
    return text if page.next is None else f"{text}; the next page: --token {page.next}"


def _number(value: Any, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, int | float) else ""


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
