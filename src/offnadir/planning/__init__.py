"""Planning: a mission file in, a checked collection plan out."""

from offnadir.planning.checker import CheckResult, check_plan
from offnadir.planning.mission import load_mission, mission_from_table
from offnadir.planning.model import Mission
from offnadir.planning.plan import Plan, make_plan

__all__ = [
    "CheckResult",
    "Mission",
    "Plan",
    "check_plan",
    "load_mission",
    "make_plan",
    "mission_from_table",
]
