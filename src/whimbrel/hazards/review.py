"""Judge a plan: every rule looks at every operation, in the order of the run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from .. import _registry
from .._python import parsed
from ..plan.effect import worst
from ..plan.step import Planned, Step
from ..revisions.read import source_of
from ..revisions.text import lines_of
from .consent import accepts_of
from .finding import Finding, Severity
from .live import Live
from .rule import Case, Rule

IGNORED = "ignored on its line"
IGNORE = re.compile(r"#\s*whimbrel:\s*ignore\[([\w\-, ]+)\]")
MEANT = re.compile(r"#\s*whimbrel:\s*ignore\b.*", re.IGNORECASE)
"""What looks like it."""


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its code. Raises TypeError where two have the same."""
    found: dict[str, Rule] = {}
    every = [_registry.load("hazards.rules", name, "rule") for name in _registry.names("hazards/rules")]
    every += [point.load() for point in _registry.foreign("hazards.rules").values()]
    for rule in every:
        if rule.code in found:
            raise TypeError(f"The rule {rule.code} is registered twice")
        found[rule.code] = rule
    return found


def review(
    plan: Iterable[Planned],
    live: Live,
    *,
    severities: Collection[Severity] = ("danger", "lock", "notice"),
    limit: float = 2.0,
    accepted: Collection[str] = (),
    database: str = "",
) -> Iterator[Finding]:
    """What is hazardous in a plan, with the consent that revisions give.

    limit: for how many seconds others may wait. accepted: keys that were accepted for this run. database: its name in env.py.
    """
    for planned in plan:
        how: dict[str, Any] = {"severities": severities, "limit": limit, "accepted": accepted, "database": database}
        for _, findings in judged(planned, live, **how):
            yield from findings


def judged(
    planned: Planned,
    live: Live,
    *,
    severities: Collection[Severity] = ("danger", "lock", "notice"),
    limit: float = 2.0,
    accepted: Collection[str] = (),
    database: str = "",
) -> Iterator[tuple[Step, list[Finding]]]:
    """Each step of one revision with what the rules find in it; what its line says to ignore is accepted."""
    chosen = [rule for rule in rules().values() if rule.severity in severities and live.dialect.kind in rule.on]
    chosen.sort(key=lambda rule: rule.gives_way)
    has_locks = any(rule.severity == "lock" for rule in chosen)
    given = accepts_of(planned.revision.path)
    earlier: list[Step] = []
    for step in planned.steps:
        effect = worst(step, live) if has_locks else None
        ignored = ignored_in(step.line)
        found: list[Finding] = []
        for op in step.operations or (None,):
            if live.connection is not None and live.may_be_there(op):
                continue
            case = Case(live, planned, step, op, effect, limit, tuple(earlier))
            of_this: list[Finding] = []
            for rule in chosen:
                by_line = IGNORED if rule.code in ignored else None
                if not rule.gives_way or all(each.object == planned.revision.id for each in of_this):
                    named = (replace(each, database=database) for each in rule.findings(case))
                    of_this += [consented(each, accepted, given, by_line) for each in named]
            found += of_this
        yield step, found
        if step.why is not None:
            live.is_uncertain = True  # what it may do does not count as done
        else:
            for op in step.operations:
                live.follow_operation(op)
            for sql in step.sql:
                live.follow_statement(sql)
        earlier.append(step)


def consented(finding: Finding, accepted: Collection[str], given: Mapping[str, str], by_line: str | None) -> Finding:
    """A finding with the consent that there is: of its line, of this run or of its file."""
    if by_line is not None:
        return replace(finding, accepted=by_line)
    for key in (finding.full_key, finding.short_key):
        if key in accepted:
            return replace(finding, accepted="", accepted_as=key)
    for key in (finding.full_key, finding.short_key):
        if key in given:
            return replace(finding, accepted=given[key], accepted_as=key)
    return finding


def ignores_of(path: Path) -> frozenset[str]:
    """The codes that some line of a file says to ignore, but for those of downgrade(), which nobody reviews."""
    return frozenset(code for text in remarks_of(path) for code in ignored_in(text))


def unclear_ignores_of(path: Path) -> list[str]:
    """The comments of a file that look as if they were about that, and say nothing."""
    return [text for text in remarks_of(path) if not ignored_in(text)]


def remarks_of(path: Path) -> list[str]:
    """The comments of a file that are for us; not those of downgrade()."""
    source = source_of(path) or ""
    if not MEANT.search(source):
        return []
    downgrade = next((each for each in parsed(source).body if getattr(each, "name", "") == "downgrade"), None)
    rows = range(downgrade.lineno, (downgrade.end_lineno or 0) + 1) if downgrade is not None else ()
    found = enumerate(lines_of(source), start=1)
    return [match[0] for number, text in found if number not in rows and (match := MEANT.search(text))]


def ignored_in(line: str) -> frozenset[str]:
    """The codes that the line of a step says to ignore."""
    found = IGNORE.search(line)
    return frozenset(code.strip() for code in found[1].split(",")) if found else frozenset()
