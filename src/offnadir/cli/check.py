"""`offnadir check`: does a plan keep every rule? Whoever made it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.cli._documents import read_document
from offnadir.errors import OffnadirError

if TYPE_CHECKING:
    from offnadir.planning import CheckResult

_MARKS = {"kept": "✓", "broken": "✗", "not_checked": "?", "not_applicable": "-"}
_PLAIN = {"kept": "ok", "broken": "NO", "not_checked": "?", "not_applicable": "-"}
_BROKEN = 1


class NoPlanError(OffnadirError):
    """The file holds something, but no plan."""

    exit_code = 2


def check(
    plan: Annotated[Path, typer.Argument(metavar="PLAN.json", help="A plan, of whomever.")],
    previous: Annotated[
        Path | None,
        typer.Option(metavar="OLD.json", help="The plan before: what is frozen must stand in it."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Show every violation, not the first few.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what became of each rule.")] = False,
) -> None:
    """Check a plan against every rule, from its element sets alone; nothing that it states is believed.

    The exit code is 0 if it stands, 1 if it breaks a rule, 2 if the file is no plan.
    """
    from offnadir.planning import check_plan

    document = read_document(plan)
    before = None if previous is None else read_document(previous)
    result = check_plan(document, previous=before)
    if json:
        _say.print_json(_as_json(plan, result))
    if result.rules[0].violations:
        troubles = (f"{plan}: {text}" for text in _first(result.rules[0].violations, every))
        raise NoPlanError("\n".join(troubles))
    if not json:
        print(_table(result))
        for line in _details(result, every):
            print(line)
        print(f"\n{_verdict(plan, result)}")
    if not result.passed:
        raise typer.Exit(_BROKEN)


def _as_json(path: Path, result: CheckResult) -> dict[str, Any]:
    told = result.to_json()
    for entry, rule in zip(told["rules"], result.rules, strict=True):
        entry["verdict"] = rule.verdict
    return {"plan": str(path), **told}


def _first(texts: tuple[str, ...], every: bool) -> list[str]:
    return list(texts) if every else list(_say.some(texts))


def _table(result: CheckResult) -> str:
    marks = _MARKS if _can_print("".join(_MARKS.values())) else _PLAIN
    rows = [
        (marks[rule.verdict], rule.id, str(rule.checked) if rule.checked else "", rule.title)
        for rule in result.rules
    ]
    return _say.columns(
        ("", "rule", "checked", "what must hold"), rows, (False, False, True, False)
    )


def _can_print(text: str) -> bool:
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _details(result: CheckResult, every: bool) -> list[str]:
    lines = []
    for rule in result.rules:
        if rule.violations:
            lines += ["", f"{rule.id}: {_say.count(len(rule.violations), 'violation')}"]
            lines += [f"  {text}" for text in _first(rule.violations, every)]
    if result.unchecked:
        lines += ["", "could not be checked:"]
        lines += [f"  {text}" for text in _first(result.unchecked, every)]
    idle = [rule.id for rule in result.rules if rule.verdict == "not_applicable"]
    if idle:
        lines += ["", f"not applicable, since nothing asks for them: {', '.join(idle)}"]
    return lines


def _verdict(path: Path, result: CheckResult) -> str:
    broken = [rule for rule in result.rules if rule.violations]
    if broken:
        violations = sum(len(rule.violations) for rule in broken)
        return (
            f"{path} does not stand: {_say.count(violations, 'violation')} of "
            f"{_say.count(len(broken), 'rule')}"
        )
    checks = sum(rule.checked for rule in result.rules)
    kept = sum(rule.checked > 0 for rule in result.rules)
    rest = f", but not all could be checked: {_say.count(len(result.unchecked), 'note')} above"
    return (
        f"{path} stands: {_say.count(kept, 'rule')}, {_say.count(checks, 'check')}"
        f"{rest if result.unchecked else ''}"
    )
