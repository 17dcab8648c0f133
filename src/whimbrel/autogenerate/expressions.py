"""Indexes over expressions, where neither SQLAlchemy nor Alembic tells of them (SQLite): compared by their texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import Connection, Table
from sqlalchemy.schema import CreateIndex

from ..schema.snapshot import Key, Snapshot
from .operations import Execute
from .stored import plain

DIRECTED = re.compile(r'\s*"?(?P<name>\w+)"?(?:\s+(?P<direction>ASC|DESC))?\s*', re.IGNORECASE)
"""A column and its direction, as they stand in SQL."""


def compare_expressions(
    upgrade: ops.UpgradeOps,
    models: Mapping[Key, Table],
    snapshot: Snapshot,
    there: Mapping[str, tuple[str, str]],
    connection: Connection,
    words: Callable[[], Collection[str]],
) -> None:
    """Add what came, went or changed. there: every index of the database by name, with table and text."""
    by_table: dict[str, list[tuple[str, str]]] = {}
    for name, (table, text) in there.items():
        by_table.setdefault(table, []).append((name, text))
    for key, model in models.items():
        added: list[ops.MigrateOperation] = []
        gone: list[ops.MigrateOperation] = []
        for index in over_expressions(model):
            known = there.get(str(index.name))
            wanted = str(CreateIndex(index).compile(dialect=connection.dialect))
            if known is None or plain(known[1]) != plain(wanted):
                added.append(ops.CreateIndexOp.from_index(index))
                if known is not None:
                    gone.append(drop(str(index.name), known[1], key))
        seen = {each["name"] for each in snapshot.of("indexes", key)} | {str(index.name) for index in model.indexes}
        for name, text in by_table.get(key[1], ()) if snapshot.has(key) else ():
            if name not in seen and name in words():
                gone.append(drop(name, text, key))
        upgrade.ops[:0] = gone
        if added:
            upgrade.ops.append(ops.ModifyTableOps(key[1], added, schema=key[0]))


def drop(name: str, text: str, key: Key) -> Execute:
    """An index goes."""
    quoted = '"' + name.replace('"', '""') + '"'
    return Execute(f"DROP INDEX {quoted}", text, words=f"{key[1]}: index {name} dropped")


def over_expressions(model: Table) -> Iterator[sa.Index]:
    """The indexes that are about more than columns and their order."""
    for index in model.indexes:
        if any(name is None for name, _ in ordered(index)):
            yield index


def keep_same_order(
    upgrade: ops.UpgradeOps, models: Mapping[Key, Table], snapshot: Snapshot, there: Mapping[tuple[str, str], list[bool]]
) -> None:
    """Take out what replaces an index by the same one: SQLAlchemy does not tell in which order its columns are.

    there: which columns of an index are in descending order, by table and index.
    """
    for op in upgrade.ops:
        if not isinstance(op, ops.ModifyTableOps):
            continue
        key = (op.schema, op.table_name)
        model = models.get(key)
        for index in model.indexes if model is not None else ():
            known: dict[str, Any] = next((each for each in snapshot.of("indexes", key) if each["name"] == index.name), {})
            flags = there.get((key[1], str(index.name)))
            columns = known.get("column_names")
            if bool(known.get("unique")) != bool(index.unique):
                continue
            if columns is not None and flags is not None and list(zip(columns, flags, strict=False)) == ordered(index):
                op.ops = [
                    each
                    for each in op.ops
                    if not (isinstance(each, (ops.CreateIndexOp, ops.DropIndexOp)) and each.index_name == index.name)
                ]
    upgrade.ops[:] = [op for op in upgrade.ops if not (isinstance(op, ops.ModifyTableOps) and not op.ops)]


def ordered(index: sa.Index) -> list[tuple[str | None, bool]]:
    """The columns of an index, each with whether it is in descending order; None for an expression."""
    found: list[tuple[str | None, bool]] = []
    for each in index.expressions:
        is_descending = getattr(each, "modifier", None) is sa.sql.operators.desc_op
        element = getattr(each, "element", each)
        name = element.name if isinstance(element, sa.Column) else getattr(element, "element", None)  # sa.desc("name")
        if isinstance(element, sa.TextClause) and index.table is not None:  # sa.text("name DESC")
            words = DIRECTED.fullmatch(element.text)
            if words and words["name"] in index.table.columns:
                name, is_descending = words["name"], (words["direction"] or "").upper() == "DESC"
        found.append((name if isinstance(name, str) else None, is_descending))
    return found
