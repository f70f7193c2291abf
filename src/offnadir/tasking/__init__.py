"""Tasking: who may have which picture, by which rules."""

from offnadir.tasking.policy import (
    GroundSegment,
    Pack,
    Question,
    Verdict,
    judge,
    public_pack,
    read_pack,
    timeline,
)

__all__ = [
    "GroundSegment",
    "Pack",
    "Question",
    "Verdict",
    "judge",
    "public_pack",
    "read_pack",
    "timeline",
]
