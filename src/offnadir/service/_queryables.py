"""What a product's opportunities and orders can be filtered by, and its JSON Schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from offnadir.units import deg


@dataclass(frozen=True, slots=True, kw_only=True)
class Queryable:
    """A property of an opportunity: numbers from `low` to `high` in `unit`, or a text.

    `least` and `most` name the limits of `tasking.Looks` that it can set.
    """

    title: str
    words: str
    low: float = 0.0
    high: float = 0.0
    unit: str = ""
    text: bool = False
    least: str | None = None
    most: str | None = None

    @property
    def scale(self) -> float:
        """What a number in `unit` is multiplied by for `Looks`."""
        return {"deg": deg, "%": 0.01}.get(self.unit, 1.0)

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        told: dict[str, Any] = {"title": self.title, "description": self.words}
        if self.text:
            return {**told, "type": "string"}
        told |= {"type": "number", "minimum": self.low, "maximum": self.high}
        return {**told, "x-unit": self.unit} if self.unit else told


#: By the name of the property. Names with a colon but ours are those of STAC extensions (view, eo).
QUERYABLES: Final[dict[str, Queryable]] = {
    "view:off_nadir": Queryable(
        title="Off-nadir angle",
        words="From geodetic nadir to the line of sight, at the satellite.",
        high=90, unit="deg", most="max_off_nadir_rad",
    ),
    "view:incidence_angle": Queryable(
        title="Incidence angle",
        words="From the vertical to the satellite, at the place.",
        high=90, unit="deg", least="min_incidence_rad", most="max_incidence_rad",
    ),
    "view:azimuth": Queryable(
        title="Azimuth of the satellite",
        words="Seen from the place, clockwise from north.",
        high=360, unit="deg", least="azimuth_from_rad", most="azimuth_to_rad",
    ),
    "view:sun_elevation": Queryable(
        title="Elevation of the Sun",
        words="At the place, refraction left out.",
        low=-90, high=90, unit="deg", least="min_sun_elevation_rad", most="max_sun_elevation_rad",
    ),
    "view:sun_azimuth": Queryable(
        title="Azimuth of the Sun",
        words="Seen from the place, clockwise from north.",
        high=360, unit="deg",
    ),
    "gsd": Queryable(
        title="Ground sample distance",
        words="Geometric mean of both directions, of the sharpest band, at the place.",
        low=0.01, high=1000, unit="m", most="max_gsd_m",
    ),
    "eo:cloud_cover": Queryable(
        title="Cloud cover",
        words="Share of the picture that may be cloud. Of an opportunity the cover to be expected.",
        high=100, unit="%", most="max_cloud",
    ),
    "platform": Queryable(title="Satellite", words="Its name in the fleet.", text=True),
    "offnadir:niirs": Queryable(
        title="NIIRS", words="Expected interpretability.", high=9, least="min_niirs"
    ),
    "offnadir:probability": Queryable(
        title="Probability", words="Chance that the picture is clear enough.", high=1
    ),
    "offnadir:element_age_days": Queryable(
        title="Age of the element set",
        words="Between the element set's epoch and the opportunity.",
        high=100_000, unit="d",
    ),
    "offnadir:coverage": Queryable(
        title="Coverage", words="Share of the area that one pass can take at most.", high=1
    ),
}  # fmt: skip


def queryables_document(
    product: str, *, href: str, required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The JSON Schema of a product's queryables."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": href,
        "title": f"Queryables of {product}",
        "type": "object",
        "properties": {name: one.schema() for name, one in QUERYABLES.items()},
        "required": list(required),
        "additionalProperties": False,
    }
