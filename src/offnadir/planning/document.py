"""The plan document: what stands in plan.json (schema in docs/reference/plan-json.md)."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from offnadir import __version__
from offnadir._table import Table
from offnadir.earth import SunTable
from offnadir.epoch import Epoch
from offnadir.orbits import Ephemeris
from offnadir.planning._delivery import Delivery, Written, deliver
from offnadir.planning._document_curves import (
    Stretch,
    battery_points,
    memory_points,
    slews_to,
    thermal_points,
)
from offnadir.planning._document_fleet import rule_entries, satellite_entry, station_entry
from offnadir.planning._document_pictures import (
    KBIT_PER_GBIT,
    changes,
    collection_entries,
    written,
)
from offnadir.planning._document_requests import offered_to, request_entry
from offnadir.planning.build import Built
from offnadir.planning.model import Mission, Satellite
from offnadir.planning.opportunities import Pictures
from offnadir.planning.problem import Schedule
from offnadir.planning.reasons import Explained
from offnadir.units import Gbit, deg

SCHEMA = "offnadir.plan/1"
SOLVER = "neighbourhood search beside a bound"
_MS = 1_000_000


def plan_document(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    opportunities: Table,
    contacts: Table,
    built: Built,
    schedule: Schedule,
    pictures: Pictures,
    explained: Explained,
    previous: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything about a plan in plain numbers and texts, without the checker's verdict."""
    recorded = written(built, pictures)
    draws = any(s.battery is not None and s.battery.downlink_w > 0 for s in mission.satellites)
    delivery = deliver(built.problem, recorded, schedule.contact, free=not draws)
    collections = collection_entries(
        mission, ephemerides, sun, built, pictures, contacts, recorded, delivery
    )
    for i, displaced in explained.displaced.items():
        collections[i]["displaced"] = [
            {"request": one.request, "value": one.value, "text": one.text} for one in displaced
        ]
    offered = offered_to(mission, opportunities["request_index"].tolist())
    curves = _Curves(mission, built, pictures, recorded, delivery)
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "offnadir_version": __version__,
        "mission": {"name": mission.name, "sha256": mission.sha256},
        "span": {"start": mission.span.start.utc(), "stop": mission.span.stop.utc()},
        "satellites": [
            satellite_entry(satellite, mission, float(built.orbit_period_s[s]))
            for s, satellite in enumerate(mission.satellites)
        ],
        "stations": [station_entry(station) for station in mission.stations],
        "requests": [
            request_entry(
                request,
                offered[r],
                collections,
                explained.reasons.get(r),
                built.strips.get(r, ()),
                explained.left_out.get(r, ()),
            )
            for r, request in enumerate(mission.requests)
        ],
        "collections": collections,
        "contacts": _contacts(contacts, built, delivery),
        "memory": [curves.memory(s, one) for s, one in enumerate(mission.satellites)],
        "result": _result(mission, opportunities, built, schedule, collections, previous),
        "warnings": [*mission.warnings, *built.warnings, *_solver_warnings(schedule)],
    }
    document |= rule_entries(mission) | curves.more()
    if previous is not None:
        document["previous"] = {"sha256": document_sha256(previous)}
    return document


def document_sha256(document: Mapping[str, Any]) -> str:
    """SHA-256 of a plan document: that of plan.json, if offnadir wrote it."""
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    return hashlib.sha256(text.encode()).hexdigest()


def _solver_warnings(schedule: Schedule) -> list[str]:
    if schedule.repeatable:
        return []
    return [
        "the search was ended before its work was done, by the clock or by hand: another run may choose "
        "otherwise"
    ]


def _result(
    mission: Mission,
    opportunities: Table,
    built: Built,
    schedule: Schedule,
    collections: Sequence[Mapping[str, Any]],
    previous: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Value and bound of the plain sum; where the search had another goal, that with its own bound."""
    value = round(math.fsum(c["value"] for c in collections), 6)
    is_best = schedule.value == schedule.bound
    status = "optimal" if is_best else "feasible"
    if not len(built.problem.options):
        status = "nothing_to_take"
    bound = gap = None
    if built.is_plain:
        bound = value if is_best else max(round(schedule.bound / built.scale, 6), value)
        gap = round((bound - value) / bound, 9) if bound > 0 else 0.0
    result: dict[str, Any] = {
        "value": value,
        "bound": bound,
        "gap": gap,
        "status": status,
        "seed": mission.solver.seed,
        "time_limit_s": mission.solver.time_limit_s,
        "start_step_s": mission.solver.start_step_s,
        "candidates": len(built.problem.options),
        "opportunities": len(opportunities),
        "solver": SOLVER,
    }
    if not built.is_plain:
        result["objective"] = {
            "value": schedule.value / built.scale,
            "bound": schedule.bound / built.scale,
            "gap": round(schedule.gap, 9),
        }
    tiers = sorted({request.tier for request in mission.requests})
    if len(tiers) > 1:
        tier = {request.name: request.tier for request in mission.requests}
        result["tiers"] = [
            {
                "tier": t,
                "value": round(
                    math.fsum(c["value"] for c in collections if tier[c["request"]] == t), 6
                ),
            }
            for t in tiers
        ]
    if previous is not None:
        result["changes"] = changes(mission, previous, collections)
    return result


def _contacts(contacts: Table, built: Built, delivery: Delivery) -> list[dict[str, Any]]:
    rows = built.contact_row[delivery.contact].tolist()
    sent = dict(zip(rows, delivery.sent_kbit.tolist(), strict=True))
    return [
        {
            "id": f"K{i + 1:04d}",
            "satellite": row["satellite"],
            "station": row["site"],
            "start": row["start"],
            "stop": row["stop"],
            "max_elevation_deg": round(row["max_elevation_rad"] / deg, 6),
            "used": i in sent,
            "downlinked_gbit": sent.get(i, 0) / KBIT_PER_GBIT,
        }
        for i, row in enumerate(contacts.rows())
    ]


class _Curves:
    """Levels over time of each satellite."""

    def __init__(
        self,
        mission: Mission,
        built: Built,
        pictures: Pictures,
        recorded: Written,
        delivery: Delivery,
    ) -> None:
        self._mission, self._built, self._pictures = mission, built, pictures
        self._recorded, self._delivery = recorded, delivery
        self._zero = mission.span.start.tai_ns
        self._span_ms = (mission.span.stop.tai_ns - self._zero) / _MS

    def memory(self, s: int, satellite: Satellite) -> dict[str, Any]:
        """Up during pictures, down during contacts once they are set up."""
        rec = self._recorded
        mine = rec.satellite == s
        moves = [
            (float(start), float(stop), int(volume))
            for start, stop, volume in zip(
                rec.start_ms[mine], rec.stop_ms[mine], rec.volume_kbit[mine], strict=True
            )
        ]
        moves += [(start, stop, -sent) for start, stop, sent in self._sending(s)]
        points = memory_points(moves)
        return {
            "satellite": satellite.name,
            "capacity_gbit": satellite.memory_bit / Gbit,
            "points": [
                [self._utc(ms), max(round(level / KBIT_PER_GBIT, 6), 0.0)] for ms, level in points
            ],
        }

    def more(self) -> dict[str, Any]:
        """`battery` and `thermal`, for satellites that have one."""
        found: dict[str, Any] = {}
        for s, satellite in enumerate(self._mission.satellites):
            if satellite.battery is not None:
                points = self._battery(s, satellite)
                found.setdefault("battery", []).append(
                    {
                        "satellite": satellite.name,
                        "capacity_wh": satellite.battery.capacity_wh,
                        "points": [[self._utc(ms), round(level, 6)] for ms, level in points],
                    }
                )
            if satellite.thermal is not None:
                points = thermal_points(satellite.thermal, self._span_ms, self._imaging(s))
                found.setdefault("thermal", []).append(
                    {
                        "satellite": satellite.name,
                        "max_rise_k": satellite.thermal.max_rise_k,
                        "points": [[self._utc(ms), round(rise, 6)] for ms, rise in points],
                    }
                )
        return found

    def _utc(self, ms: float) -> str:
        return Epoch(self._zero + round(ms * _MS)).utc()

    def _sending(self, s: int) -> list[tuple[float, float, int]]:
        """When contacts send, from when they are set up, and how much [kbit]."""
        k = self._built.problem.contacts
        found = []
        for contact, sent in zip(
            self._delivery.contact.tolist(), self._delivery.sent_kbit.tolist(), strict=True
        ):
            if k.satellite[contact] == s:
                setup_ms = 1e3 * self._mission.stations[int(k.station[contact])].setup_s
                stop = float(k.stop_ms[contact])
                start = min(float(k.start_ms[contact]) + setup_ms, stop - 1.0)
                found.append((start, stop, sent))
        return found

    def _imaging(self, s: int) -> list[Stretch]:
        mine = self._pictures.satellite == s
        return list(
            zip(
                self._pictures.start_ms[mine].astype(float).tolist(),
                self._pictures.stop_ms[mine].astype(float).tolist(),
                strict=True,
            )
        )

    def _battery(self, s: int, satellite: Satellite) -> list[tuple[float, float]]:
        if satellite.battery is None:
            return []
        mine = self._pictures.satellite == s
        p, k = self._pictures, self._built.problem.contacts
        slewing: list[Stretch] = []
        if satellite.battery.slew_w > 0.0:
            blocked = [
                ((b.start.tai_ns - self._zero) / _MS, (b.stop.tai_ns - self._zero) / _MS)
                for b in satellite.blocked
            ]
            slewing = slews_to(
                satellite,
                p.start_ms[mine],
                p.stop_ms[mine],
                p.los_start[mine],
                p.los_stop[mine],
                blocked,
            )
        used = self._delivery.contact[k.satellite[self._delivery.contact] == s]
        sending = [(float(k.start_ms[i]), float(k.stop_ms[i])) for i in used.tolist()]
        sunlit = self._built.sunlit_ms[s].astype(float).tolist()
        return battery_points(
            satellite.battery,
            self._span_ms,
            sunlit=[(a, b) for a, b in sunlit],
            imaging=self._imaging(s),
            slewing=slewing,
            sending=sending,
        )
