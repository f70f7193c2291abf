"""`offnadir history`: what an object's orbit did, and where it was pushed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.errors import MISSING, InputError

if TYPE_CHECKING:
    from offnadir.orbits import ElementSet
    from offnadir.orbits.history import Manoeuvre, ObjectHistory

_SHOWN_GAPS = 5


def history(
    elements: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE",
            help="File of element sets with a history: TLE, 3LE, OMM as JSON, XML, KVN or CSV; "
            "gzip too. Repeatable.",
        ),
    ],
    satellite: Annotated[
        str | None,
        typer.Option(
            metavar="NAME_OR_ID", help="The object; may be left out if the files hold just one."
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="UTC", help="Only element sets from this time on.")
    ] = None,
    stop: Annotated[
        str | None, typer.Option(metavar="UTC", help="Only element sets before this time.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw it: .png, .svg or .pdf."),
    ] = None,
) -> None:
    """Tell the history of one object: orbit, decay, repeat cycle, and its manoeuvres.

    Example: offnadir history --elements sentinel3b.tle --figure sentinel3b.png
    """
    from offnadir.orbits.history import object_history

    if figure is not None:
        from offnadir.briefs.history_figure import check_figure_path

        check_figure_path(figure, field="--figure")
    sets = _choose(elements, satellite, start, stop)
    _say.first_use("the search for manoeuvres, some ten seconds")
    told = object_history(sets)
    if json:
        _say.print_json(_document(told))
    else:
        _print_text(told)
    if figure is not None:
        from offnadir.briefs.history_figure import write_history_figure

        write_history_figure(told, figure)
        _say.note(f"wrote {figure}")


def _choose(
    files: list[Path], wanted: str | None, start: str | None, stop: str | None
) -> list[ElementSet]:
    """All sets of the object that is meant, within the times."""
    from offnadir.cli._look_satellites import read_sets
    from offnadir.epoch import Epoch
    from offnadir.orbits import select_satellites

    sets = read_sets(files, near=None)
    names = {one.norad_id: one.name for one in sets}
    if wanted is not None:
        chosen = select_satellites(sets, wanted, field="--satellite")
        names = {one.norad_id: one.name for one in chosen}
    if len(names) > 1:
        few = ", ".join(_say.some([f"{name} ({key})" for key, name in names.items()]))
        wish = "the NORAD number or name of one object"
        raise InputError("--satellite", wanted or MISSING, wish, hint=f"there are {few}")
    sets = [one for one in sets if one.norad_id in names]
    begin = Epoch.from_utc(start, field="--start") if start else None
    end = Epoch.from_utc(stop, field="--stop") if stop else None
    if begin and end and end <= begin:
        raise InputError("--stop", stop, f"later than --start {begin.utc()}")
    kept = [
        one
        for one in sets
        if (begin is None or one.epoch >= begin) and (end is None or one.epoch < end)
    ]
    if not kept:
        epochs = sorted(one.epoch for one in sets)
        wish = f"a time that leaves element sets, which run from {epochs[0].utc(0)} to {epochs[-1].utc(0)}"
        field, value = ("--start", start) if begin and begin > epochs[-1] else ("--stop", stop)
        raise InputError(field, value, wish)
    return kept


def _number(value: float, digits: int) -> float | None:
    """A rounded number for JSON, which knows no NaN."""
    return round(value, digits) if math.isfinite(value) else None


def _document(told: ObjectHistory) -> dict[str, Any]:
    """The history as plain values."""
    from offnadir.units import deg, km

    (last,) = told.table.take(told.table["time"].argsort()[-1:]).rows()
    repeat = told.repeat
    return {
        "satellite": told.satellite,
        "norad_id": told.norad_id,
        "start": told.span.start.utc() if told.span else last["time"],
        "stop": told.span.stop.utc() if told.span else last["time"],
        "element_sets": len(told.table),
        "duplicates_dropped": told.duplicates,
        "wrong_sets_left_out": told.left_out,
        "noise_measured": told.noise_measured,
        "last": {
            "time": last["time"],
            "semi_major_km": round(last["semi_major_m"] / km, 6),
            "mean_height_km": round(last["mean_height_m"] / km, 6),
            "height_above_ellipsoid_km": _number(told.height_m / km, 3),
            "nodal_period_s": round(last["nodal_period_s"], 4),
            "eccentricity": round(last["eccentricity"], 7),
            "inclination_deg": round(last["inclination_rad"] / deg, 6),
            "raan_deg": round(last["raan_rad"] / deg, 6),
            "arg_perigee_deg": round(last["arg_perigee_rad"] / deg, 6),
            "local_time_of_node_h": round(last["local_time_of_node_h"], 5),
        },
        "decay_m_day": _number(told.decay_m_day, 3),
        "local_time_drift_s_day": round(told.local_time_drift_s_day, 4),
        "repeat": {
            "revs": repeat.revs,
            "days": repeat.days,
            "drift_km": round(repeat.drift_m / km, 3),
        },
        "gaps": [
            {"start": gap.start.utc(), "stop": gap.stop.utc(), "days": round(gap.duration_s / 86400, 2)}
            for gap in told.gaps
        ],
        "manoeuvres": [_manoeuvre(one) for one in told.manoeuvres],
        "series": [_row(row) for row in told.table.rows()],
    }  # fmt: skip


def _row(row: dict[str, Any]) -> dict[str, Any]:
    from offnadir.units import deg, km

    return {
        "time": row["time"],
        "semi_major_km": round(row["semi_major_m"] / km, 6),
        "nodal_period_s": round(row["nodal_period_s"], 4),
        "eccentricity": round(row["eccentricity"], 7),
        "inclination_deg": round(row["inclination_rad"] / deg, 6),
        "local_time_of_node_h": round(row["local_time_of_node_h"], 5),
        "miss_radial_m": _number(row["miss_radial_m"], 1),
        "miss_along_m": _number(row["miss_along_m"], 1),
        "miss_cross_m": _number(row["miss_cross_m"], 1),
        "used": row["used"],
    }


def _manoeuvre(one: Manoeuvre) -> dict[str, Any]:
    from offnadir.units import deg

    return {
        "start": one.start.utc(),
        "stop": one.stop.utc(),
        "time": one.time.utc(),
        "time_sigma_s": round(one.time_sigma_s),
        "timed": one.timed,
        "direction": one.direction,
        "delta_v_m_s": _number(one.delta_v_m_s, 6),
        "along_m_s": _number(one.along_m_s, 6),
        "along_sigma_m_s": _number(one.along_sigma_m_s, 6),
        "cross_m_s": _number(one.cross_m_s, 6),
        "cross_sigma_m_s": _number(one.cross_sigma_m_s, 6),
        "radial_m_s": _number(one.radial_m_s, 6),
        "radial_sigma_m_s": _number(one.radial_sigma_m_s, 6),
        "semi_major_change_m": _number(one.semi_major_change_m, 3),
        "period_change_s": _number(one.period_change_s, 6),
        "inclination_change_deg": _number(one.inclination_change_rad / deg, 6),
        "node_change_deg": _number(one.node_change_rad / deg, 6),
        "eccentricity_change": _number(one.eccentricity_change, 9),
        "confidence": _number(one.confidence, 4),
        "sets_after": one.sets_after,
    }


def _print_text(told: ObjectHistory) -> None:
    """A summary, then the manoeuvres."""
    print("\n".join(_summary(told)))
    longest = sorted(told.gaps, key=lambda gap: -gap.duration_s)[:_SHOWN_GAPS]
    for gap in sorted(longest, key=lambda gap: gap.start):
        print(f"  gap              {gap.duration_s / 86400:.0f} days from {gap.start.utc(0)[:10]}")
    if len(told.gaps) > _SHOWN_GAPS:
        print(f"                   and {len(told.gaps) - _SHOWN_GAPS} shorter ones")
    print()
    if not told.manoeuvres:
        print("No manoeuvre stands out of the noise.")
        return
    print(_say.columns(_HEADER, [_cells(one) for one in told.manoeuvres], _RIGHT))
    if any(one.sets_after < 2 for one in told.manoeuvres):
        print("* a single element set shows the new orbit: it may be wrong")


def _summary(told: ObjectHistory) -> list[str]:
    from offnadir.units import deg, km, minute

    table, repeat = told.table, told.repeat
    lost = [f"{told.duplicates} issued again" if told.duplicates else ""]
    lost.append(f"{told.left_out} wrong and left out" if told.left_out else "")
    note = ", ".join(text for text in lost if text)
    sets = _say.count(len(table), "element set") + (f" ({note})" if note else "")
    if told.span:
        sets += f", {told.span.start.utc(0)[:10]} to {told.span.stop.utc(0)[:10]}"
    height = table["mean_height_m"] / km
    local = table["local_time_of_node_h"]
    lines = [
        f"{_name(told)}: {sets}",
        f"  mean height      {height[-1]:.3f} km over the equator's radius "
        f"({height.min():.3f} to {height.max():.3f}), "
        f"{_or_unknown(told.height_m / km, '.1f', ' km')} over the ellipsoid",
        f"  nodal period     {table['nodal_period_s'][-1] / minute:.4f} min, inclination "
        f"{table['inclination_rad'][-1] / deg:.4f} deg, eccentricity {table['eccentricity'][-1]:.6f}",
        f"  decay            {_or_unknown(told.decay_m_day, '+.2f', ' m a day')}",
        f"  ascending node   {_clock(local[0])} mean local time, then {_clock(local[-1])}; "
        f"now {told.local_time_drift_s_day:+.2f} s a day",
        f"  ground track     {repeat.revs} revolutions in {_say.count(repeat.days, 'day')}, "
        f"{abs(repeat.drift_m) / km:.1f} km {'east' if repeat.drift_m >= 0 else 'west'} of itself then",
    ]
    if not told.noise_measured:
        lines.append(
            "  Sets are too few or too far apart to measure their noise: that of usual ones is assumed."
        )
    return lines


def _or_unknown(value: float, form: str, unit: str) -> str:
    return f"{value:{form}}{unit}" if math.isfinite(value) else "unknown"


def _name(told: ObjectHistory) -> str:
    number = f"({told.norad_id})"
    return told.satellite if str(told.norad_id) in told.satellite else f"{told.satellite} {number}"


def _clock(hours: float) -> str:
    minutes = round(hours * 60) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


_HEADER = (
    "time (UTC)", "+- h", "sets from", "to", "dv m/s", "direction", "along mm/s", "cross mm/s",
    "height m", "conf.",
)  # fmt: skip
_RIGHT = (False, True, False, False, True, False, True, True, True, True)


def _cells(one: Manoeuvre) -> tuple[str, ...]:
    star = "*" if one.sets_after < 2 else ""
    return (
        one.time.utc(0)[:16].replace("T", " ") if one.timed else "unknown",
        f"{one.time_sigma_s / 3600:.1f}" if one.timed else "",
        one.start.utc(0)[:10],
        one.stop.utc(0)[:10],
        f"{one.delta_v_m_s:.4f}",
        one.direction,
        _with_sigma(one.along_m_s, one.along_sigma_m_s),
        _with_sigma(one.cross_m_s, one.cross_sigma_m_s),
        f"{one.semi_major_change_m:+.1f}",
        f"{min(one.confidence, 0.9999):.4f}{star}",
    )


def _with_sigma(value_m_s: float, sigma_m_s: float) -> str:
    if not math.isfinite(value_m_s):
        return "unknown"
    digits = 1 if abs(sigma_m_s) < 0.01 else 0
    return f"{value_m_s * 1e3:+.{digits}f} +-{sigma_m_s * 1e3:.{digits}f}"
