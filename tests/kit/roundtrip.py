"""A database that is compared with models, changed by the text that would be written into a revision, and looked at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import render_python_code
from alembic.migration import MigrationContext
from alembic.operations import ops
from sqlalchemy.dialects import mysql, postgresql

from whimbrel._alembic import BatchingOperations, RunContext
from whimbrel.autogenerate.answers import Answers, Question
from whimbrel.autogenerate.compare import Comparison
from whimbrel.autogenerate.detect import Known
from whimbrel.autogenerate.guard import Guard
from whimbrel.autogenerate.layout import laid_out
from whimbrel.autogenerate.operations import expand
from whimbrel.dialects import dialect_of
from whimbrel.execution.sqlite_rebuild import rebuild
from whimbrel.schema.canonical import canonical

PREFIXES = {"sqlalchemy_module_prefix": "sa.", "alembic_module_prefix": "op.", "user_module_prefix": None}


class Words:
    """Contains everything: the history has created all that there is."""

    def __contains__(self, word: object) -> bool:
        return True


def answer(question: Question) -> str | bool:
    """Nothing is renamed, and tables have no rows that a value would be for."""
    return "NULL" if question.wants_value else False


class Site:
    """One database."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.dialect = dialect_of(connection.dialect.name)
        self.values: dict[Any, Any] = {}

    def context(self, models: sa.MetaData) -> RunContext:
        opts = {"target_metadata": models, "compare_type": True, "render_as_batch": True, **PREFIXES}
        made = MigrationContext.configure(self.connection, opts=opts)
        surroundings: Any = SimpleNamespace(flush_batch=rebuild.flush if self.dialect.rebuilds_tables else None)
        surroundings.keeps_transaction = False
        return RunContext(made.dialect, self.connection, made.opts, surroundings)

    def comparison(self, models: sa.MetaData, ask: Any = answer) -> Comparison:
        every: Any = Words()
        guard = Guard(lambda: every, list, frozenset(models.tables) | frozenset(f"t{n}" for n in range(9)), "flask db")
        known = Known(lambda: every, lambda: self.values)
        return Comparison(self.context(models), Answers(ask=ask), guard, known, "flask db", lambda name: False)

    def difference(self, models: sa.MetaData) -> tuple[str, str, list[str]]:
        """What an upgrade and a downgrade would say, and what could not be compared."""
        compared = self.comparison(models)
        context, upgrade = compared.run()
        downgrade = ops.DowngradeOps([])
        upgrade.reverse_into(downgrade)
        self.remember(upgrade)
        texts = []
        for each in (upgrade, downgrade):
            expand(each)
            texts.append(self.text(each, context) if each.ops else "")
        self.connection.rollback()
        return texts[0], texts[1], compared.not_compared

    def remember(self, upgrade: Any) -> None:
        """What the history would know of the values of plain enums."""
        for op in upgrade.ops:
            for each in op.ops if isinstance(op, ops.ModifyTableOps) else [op]:
                columns = [each.column] if isinstance(each, ops.AddColumnOp) else getattr(each, "columns", ())
                for column in columns:
                    if isinstance(column, sa.Column) and isinstance(column.type, sa.Enum):
                        self.values[(None, each.table_name), column.name] = tuple(column.type.enums)
                if isinstance(each, ops.AlterColumnOp) and isinstance(each.modify_type, sa.Enum):
                    self.values[(None, each.table_name), each.column_name] = tuple(each.modify_type.enums)

    def text(self, operations: Any, context: Any) -> str:
        render_item = context.opts["render_item"]
        made = render_python_code(
            operations, render_as_batch=True, render_item=render_item, migration_context=context.migration_context
        )
        return "\n".join(line.removeprefix("    ") for line in ("    " + laid_out(made.lstrip())).splitlines())

    def run(self, text: str, models: sa.MetaData) -> None:
        """Execute what stands in a revision."""
        print(text)  # noqa: T201  shown where the test fails
        with self.dialect.prepared(self.connection):
            op = BatchingOperations(self.context(models))
            exec(compile(text, "<revision>", "exec"), {"op": op, "sa": sa, "postgresql": postgresql, "mysql": mysql})
            self.connection.commit()

    def facts(self) -> dict[str, Any]:
        """The structure in its canonical form."""
        found = canonical(self.comparison(sa.MetaData()).before, self.connection.dialect)
        self.connection.rollback()
        return found

    def clear(self) -> None:
        self.dialect.drop_all(self.connection)
        self.connection.commit()
        self.values.clear()
