"""Those whom an order names: customer, end user, beneficiaries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from offnadir.errors import InputError
from offnadir.tasking._fields import Reader

if TYPE_CHECKING:
    from offnadir.tasking.screening import Party

KINDS: Final = ("person", "organisation", "vessel", "unknown")
#: What somebody is to the restrictions: the kinds of recipients that rules know.
SECTORS: Final = (
    "media", "company", "ngo", "research", "person", "international",
    "government", "military", "intelligence", "police", "authorised",
)  # fmt: skip
_KEYS: Final = (
    "name", "kind", "country", "sector", "aliases", "birth_dates", "places", "nationalities", "ident",
)  # fmt: skip
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A person or body that an order names; what is not known is empty.

    `country` is where it is at home, ISO 3166 ("KR"); `sector` is one of `SECTORS`, the rest for screening.
    """

    name: str
    kind: str = "unknown"
    country: str = ""
    sector: str = ""
    aliases: tuple[str, ...] = ()
    birth_dates: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    nationalities: tuple[str, ...] = ()
    ident: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("name", self.name, "a text that is not empty")
        if self.kind not in KINDS:
            raise InputError("kind", self.kind, " or ".join(KINDS))
        if self.sector and self.sector not in SECTORS:
            raise InputError("sector", self.sector, " or ".join(SECTORS))
        if self.country and not _COUNTRY.fullmatch(self.country):
            raise InputError("country", self.country, "two capital letters of ISO 3166 such as KR")

    def document(self) -> dict[str, Any]:
        """As it is stored: what is empty is left out."""
        values = {key: getattr(self, key) for key in _KEYS}
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in values.items()
            if value and (key, value) != ("kind", "unknown")
        }

    def party(self) -> Party:
        """The same for screening."""
        from offnadir.tasking.screening import Party

        return Party(
            name=self.name,
            kind=self.kind,  # type: ignore[arg-type]
            aliases=self.aliases,
            birth_dates=self.birth_dates,
            places=self.places,
            nationalities=self.nationalities or ((self.country,) if self.country else ()),
            ident=self.ident,
        )


def read_named(value: object, field: str, reader: Reader) -> Named | None:
    """One that is named, from a table or from a bare name; None after a complaint."""
    if isinstance(value, str):
        value = {"name": value}
    before = len(reader.problems)
    table = reader.table(value, field, _KEYS)
    if isinstance(value, Mapping):
        name = reader.text(table, "name", field, needed=True)
        kind = reader.choice(table, "kind", field, KINDS, "unknown")
        country = reader.text(table, "country", field)
        if country and not _COUNTRY.fullmatch(country):
            wish = "two capital letters of ISO 3166 such as KR"
            reader.wrong(f"{field}.country".lstrip("."), country, wish)
        sector = reader.choice(table, "sector", field, SECTORS, "")
        lists = {key: reader.texts(table, key, field) for key in _KEYS[4:]}
    if len(reader.problems) > before:
        return None
    named = Named(name=name, kind=kind, country=country, sector=sector, **lists)
    try:
        named.party()
    except InputError as error:
        reader.wrong(f"{field}.{error.field}".lstrip("."), error.value, error.wish, error.hint)
    return named
