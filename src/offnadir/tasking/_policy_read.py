"""Reading policy packs: TOML to rules. Every key is checked; what is unknown is refused."""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import shapely

from offnadir.access.areas import read_areas
from offnadir.access.countries import OUTLINE_DOUBT_M, country_figure, country_names
from offnadir.errors import MISSING, FileError, InputError
from offnadir.tasking._policy_ground import Circle, Region, box, region
from offnadir.tasking._policy_keys import (
    CIRCLE,
    CONDITIONS,
    HEADER,
    LIST,
    OPERATOR,
    RULE,
    TIMELESS,
    TOP,
    WHERE,
)
from offnadir.tasking._policy_model import (
    A_RESTRICTION,
    STAGES,
    Conditions,
    Operator,
    Pack,
    Rule,
)
from offnadir.tasking._policy_values import Reader
from offnadir.units import km

_MOST_BYTES = 32_000_000
_MOST_NAMED = 6  # places of a rule that are named in words
_RENAMED = {
    "age_below": "age_below_s",
    "imaged_from": "imaged_from_tai_ns",
    "imaged_until": "imaged_until_tai_ns",
}


def read_pack(path: str | Path, *, lists: str | Path | None = None) -> Pack:
    """Read a pack of restrictions from a TOML file.

    `lists` is a TOML file of [lists.NAME] that take the place of the pack's lists of that name. Raises
    FileError, or InputError that names the file, the rule, the field, the value and the wish; of a pack
    with disclose = "a restriction" no names and values are told.
    """
    raw = _bytes(Path(path))
    return _pack(raw, str(path), Path(path).parent, lists)


@functools.cache
def _public() -> Pack:
    source = files("offnadir.tasking") / "packs" / "public.toml"
    return _pack(source.read_bytes(), "public.toml", None, None)


def public_pack(*, lists: str | Path | None = None) -> Pack:
    """The bundled pack of dated public facts; not legal advice. `lists` as in `read_pack`."""
    if lists is None:
        return _public()
    source = files("offnadir.tasking") / "packs" / "public.toml"
    return _pack(source.read_bytes(), "public.toml", None, lists)


def _bytes(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    if len(raw) > _MOST_BYTES:
        raise FileError(path, f"larger than {_MOST_BYTES} bytes")
    return raw


def _document(raw: bytes, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FileError(path, f"not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        if A_RESTRICTION.encode() in raw:  # the file may be one that tells nothing: not even a key
            place = re.search(r"\(at .*\)", str(error))
            raise FileError(path, f"not TOML {place[0] if place else ''}".rstrip()) from None
        raise FileError(path, f"not TOML: {error}") from error


def _pack(raw: bytes, path: str, folder: Path | None, lists: str | Path | None) -> Pack:
    document = _document(raw, path)
    header = document.get("pack")
    private = isinstance(header, dict) and header.get("disclose", "everything") != "everything"
    reader = Reader(path, tuple(country_names()), private=private)
    _known_top(reader, document)
    top = reader.table(header, HEADER, "[pack]")
    named = _named_lists(reader, document.get("lists", {}))
    if lists is not None:
        named |= _replacements(lists, named)
    builder = _Builder(reader, folder, document, named)
    rules = builder.rules()
    operators = tuple(
        Operator(name=one["name"], country=one.get("country"), aliases=one.get("aliases", ()))
        for number, entry in enumerate(_tables(reader, document, "operator"), 1)
        for one in [reader.table(entry, OPERATOR, f"[[operator]] {number}")]
    )
    digest = hashlib.sha256(raw)
    if lists is not None:
        digest.update(_bytes(Path(lists)))
    return Pack(
        name=top["name"],
        version=top["version"],
        sha256=digest.hexdigest(),
        rules=rules,
        disclose=top.get("disclose", "everything"),
        notice=top.get("notice", ""),
        operators=operators,
        lists=named,
    )


def _known_top(reader: Reader, document: Mapping[str, Any]) -> None:
    for name in document:
        if name not in TOP:
            shown = "a table" if reader.private else name
            raise reader.error(shown, MISSING, f"one of the tables {', '.join(TOP)}")
    if not isinstance(document.get("pack"), dict):
        raise reader.error("pack", MISSING, "a table [pack] with format, name and version")


def _tables(reader: Reader, document: Mapping[str, Any], name: str) -> list[Any]:
    value = document.get(name, [])
    if not isinstance(value, list):
        raise reader.error(name, value, f"tables [[{name}]]")
    return value


def _named_lists(reader: Reader, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise reader.error("lists", value, "tables [lists.NAME]")
    result = {}
    for number, (name, entry) in enumerate(value.items(), 1):
        place = f"list {number}" if reader.private else f"[lists.{name}]"
        one = reader.table(entry, LIST, place)
        for code in one["countries"]:
            if code.startswith("@"):
                raise reader.error(
                    "countries", code, "codes only: a list cannot hold a list", place
                )
        result[name] = one
    return result


def _replacements(path: str | Path, named: Mapping[str, Any]) -> dict[str, Any]:
    reader = Reader(str(path), tuple(country_names()))
    document = _document(_bytes(Path(path)), str(path))
    for name in document:
        if name != "lists":
            raise reader.error(name, MISSING, "a file of tables [lists.NAME] only")
    lists = _named_lists(reader, document.get("lists", {}))
    for name in lists:
        if name not in named:
            raise reader.error(
                name, MISSING, f"one of the pack's lists: {', '.join(named) or 'it has none'}"
            )
    return lists


class _Builder:
    """Makes rules of tables, with the file's lists, areas and conditions at hand."""

    def __init__(
        self,
        reader: Reader,
        folder: Path | None,
        document: Mapping[str, Any],
        lists: Mapping[str, Any],
    ) -> None:
        self.reader = reader
        self.folder = folder
        self.document = document
        self.lists = lists
        self.kept: dict[str, tuple[Region, str]] = {}
        self.conditions = self._named("conditions", list)
        self.areas = self._named("areas", dict)

    def _named(self, name: str, sort: type) -> dict[str, Any]:
        value = self.document.get(name, {})
        form = "[[conditions.NAME]]" if sort is list else "[areas.NAME]"
        if not isinstance(value, dict) or not all(isinstance(one, sort) for one in value.values()):
            raise self.reader.error(name, value, f"tables {form}")
        if sort is dict:
            return value
        result = {}
        for key, entries in value.items():
            places = [self._place(f"[[conditions.{key}]]", n) for n in range(1, len(entries) + 1)]
            tables = [
                self.reader.table(one, TIMELESS, p) for one, p in zip(entries, places, strict=True)
            ]
            result[key] = tuple(
                self._conditions(one, p) for one, p in zip(tables, places, strict=True)
            )
        return result

    def _place(self, name: str, number: int) -> str:
        return f"entry {number} of a table" if self.reader.private else f"{name} {number}"

    def rules(self) -> tuple[Rule, ...]:
        """All rules of the file."""
        result: dict[str, Rule] = {}
        for number, table in enumerate(_tables(self.reader, self.document, "rule"), 1):
            given = table.get("id") if isinstance(table, dict) else None
            place = f"rule {number}"
            if isinstance(given, str) and not self.reader.private:
                place += f" ({given})"
            rule = self._rule(self.reader.table(table, RULE, place), place)
            if rule.rule_id in result:
                raise self.reader.error("id", rule.rule_id, "used once in a file", place)
            result[rule.rule_id] = rule
        return tuple(result.values())

    def _rule(self, one: dict[str, Any], place: str) -> Rule:
        error = self.reader.error
        effect = one["effect"]
        for key, owner in (("to_m", "degrade"), ("delay", "delay")):
            if (key in one) != (effect == owner):
                wish = (
                    f'given with effect = "{owner}"'
                    if effect == owner
                    else f'only for effect = "{owner}"'
                )
                raise error(key, one.get(key, MISSING), wish, place)
        if (
            one.get("until") is not None
            and one.get("from") is not None
            and one["until"] <= one["from"]
        ):
            raise error("until", MISSING, "later than from", place)
        where, where_words = self._region(one["where"], "where", place)
        outside, outside_words = (None, "")
        if "outside" in one:
            outside, outside_words = self._region(one["outside"], "outside", place)
        return Rule(
            rule_id=one["id"],
            title=one["title"],
            authority=one["authority"],
            kind=one["kind"],
            effect=effect,
            words=one["words"],
            source=one["source"],
            retrieved=one["retrieved"],
            confidence=one["confidence"],
            where=where,
            where_words=where_words,
            outside=outside,
            outside_words=outside_words,
            conditions=self._conditions({k: v for k, v in one.items() if k in CONDITIONS}, place),
            any_of=self._sets("any", one, place),
            exceptions=self._sets("except", one, place),
            stages=one.get("stages", frozenset(STAGES)),
            valid_from_tai_ns=one.get("from"),
            valid_until_tai_ns=one.get("until"),
            to_m=one.get("to_m"),
            delay_s=one.get("delay"),
            unverified=one.get("unverified", ""),
            note=one.get("note", ""),
            template=one.get("template", False),
        )

    def _sets(self, key: str, one: Mapping[str, Any], place: str) -> tuple[Any, ...]:
        for name in one.get(key, ()):
            if name not in self.conditions:
                known = ", ".join(self.conditions) or "there are none"
                raise self.reader.error(key, name, f"a name of [[conditions.NAME]]: {known}", place)
        return tuple((name, self.conditions[name]) for name in one.get(key, ()))

    def _conditions(self, one: Mapping[str, Any], place: str) -> Conditions:
        values: dict[str, Any] = {}
        for name, value in one.items():
            if CONDITIONS[name].sort in ("codes", "parties"):
                value = frozenset(self._codes(value, name, place))
            elif isinstance(value, tuple):
                value = frozenset(value)
            values[_RENAMED.get(name, name)] = value
        return Conditions(**values)

    def _codes(self, codes: tuple[str, ...], field: str, place: str) -> list[str]:
        """The codes with the lists put in."""
        result: list[str] = []
        for code in codes:
            if not code.startswith("@"):
                result.append(code)
            elif code[1:] in self.lists:
                result += self.lists[code[1:]]["countries"]
            else:
                known = ", ".join(f"@{name}" for name in self.lists) or "there are none"
                raise self.reader.error(field, code, f"a list of this file: {known}", place)
        return result

    def _region(self, table: Any, field: str, place: str) -> tuple[Region, str]:
        """A region and its words; the same table makes the same region."""
        key = repr(table)
        if key not in self.kept:
            self.kept[key] = self._new_region(table, f"{place}: {field}")
        return self.kept[key]

    def _new_region(self, table: Any, place: str) -> tuple[Region, str]:
        figures: list[Any] = []
        circles: list[Circle] = []
        words: list[str] = []
        one = self.reader.table(table, WHERE, place)
        if not any(key not in ("reach_km", "sea_km", "clip_box") for key in one):
            raise self.reader.error(
                "where", MISSING, "worldwide, countries, areas, boxes, circles or geojson", place
            )
        self._gather(one, place, figures, circles, words, ())
        if "clip_box" in one:
            if circles:
                raise self.reader.error("clip_box", MISSING, "without circles", place)
            figures = [shapely.intersection(figure, box(*one["clip_box"])) for figure in figures]
            words.append("within a box")
        reach_m = (
            one.get("reach_km", OUTLINE_DOUBT_M / km) * km
            if _has_countries(one, self.areas)
            else 0.0
        )
        made = region(figures, tuple(circles), reach_m=reach_m, sea_m=one.get("sea_km", 0.0) * km)
        return made, _some(words)

    def _gather(
        self, one: Mapping[str, Any], place: str, figures: list[Any], circles: list[Circle],
        words: list[str], inside: tuple[str, ...],
    ) -> None:  # fmt: skip
        """Add what a table of places names."""
        if one.get("worldwide"):
            figures.append(box(-180.0, -90.0, 180.0, 90.0))
            words.append("everywhere")
        codes = self._codes(one.get("countries", ()), "countries", place)
        figures += [country_figure(code) for code in codes]
        words += [country_names()[code] for code in codes]
        for west, south, east, north in one.get("boxes", ()):
            figures.append(box(west, south, east, north))
            words.append(f"the box {west:g}, {south:g}, {east:g}, {north:g}")
        for number, entry in enumerate(one.get("circles", ()), 1):
            values = self.reader.table(entry, CIRCLE, f"{place}: circle {number}")
            circles.append(
                Circle(
                    lon_deg=values["lon_deg"],
                    lat_deg=values["lat_deg"],
                    radius_m=values["radius_km"] * km,
                )
            )
            words.append(
                f"{values['radius_km']:g} km around {values['lat_deg']:g}, {values['lon_deg']:g}"
            )
        if "geojson" in one:
            figures += self._geojson(one["geojson"], place)
            words.append("an area of a file")
        for name in one.get("areas", ()):
            if name not in self.areas or name in inside:
                raise self.reader.error(
                    "areas", name, "a name of [areas.NAME] that does not hold itself", place
                )
            inner = self.reader.table(self.areas[name], WHERE, f"{place}: area")
            self._gather(inner, place, figures, circles, [], (*inside, name))
            words.append(name)

    def _geojson(self, name: str, place: str) -> list[Any]:
        if self.folder is None:
            raise self.reader.error("geojson", name, "not used in the bundled pack", place)
        path = self.folder / name
        try:
            return [area.outline_deg for area in read_areas(path)]
        except (InputError, FileError) as error:
            if self.reader.private:
                raise self.reader.error(
                    "geojson", MISSING, "a readable GeoJSON file of polygons", place
                ) from None
            raise error


def _some(words: list[str]) -> str:
    rest = len(words) - _MOST_NAMED
    return ", ".join(words[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _has_countries(one: Mapping[str, Any], areas: Mapping[str, Any]) -> bool:
    if "countries" in one:
        return True
    return any(_has_countries(areas[name], areas) for name in one.get("areas", ()) if name in areas)
