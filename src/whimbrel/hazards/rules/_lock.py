"""What rules about locks have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...dialects import Effect
from ...plan.effect import effects
from ...plan.step import Table, shown
from ..live import numbered
from ..rule import Case, Found, Look

VERBS = {"scan": "it is read whole", "build": "an index is built", "rewrite": "it is written anew"}
WHOM = {"reads": "nobody reads or writes", "writes": "nobody writes"}


def waits(*kinds: str, safe: Callable[[Case], str | None] = lambda case: None) -> Look:
    """Finds statements of these kinds for which others wait longer than the limit, or nobody knows how long."""

    def look(case: Case) -> Iterator[Found]:
        effect = case.effect
        if effect is None or effect.kind not in kinds or not (effect.work and effect.blocks) or effect.table is None:
            return
        if case.op is not (case.step.operations or (None,))[0]:
            return
        if effect.seconds is not None and effect.seconds <= case.limit:
            return
        known = case.live.known_as(effect.table) or effect.table
        if not case.live.has_rows(known):
            return
        rows = case.live.rows(known)
        size = f" ({numbered(rows, 'row')})" if rows is not None else ""
        time = f" for about {duration(effect.seconds)}" if effect.seconds is not None else " for as long as it is large"
        blocks = "reads" if is_held_already(case, effect) else effect.blocks
        message = f"{shown(effect.table)}{size}: {WHOM[blocks]} it{nor(effect, blocks)}{time} while {VERBS[effect.work]}"
        yield Found(shown(effect.table), message, safe(case))

    return look


def nor(effect: Effect, blocks: str) -> str:
    """The other tables, as they follow who cannot use the first; to which a new foreign key points can be read."""
    names = " and ".join(map(shown, effect.others)) if effect.kind in ("foreign key", "domain", "type") else ""
    if not names:
        return ""
    return f", and nobody writes {names}," if effect.kind == "foreign key" and blocks == "reads" else f", nor {names}"


def is_held_already(case: Case, effect: Effect) -> bool:
    """Whether the transaction has locked the table against everybody before."""
    if not case.live.dialect.ddl_rolls_back or case.step.outside:
        return False
    here = effects(case.step, case.live)
    before = [held for step in case.earlier if not step.outside for held in effects(step, case.live)]
    before += here[: here.index(effect)] if effect in here else []
    return any(held.blocks == "reads" and effect.table in locked(held) for held in before)


def locked(effect: Effect) -> tuple[Table, ...]:
    """The tables that a statement locks against the same people."""
    others = effect.others if effect.kind in ("alter", "drop table", "lock", "truncate", "type") else ()
    return others if effect.table is None else (effect.table, *others)


def duration(seconds: float) -> str:
    """A time in words."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"
