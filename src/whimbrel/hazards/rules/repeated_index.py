"""An index repeats one that is there, or has a column twice.

Every INSERT and UPDATE keeps both of them, and no query is faster for it. A primary key and a unique constraint have an index,
which serves for the first of its columns, too.

Leave it out; or drop the other one in the same revision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import Table, shown, table_of
from ...plan.words import NAME
from ..live import Live
from ..rule import Case, Found, Rule

NOTHING = ("None", "False", "[]", "{}", "btree")
NOTHING_ELSE = re.compile(rf"[^()]\(\s*{NAME}(\s*,\s*{NAME})*\s*\)\s*;?\s*$")


def look(case: Case) -> Iterator[Found]:
    """CreateIndexOp on a table with rows, over nothing but columns."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, ops.CreateIndexOp) or table is None or not is_ordinary(case) or not op.columns:
        return
    if not all(isinstance(each, str) for each in op.columns) or not live.has_rows(table):
        return
    columns = [str(each) for each in op.columns]
    twice = next((each for each in columns if columns.count(each) > 1), None)
    if twice:
        yield Found(str(op.index_name), f"{op.index_name} has {twice} twice")
        return
    known = [live.column_known_as(table_of(op) or table, name) for name in columns]
    if live.connection is None or None in known:
        return
    gone = live.gone | dropped_in(case)
    for name, there, is_unique, is_key in existing(live, table):
        if name in gone:
            continue
        if name == op.index_name:
            return  # it is there, or that fails
        is_same = there == known and (is_unique or not op.unique)
        if is_same or (is_key and not op.unique and there[: len(known)] == known):
            what = "has the same columns" if there == known else f"begins with {'them' if len(known) > 1 else 'it'}"
            listed = f"{shown(table)} ({', '.join(columns)})"
            yield Found(str(op.index_name), f"{op.index_name} is an index on {listed}, and {name or 'the primary key'} {what}")
            return


def is_ordinary(case: Case) -> bool:
    """Whether an index has no condition, method, order or length of its own."""
    options = {key for key, value in case.op.kw.items() if str(value) not in NOTHING} - {
        "postgresql_concurrently",
        "if_not_exists",
    }
    return not options and all(NOTHING_ELSE.search(statement) for statement in case.step.sql)


def existing(live: Live, table: Table) -> Iterator[tuple[str, list[str], bool, bool]]:
    """Ordinary indexes: name, columns, whether they are unique, whether they belong to a constraint."""
    inspector = live.inspector
    key = inspector.get_pk_constraint(table[1], schema=table[0])
    if key["constrained_columns"]:
        yield key["name"] or "", list(key["constrained_columns"]), True, True
    for each in inspector.get_unique_constraints(table[1], schema=table[0]):
        yield each["name"] or "", list(each["column_names"]), True, True
    # MySQL makes an index for a foreign key, and drops it when there is another one.
    keys = inspector.get_foreign_keys(table[1], schema=table[0]) if live.dialect.keys_need_indexes else []
    implicit = [list(each["constrained_columns"]) for each in keys]
    for index in inspector.get_indexes(table[1], schema=table[0]):
        options = [value for value in (index.get("dialect_options") or {}).values() if str(value) not in NOTHING]
        is_plain = None not in index["column_names"] and not index.get("column_sorting") and not options
        if is_plain and index["column_names"] not in implicit:
            yield str(index["name"]), list(map(str, index["column_names"])), bool(index["unique"]), False


def dropped_in(case: Case) -> set[str]:
    """The indexes and constraints that the revision drops, also afterwards."""
    listed = [op for step in case.planned.steps for op in step.operations]
    found = [op.index_name for op in listed if isinstance(op, ops.DropIndexOp)]
    return set(map(str, found + [op.constraint_name for op in listed if isinstance(op, ops.DropConstraintOp)]))


rule = Rule(
    code="index-repeats",
    severity="notice",
    asks_database=True,
    why="Each index has to be kept whenever a row changes.",
    look=look,
    bad='op.create_index("ix_person_id", "person", ["id"])',
    good='op.create_index("ix_person_age", "person", ["age", "id"])',
)
