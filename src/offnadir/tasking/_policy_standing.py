"""What rules answer whatever the place and the time: asked once for each sort of question, and remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from offnadir.tasking._policy_conditions import Facts
from offnadir.tasking._policy_model import Conditions, Pack, Rule
from offnadir.tasking._policy_question import Question

_MOST_PACKS: Final = 8
_MOST_SORTS: Final = 256
_OWN: Final = ("at", "place_deg", "target", "imaged_at")  # differ from question to question
_NAME: Final = "recipient_name"
_FIELDS: Final = tuple(one.name for one in fields(Question) if one.name not in (*_OWN, _NAME))

#: One rule's answer to one sort of question.
Asks = Callable[[Pack, Rule, Facts], Any]


@dataclass(slots=True)
class _Asked:
    """Packs with what they answered. Their ids are good for as long as they are held here."""

    packs: tuple[Pack, ...]
    names_matter: bool
    answers: dict[Any, Sequence[Any]] = field(default_factory=dict)


_ASKED: Final[dict[tuple[int, ...], _Asked]] = {}


def standing(packs: Sequence[Pack], facts: Facts, ask: Asks) -> Sequence[Any]:
    """What `ask` gives for each rule of all packs, in their order; it may use neither place nor time.

    Whether a rule looks at times says `is_dated`. `ask` is always the same function.
    """
    asked = _ASKED.get(tuple(map(id, packs)))
    if asked is None:
        if len(_ASKED) >= _MOST_PACKS:
            _ASKED.clear()
        names = any(_NAME + "s" in one.asked for p in packs for r in p.rules for one in _all(r))
        asked = _ASKED[tuple(map(id, packs))] = _Asked(tuple(packs), names)
    question = facts.question
    key = (
        facts.imaged_known,
        question.recipient_name if asked.names_matter else None,
        *(getattr(question, name) for name in _FIELDS),
    )
    try:
        found = asked.answers.get(key)
    except TypeError:  # a list where a tuple is meant: it is answered, but not remembered
        return [ask(pack, rule, facts) for pack in packs for rule in pack.rules]
    if found is None:
        if len(asked.answers) >= _MOST_SORTS:
            asked.answers.clear()
        found = [ask(pack, rule, facts) for pack in packs for rule in pack.rules]
        asked.answers[key] = found
    return found


def is_dated(rule: Rule) -> bool:
    """Whether a condition of a rule looks at when a picture was taken."""
    return any(name.startswith("imaged_") for one in _all(rule) for name in one.asked)


def _all(rule: Rule) -> Iterator[Conditions]:
    yield rule.conditions
    for _, sets in (*rule.any_of, *rule.exceptions):
        yield from sets
