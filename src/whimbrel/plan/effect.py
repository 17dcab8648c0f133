"""What a step of a plan locks, and about for how long."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from typing import Any

from alembic.operations import ops
from sqlalchemy.exc import CompileError

from ..dialects import USUAL, Effect, without_comments
from .step import Step, Table

ONE_ROW = re.compile(
    r"\bWHERE\s+(?:[\"`]?(?P<table>\w+)[\"`]?\.)?[\"`]?(?P<column>\w+)[\"`]?\s*=\s*(?:\d+|'[^']*')\s*;?\s*$", re.IGNORECASE
)
WORTH_MEASURING = 0.5
"""Seconds, as it would take usually; below, nobody waits for the server's own rates."""


def effects(step: Step, live: Any) -> list[Effect]:
    """Of each statement that has one, with its time; those on tables that the run makes have none.

    What is tried out is tried once, in the order of the run.
    """
    found = []
    if live.connection is None:
        listen(step, live)
    for number, statement in enumerate(step.sql):
        key = (id(step), number)
        if key not in live.effects:
            live.effects[key] = effect_of(statement, live)
        if live.effects[key] is not None:
            found.append(live.effects[key])
    return found


def listen(step: Step, live: Any) -> None:
    """Take what a step says of the columns that it changes for what they are."""
    for op in step.operations:
        if not isinstance(op, ops.AlterColumnOp) or op.existing_type is None:
            continue
        with suppress(CompileError):
            type_ = live.sqla_dialect.type_compiler_instance.process(op.existing_type)
            live.said[live.key((op.schema, op.table_name)), op.column_name] = (type_, op.existing_nullable)


def effect_of(statement: str, live: Any) -> Effect | None:
    """The effect of one statement on a table that is there."""
    statement = without_comments(statement, live.sqla_dialect.name)
    effect: Effect | None = live.dialect.effect_of(statement, live)
    known = None if effect is None or effect.table is None else live.known_as(effect.table)
    if effect is None or known is None:
        return None
    if effect.kind == "rows" and is_about_one_row(statement, known, live):
        return replace(effect, blocks="", work="", seconds=0.0)
    worst_time = timed(replace(effect, work="rewrite"), live).seconds
    if (worst_time is None or worst_time > live.prove_above) and live.has_rows(known):
        effect = live.prove(statement, effect)
    return timed(effect, live)


def is_about_one_row(statement: str, table: Table, live: Any) -> bool:
    """Whether a statement names its only row by the primary key."""
    found = ONE_ROW.search(statement)
    if found is None or found["table"] not in (None, table[1]):
        return False
    return bool(live.primary_key(table) == [found["column"]])


def worst(step: Step, live: Any) -> Effect | None:
    """The one that others notice most."""
    return max(effects(step, live), key=lambda effect: effect.weight, default=None)


def timed(effect: Effect, live: Any) -> Effect:
    """The same with about how long its work takes, and at which rate; without where nobody knows how large the table is."""
    if not effect.work:
        return replace(effect, seconds=0.0)
    size = live.bytes_of(live.known_as(effect.table))
    if size is None:
        return replace(effect, seconds=None)
    work = "rows" if effect.kind == "rows" else effect.work
    measured = live.rates if size / USUAL[work] >= WORTH_MEASURING else None
    rate = (measured or USUAL)[work]
    return replace(effect, seconds=size / rate, rate=rate, basis="measured" if measured else "assumed")
