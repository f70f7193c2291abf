"""The two questions that every order has to pass: who is behind it, and may the place be imaged for them?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.tasking._contracts import HitLike, ScreenerLike, VerdictLike
from offnadir.tasking._holds import Cause, key_of
from offnadir.tasking._order import Order
from offnadir.tasking._parties import Named

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk
    from offnadir.tasking._people import Customer

Roled = tuple[str, Named]
_STRICTNESS: Final = ("allow", "notify", "degrade", "delay", "permit", "deny")
#: What a digest is called when there is no list at all.
NO_LIST: Final = "no list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the restrictions say of an order or a product, over all who would have it.

    `outcome` is "pass", "hold" or "deny"; `told` are sentences for the customer, `causes` what a releaser
    has to decide. `gsd_m` is the finest that may be delivered, `until` when it may be.
    """

    outcome: str
    effect: str
    told: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    gsd_m: float | None = None
    until: Epoch | None = None
    document: Mapping[str, Any] = field(default_factory=dict)


def parties_of(customer: Customer, order: Order) -> list[Roled]:
    """All whom an order would serve, with what each is to it; nobody twice."""
    found: list[Roled] = [("customer", customer.named)]
    if order.end_user is not None:
        found.append(("end user", order.end_user))
    found += [("beneficiary", one) for one in order.beneficiaries]
    once: dict[Named, str] = {}
    for role, one in found:
        once.setdefault(one, role)
    return [(role, one) for one, role in once.items()]


def screened_with(screener: ScreenerLike | None) -> str:
    """A digest of the lists and the threshold: whoever was screened with the same need not be again."""
    if screener is None:
        return NO_LIST
    return key_of(sorted(screener.lists), repr(float(screener.threshold)))


def screen_all(
    screener: ScreenerLike | None, parties: Sequence[Named]
) -> dict[Named, tuple[Cause, ...]]:
    """The possible matches of each party with each list, as causes to hold.

    A party that screening cannot take (an old order, a name without letters) is a cause as well: somebody
    has to look.
    """
    if screener is None:
        document = {"words": "no sanctions list was given, so nobody could be screened"}
        cause = Cause(kind="not_screened", key=key_of(NO_LIST), document=document)
        return dict.fromkeys(parties, (cause,))
    found: dict[Named, tuple[Cause, ...]] = {}
    asked: list[Named] = []
    questions = []
    for named in dict.fromkeys(parties):
        try:
            questions.append(named.party())
            asked.append(named)
        except InputError as error:
            found[named] = (_not_taken(named, screened_with(screener), error),)
    for named, screening in zip(asked, screener.screen_many(questions), strict=True):
        found[named] = tuple(_match(named, hit) for hit in screening.hits)
    return found


def _not_taken(named: Named, digest: str, error: InputError) -> Cause:
    reasons = [f"cannot be screened: {error}"]
    document = {"party": named.document(), "reasons": reasons}
    return Cause(kind="screening", key=key_of(named.document(), digest), document=document)


def _match(named: Named, hit: HitLike) -> Cause:
    document: dict[str, Any] = {
        "party": named.document(),
        "list": hit.list_name,
        "list_date": hit.list_date,
        "list_sha256": hit.list_sha256,
        "reference": hit.reference,
        "entry": hit.entry_name,
        "matched": hit.matched_name,
        "score": f"{hit.score:.3f}",
        "reasons": list(hit.reasons),
    }
    key = key_of(named.document(), hit.list_name, hit.list_sha256, hit.reference)
    return Cause(kind="screening", key=key, document=document)


def screen(screener: ScreenerLike | None, parties: Sequence[Roled]) -> list[Cause]:
    """The same for those of one order, with what each is to it."""
    return with_roles(parties, screen_all(screener, [named for _, named in parties]))


def with_roles(parties: Sequence[Roled], found: Mapping[Named, Sequence[Cause]]) -> list[Cause]:
    """Causes of the parties of one order, each one once."""
    causes: dict[str, Cause] = {}
    for role, named in parties:
        for cause in found[named]:
            document = (
                {"role": role, **cause.document} if cause.kind == "screening" else cause.document
            )
            causes.setdefault(cause.key, replace(cause, document=document))
    return list(causes.values())


def rule_on(
    desk: Desk,
    stage: str,
    order: Order,
    parties: Sequence[Roled],
    at: Epoch,
    product: Mapping[str, Any],
) -> Ruling:
    """What the restrictions say: asked for each who would have the picture; the strictest counts.

    At order a rule that binds only if facts are so which nobody knows yet (the satellite, its operator) does
    not hold the order unless it would forbid it; at delivery every rule that may bind counts.
    """
    verdicts = [
        desk.judge(desk.packs, _question(desk, stage, order, one, at, product)) for one in parties
    ]
    effect = max((verdict.effect for verdict in verdicts), key=_STRICTNESS.index)
    sure = max((verdict.sure_effect for verdict in verdicts), key=_STRICTNESS.index)
    strictest = next(verdict for verdict in verdicts if verdict.effect == effect)
    told: dict[str, None] = {}
    for verdict in verdicts:
        told.update(dict.fromkeys(_told(verdict.public())))
    ends = [verdict.until for verdict in verdicts if verdict.effect == "delay"]
    until = max((end for end in ends if end is not None), default=None)
    until = None if None in ends else until
    outcome = _outcome(stage, effect, sure)
    causes: tuple[Cause, ...] = ()
    if outcome == "hold":
        causes = (_cause(stage, effect, strictest, tuple(told), until),)
    limits = [verdict.gsd_m for verdict in verdicts if verdict.gsd_m is not None]
    return Ruling(
        outcome=outcome,
        effect=effect,
        told=tuple(told),
        causes=causes,
        gsd_m=max(limits, default=None),
        until=until,
        document={"effect": effect, "sure_effect": sure, "packs": _packs(strictest)},
    )


def _told(public: VerdictLike) -> Iterator[str]:
    """What binds, or may bind and is as strict as the whole answer; the strictest first."""
    for one in sorted(public.findings, key=lambda one: -_STRICTNESS.index(one.effect)):
        if one.effect == "notify" or not (one.is_sure or one.effect == public.effect):
            continue
        whose = f"{one.title} ({one.authority}): " if one.authority else ""
        may = "" if one.is_sure else "may bind: "
        yield f"{may}{whose}{one.words}".rstrip(".") + "."


def _outcome(stage: str, effect: str, sure: str) -> str:
    if sure == "deny":
        return "deny"
    if stage == "order":
        return "hold" if sure == "permit" or effect == "deny" else "pass"
    return "hold" if effect in ("delay", "permit", "deny") else "pass"


def _cause(
    stage: str, effect: str, verdict: VerdictLike, told: Sequence[str], until: Epoch | None
) -> Cause:
    rules = sorted(f"{one.pack}/{one.rule_id}" for one in verdict.findings)
    packs = _packs(verdict)
    document = {
        "stage": stage,
        "effect": effect,
        "rules": rules,
        "words": " ".join(verdict.sentences()),
        "told": list(told),
        "packs": packs,
    }
    kind = "delay" if effect == "delay" and until is not None else "permit"
    key = key_of(stage, effect, rules, [one["sha256"] for one in packs])
    return Cause(kind=kind, key=key, document=document, until=until if kind == "delay" else None)


def _packs(verdict: VerdictLike) -> list[dict[str, str]]:
    return [
        {"name": one.name, "version": one.version, "sha256": one.sha256} for one in verdict.packs
    ]


def _question(
    desk: Desk, stage: str, order: Order, party: Roled, at: Epoch, product: Mapping[str, Any]
) -> Any:
    """The question for one who would have the picture; what is not known is left open."""
    import shapely

    from offnadir.tasking.policy import Question

    named = party[1]
    place: Any = product.get("place")
    if not place and order.place["type"] == "Point":
        place = tuple(order.place["coordinates"])
    else:
        place = shapely.geometry.shape(place or order.place)
    facts: dict[str, Any] = {
        "kind": order.looks.kind,
        "recipient_name": named.name,
        "recipient_country": named.country or None,
        "recipient_kind": named.sector or None,
        **desk.operator,
        **{key: value for key, value in product.items() if key not in ("id", "place")},
    }
    return Question(stage=stage, at=at, place_deg=place, **facts)
