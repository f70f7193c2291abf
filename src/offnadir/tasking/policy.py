"""Restrictions: packs of rules, what they say of a picture, and how that changes with time."""

from offnadir.tasking._policy_judge import judge
from offnadir.tasking._policy_many import Verdicts, judge_many
from offnadir.tasking._policy_model import EFFECTS, STAGES, Operator, Pack, Rule, strictness
from offnadir.tasking._policy_question import GroundSegment, Question
from offnadir.tasking._policy_read import public_pack, read_pack
from offnadir.tasking._policy_timeline import Piece, timeline
from offnadir.tasking._policy_verdict import NOT_LEGAL_ADVICE, Finding, TraceLine, Verdict

__all__ = [
    "EFFECTS",
    "NOT_LEGAL_ADVICE",
    "STAGES",
    "Finding",
    "GroundSegment",
    "Operator",
    "Pack",
    "Piece",
    "Question",
    "Rule",
    "TraceLine",
    "Verdict",
    "Verdicts",
    "judge",
    "judge_many",
    "public_pack",
    "read_pack",
    "strictness",
    "timeline",
]
