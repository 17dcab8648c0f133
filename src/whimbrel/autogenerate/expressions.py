"""Indexes over expressions, where neither SQLAlchemy nor Alembic tells of them (SQLite): compared by their texts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import Connection, Table
from sqlalchemy.schema import CreateIndex

from ..schema.snapshot import Key, Snapshot
from .operations import Execute
from .stored import plain


def compare_expressions(
    upgrade: ops.UpgradeOps,
    models: Mapping[Key, Table],
    snapshot: Snapshot,
    there: Mapping[str, tuple[str, str]],
    connection: Connection,
    words: Callable[[], Collection[str]],
) -> None:
    """Add what came, went or changed. there: every index of the database by name, with table and text."""
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
        for name, (table, text) in there.items():
            if snapshot.has(key) and table == key[1] and name not in seen and name in words():
                gone.append(drop(name, text, key))
        upgrade.ops[:0] = gone
        if added:
            upgrade.ops.append(ops.ModifyTableOps(key[1], added, schema=key[0]))


def drop(name: str, text: str, key: Key) -> Execute:
    """An index goes."""
    quoted = '"' + name.replace('"', '""') + '"'
    return Execute(f"DROP INDEX {quoted}", text, words=f"{key[1]}: index {name} dropped")


def over_expressions(model: Table) -> Iterator[sa.Index]:
    """The indexes that are about more than columns."""
    for index in model.indexes:
        if any(not isinstance(each, sa.Column) for each in index.expressions):
            yield index
