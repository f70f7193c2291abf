"""What the verbs of `offnadir elements` share: filters, rows and how they are printed."""

from __future__ import annotations

import re
import time as time_
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from offnadir.cli import _say
from offnadir.errors import InputError, InputProblems

if TYPE_CHECKING:
    from offnadir._table import Table
    from offnadir.epoch import Epoch
    from offnadir.orbits.store import Choice, Store, StoredSet
    from offnadir.orbits.update import Outcome


def now() -> Epoch:
    """The present moment."""
    from offnadir.epoch import Epoch

    return Epoch.from_utc_ns(time_.time_ns())


_AGO = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(d|days?|h|hours?|w|weeks?)\s*", re.IGNORECASE)
_AGO_S = {"d": 86400.0, "h": 3600.0, "w": 604800.0}


def time(text: str | None, now: Epoch, field: str) -> Epoch | None:
    """A UTC time, or so long ago."""
    from offnadir.epoch import Epoch

    if text is None:
        return None
    if match := _AGO.fullmatch(text):
        ago_s = float(match[1]) * _AGO_S[match[2][0].lower()]
        if ago_s > 200 * 365.25 * 86400:
            raise InputError(field, text, "up to 200 years")
        return now + -ago_s
    try:
        return Epoch.from_utc(text, field=field)
    except InputError as error:
        wish = "a UTC time such as 2026-05-31T04:05:06Z, or an age such as 3d or 12h"
        raise InputError(field, text, wish, hint=error.hint) from error


def choice(
    name: str,
    norad: list[int] | None,
    newer_than: str | None,
    older_than: str | None,
    now: Epoch,
    satellites: tuple[str, ...] = (),
) -> Choice:
    from offnadir.orbits.store import Choice

    after = time(newer_than, now, "--newer-than")
    before = time(older_than, now, "--older-than")
    if after is not None and before is not None and after > before:
        raise InputError("--newer-than", newer_than, f"before --older-than {older_than}")
    return Choice(
        name=name, norad_ids=tuple(norad or ()), satellites=satellites, after=after, before=before
    )


def take(source: Store, choice: Choice, at: str | None, *, every: bool) -> list[StoredSet]:
    """All sets that are chosen, or one of each object."""
    from offnadir.epoch import Epoch

    if every:
        return source.history(choice)
    return source.nearest(choice, at=Epoch.from_utc(at, field="--at") if at else None)


def object_rows(table: Table, now: Epoch) -> list[dict[str, Any]]:
    """The objects of a table, each with the age of its newest set."""
    rows = list(table.rows())
    for row, newest in zip(rows, table["newest_epoch"].tolist(), strict=True):
        row["age_days"] = round((now.tai_ns - newest) / 86400e9, 3)
    return rows


def print_objects(rows: list[dict[str, Any]]) -> None:
    """A table of objects."""
    header = ("satellite", "norad", "object", "sets", "first epoch (UTC)", "newest epoch", "age d")
    cells = [
        (
            row["satellite"], str(row["norad_id"]), row["object_id"], str(row["sets"]),
            short(row["first_epoch"]), short(row["newest_epoch"]), f"{row['age_days']:.1f}",
        )
        for row in rows
    ]  # fmt: skip
    if cells:
        print(_say.columns(header, cells, (False, True, False, True, False, False, True)))


def set_row(stored: StoredSet, now: Epoch) -> dict[str, Any]:
    """A set in the units of people; heights are over the equator, from the mean motion."""
    import math

    from offnadir.constants import GM_EARTH_M3_S2, WGS84_A_M
    from offnadir.units import deg, km, minute

    one = stored.elements
    axis_m = (GM_EARTH_M3_S2 / one.mean_motion_rad_s**2) ** (1.0 / 3.0)
    return {
        "satellite": one.name,
        "norad_id": one.norad_id,
        "object_id": one.object_id,
        "epoch": one.epoch.utc(),
        "age_days": round((now - one.epoch) / 86400, 3),
        "period_min": round(2.0 * math.pi / one.mean_motion_rad_s / minute, 4),
        "inclination_deg": round(one.inclination_rad / deg, 6),
        "eccentricity": one.eccentricity,
        "perigee_km": round((axis_m * (1.0 - one.eccentricity) - WGS84_A_M) / km, 1),
        "apogee_km": round((axis_m * (1.0 + one.eccentricity) - WGS84_A_M) / km, 1),
        "bstar": one.bstar,
        "source": stored.source,
        "first_seen": stored.first_seen.utc(0),
    }


def print_sets(rows: list[dict[str, Any]]) -> None:
    """A table of sets."""
    header = ("satellite", "norad", "epoch (UTC)", "age d", "period min", "incl", "ecc",
              "perigee km", "apogee km", "B*", "source")  # fmt: skip
    cells = [
        (
            row["satellite"], str(row["norad_id"]), row["epoch"][:23].replace("T", " "),
            f"{row['age_days']:.1f}", f"{row['period_min']:.3f}", f"{row['inclination_deg']:.3f}",
            f"{row['eccentricity']:.5f}", f"{row['perigee_km']:.1f}", f"{row['apogee_km']:.1f}",
            f"{row['bstar']:.3e}", row["source"],
        )
        for row in rows
    ]  # fmt: skip
    if cells:
        right = (False, True, False, *(True,) * 7, False)
        print(_say.columns(header, cells, right))


def print_tle(sets: Sequence[StoredSet]) -> None:
    """The sets that fit into a TLE; an error if none does."""
    from offnadir.orbits._tle_write import element_set_to_tle

    troubles: list[InputError] = []
    for one in sets:
        try:
            print("\n".join(element_set_to_tle(one.elements)))
        except InputError as error:
            troubles.append(error)
    if troubles and len(troubles) == len(sets):
        raise InputProblems(troubles[:5])
    warn_rejected([str(error) for error in troubles])


def outcome_row(outcome: Outcome) -> dict[str, Any]:
    """An outcome for scripts."""
    return {
        "query": outcome.query.label,
        "url": outcome.query.url,
        "outcome": outcome.kind,
        "sets": outcome.sets,
        "new": outcome.new,
        "rejected": len(outcome.rejected),
        "note": outcome.note,
    }


def warn_rejected(texts: list[str]) -> None:
    """The first few refusals, and how many more there are."""
    _say.warn(_say.some(texts))


def short(time_text: str) -> str:
    """A time to the second."""
    return time_text[:19].replace("T", " ")


def age(days: float) -> str:
    """So old, in words."""
    from offnadir.orbits.update import duration

    return f"{duration(abs(days) * 86400)} {'old' if days >= 0 else 'ahead'}"
