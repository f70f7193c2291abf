"""How the answer changes with time: pieces of time over which it stays the same."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from offnadir.epoch import Epoch, Span
from offnadir.tasking._policy_judge import Hold, Outcome, facts_of, hold_of, outcome_of
from offnadir.tasking._policy_model import A_RESTRICTION, Pack, strictness
from offnadir.tasking._policy_question import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """From `start` up to `stop` the answer stays the same, by these rules."""

    start: Epoch
    stop: Epoch
    effect: str
    sure_effect: str
    gsd_m: float | None
    rules: tuple[str, ...]

    @property
    def is_released(self) -> bool:
        """Whether the picture may be had during this piece, perhaps in a coarser form."""
        return strictness(self.effect) < strictness("delay")


def timeline(
    packs: Sequence[Pack], question: Question, span: Span, *, public: bool = True
) -> tuple[Piece, ...]:
    """The answers to a question as `at` runs through a span: pieces without gaps, each unlike the next.

    A picture of a known `imaged_at` grows older on the way; one without is always fresh. With `public`,
    private packs are told of as in `Verdict.public`, and no instant at which one of them changes anything:
    if they change the outcome anywhere, there is one piece, "a restriction".
    """
    pieces = _pieces(packs, question, span)
    shown = [pack for pack in packs if not pack.is_private]
    if not public or len(shown) == len(packs):
        return pieces
    open_pieces = _pieces(shown, question, span)
    if _felt(open_pieces) == _felt(pieces):
        return open_pieces
    worst = max(pieces, key=lambda one: strictness(one.effect))
    effect = "degrade" if worst.is_released else "deny"
    return (
        Piece(
            start=span.start,
            stop=span.stop,
            effect=effect,
            sure_effect=effect,
            gsd_m=None,
            rules=(A_RESTRICTION,),
        ),
    )


def _felt(pieces: Sequence[Piece]) -> list[tuple[object, ...]]:
    merged: list[tuple[object, ...]] = []
    for one in pieces:
        effect = "allow" if one.effect == "notify" else one.effect
        sure = "allow" if one.sure_effect == "notify" else one.sure_effect
        if not merged or merged[-1][1:] != (effect, sure, one.gsd_m):
            merged.append((one.start, effect, sure, one.gsd_m))
    return merged


def _pieces(packs: Sequence[Pack], question: Question, span: Span) -> tuple[Piece, ...]:
    facts = facts_of(packs, question)
    holds = [
        one
        for pack in packs
        for rule in pack.rules
        for one in [hold_of(pack, rule, facts, always_fresh=question.imaged_at is None)]
        if one.state is not False and one.start < span.stop.tai_ns and one.stop > span.start.tai_ns
    ]
    inside = {
        t
        for one in holds
        for t in (one.start, one.stop)
        if span.start.tai_ns < t < span.stop.tai_ns
    }
    edges = [span.start.tai_ns, *sorted(inside), span.stop.tai_ns]
    result: list[Piece] = []
    for start, stop in itertools.pairwise(edges):
        binding = [one for one in holds if one.start <= start < one.stop]
        piece = _piece(Epoch(start), Epoch(stop), outcome_of(binding), binding)
        if result and replace(result[-1], start=piece.start, stop=piece.stop) == piece:
            result[-1] = replace(result[-1], stop=piece.stop)
        else:
            result.append(piece)
    return tuple(result)


def _piece(start: Epoch, stop: Epoch, outcome: Outcome, binding: Sequence[Hold]) -> Piece:
    rules = tuple(sorted(f"{one.pack.name}: {one.rule.rule_id}" for one in binding))
    return Piece(
        start=start,
        stop=stop,
        effect=outcome.effect,
        sure_effect=outcome.sure_effect,
        gsd_m=outcome.gsd_m,
        rules=rules,
    )
