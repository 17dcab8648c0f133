"""What Alembic's comparators do not see: primary keys, checks, defaults, expression indexes, values of plain enums."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import CheckConstraint, Connection, Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import conv

from .._alembic_compare import Comparing
from .._alembic_models import final_name
from ..dialects import Dialect, dialect_of
from ..errors import Refused
from ..schema.snapshot import Key, Snapshot
from ..schema.text import escaped
from .columns import compare_types
from .generated import compare_generated
from .names import checks_of, columns_in, free_name, longest_name
from .operations import AddCheck, Drop
from .options import compare_options
from .primary_keys import compare_primary_key
from .renames import shown
from .stored import Stored, as_text, plain, same_text, stored, without_casts

LONGEST_CHECK = 1000
"""Characters; longer texts of a history are taken for something else."""
Values = Mapping[tuple[Key, str], tuple[str, ...]]


@dataclass
class Known:
    """What a history says; each is asked only where it is needed.

    words: every text in its files. values: those of plain enum columns.
    """

    words: Callable[[], Collection[str]]
    values: Callable[[], Values]


@dataclass
class Detection:
    """Adds to the operations of one comparison what is missing there; keeps what it could not compare."""

    compared: Comparing
    connection: Connection
    snapshot: Snapshot
    upgrade: ops.UpgradeOps
    known: Known
    leaves_defaults: bool = False
    is_asked: bool = False
    """Whether a revision is written, and not only looked."""
    not_compared: list[str] = field(default_factory=list)

    @property
    def dialect(self) -> Dialect:
        """What this database can do."""
        return dialect_of(self.connection.dialect.name)

    def run(self, models: Mapping[Key, Table]) -> None:
        """Look at every table that is in both."""
        for key, model in models.items():
            if self.snapshot.has(key) and self.compared.run_object_filters(model, model.name, "table", False, None):
                compare_primary_key(self, key, model)
                self.defaults_and_checks(key, model)
                self.values(key, model)
                compare_generated(self, key, model)
                compare_types(self, key, model)
                compare_options(self, key, model)

    def is_wanted(self, thing: Any, name: str | None, kind: Any) -> bool:
        """Whether the filter of env.py lets a thing of a model be compared."""
        return bool(self.compared.run_object_filters(thing, name, kind, False, None))

    def changes(self, key: Key) -> ops.ModifyTableOps:
        """The container for the changes of a table, in its place."""
        for op in self.upgrade.ops:
            if isinstance(op, ops.ModifyTableOps) and (op.schema, op.table_name) == key:
                return op
        made = ops.ModifyTableOps(key[1], [], schema=key[0])
        self.upgrade.ops.append(made)
        return made

    def alter(self, key: Key, name: str) -> ops.AlterColumnOp:
        """The change of a column, in its place."""
        for op in self.changes(key).ops:
            if isinstance(op, ops.AlterColumnOp) and op.column_name == name:
                return op
        there = self.snapshot.column(key, name) or {}
        default = there.get("default")
        made = ops.AlterColumnOp(
            key[1],
            name,
            schema=key[0],
            existing_type=there.get("type"),
            existing_nullable=there.get("nullable"),
            existing_server_default=sa.DefaultClause(sa.text(escaped(default))) if default else None,
            existing_comment=there.get("comment"),
        )
        self.changes(key).ops.append(made)
        return made

    def forget_default(self, key: Key, name: str) -> None:
        """Take out what Alembic says about the default of a column."""
        for table in (op for op in self.upgrade.ops if isinstance(op, ops.ModifyTableOps)):
            for op in table.ops:
                if isinstance(op, ops.AlterColumnOp) and (op.schema, op.table_name, op.column_name) == (*key, name):
                    op.modify_server_default = False
            table.ops = [op for op in table.ops if not isinstance(op, ops.AlterColumnOp) or op.has_changes()]
        self.upgrade.ops[:] = [op for op in self.upgrade.ops if not (isinstance(op, ops.ModifyTableOps) and not op.ops)]

    # -- defaults and checks

    def defaults_and_checks(self, key: Key, model: Table) -> None:
        """As the server stores them; it is asked only where the texts differ."""
        columns = {each["name"]: each for each in self.snapshot.of("columns", key)}
        every = [each for each in checks_of(model) if self.is_written(each)]
        every = [each for each in every if not self.comes_with_column(each, columns)]
        checks = [each for each in every if self.is_wanted(each, final_name(each, self.connection.dialect), "check_constraint")]
        there = self.snapshot.of("check_constraints", key)
        leaves = self.leaves_defaults or self.compared.opts.get("compare_server_default")
        doubtful = [] if leaves else self.doubtful_defaults(model, columns)
        has_doubtful_checks = self.have_doubt(checks, there)
        if not doubtful and not has_doubtful_checks:
            return
        together = stored(self.connection, model, doubtful, []) if doubtful else Stored()
        for name in doubtful:
            asked = stored(self.connection, model, [name], []) if together.why_not and len(doubtful) > 1 else together
            self.default(key, model, columns[name], asked)
        if has_doubtful_checks:
            said = stored(self.connection, model, [], checks)
            if said.why_not:
                self.not_compared.append(f"{shown(key)}: the checks: {said.why_not}")
            else:
                self.checks(key, model, checks, there, said)

    def is_written(self, check: CheckConstraint) -> bool:
        """Whether a check goes into this database: not one of a type that has it for others only."""
        rule = getattr(check, "_create_rule", None)
        if rule is None:
            return True
        compiler = self.connection.dialect.ddl_compiler(self.connection.dialect, None)  # type: ignore[arg-type]
        return bool(rule(compiler))

    def comes_with_column(self, check: CheckConstraint, there: Mapping[str, Any]) -> bool:
        """Whether a check is one of the type of a column that is added, which brings it along."""
        about = [column.name for column in check.columns]
        return bool(getattr(check, "_type_bound", False)) and bool(about) and all(name not in there for name in about)

    def doubtful_defaults(self, model: Table, columns: dict[str, dict[str, Any]]) -> list[str]:
        """The columns whose defaults are not the same text."""
        found = []
        for column in model.columns:
            there = columns.get(column.name)
            default = column.server_default
            if not self.is_wanted(column, column.name, "column"):
                continue
            if there is None or there.get("computed") or there.get("identity") or there.get("sequence_of_its_own"):
                continue
            if not (default is None or isinstance(default, sa.DefaultClause)):
                continue
            wanted = None if default is None else self.text_of(default)
            if not same_text(wanted, there.get("default")):
                found.append(column.name)
        return found

    def text_of(self, default: sa.DefaultClause) -> str:
        """A default as it is written."""
        if isinstance(default.arg, str):
            return "'" + default.arg.replace("'", "''") + "'"
        return str(default.arg.compile(dialect=self.connection.dialect, compile_kwargs={"literal_binds": True}))

    def default(self, key: Key, model: Table, there: dict[str, Any], asked: Stored) -> None:
        """A default that is really another one."""
        name = there["name"]
        column = model.columns[name]
        is_numbered = model.autoincrement_column is not None and model.autoincrement_column.name == name
        old, new = there.get("default"), asked.defaults.get(name)
        if is_numbered and column.server_default is None:
            return
        if asked.why_not:
            # Its type is new, or is going to have a value that is not there yet.
            assert column.server_default is None or isinstance(column.server_default, sa.DefaultClause)
            new = None if column.server_default is None else self.text_of(column.server_default)
        if same_text(without_casts(old), without_casts(new)):
            return
        is_next = isinstance(getattr(column.server_default, "arg", None), sa.sql.functions.next_value)
        if asked.why_not and not (is_next or (is_literal(old) and is_literal(new))):
            self.not_compared.append(f"{shown(key)}: the default of {name}: {asked.why_not}")
            return
        self.alter(key, name).modify_server_default = column.server_default

    def have_doubt(self, checks: list[CheckConstraint], there: list[dict[str, Any]]) -> bool:
        """Whether the checks are not the same by their names and texts."""
        dialect = self.connection.dialect
        wanted = {(final_name(each, dialect), plain(as_text(each, self.connection))) for each in checks}
        return wanted != {(each.get("name"), plain(each["sqltext"])) for each in there}

    def checks(self, key: Key, model: Table, checks: list[CheckConstraint], there: list[dict[str, Any]], asked: Stored) -> None:
        """The checks that came, went or say something else."""
        # A name that is final already: a naming convention shall not be applied to it again.
        kind: type[str] = conv if "ck" in model.metadata.naming_convention else str
        left = list(there)
        missing: list[CheckConstraint] = []
        by_name = {each["name"]: each for each in there if each.get("name")}
        for check in checks:
            name = final_name(check, self.connection.dialect)
            text = asked.checks.get(check)
            same = next((each for each in left if same_check(each["sqltext"], text) and each.get("name") in (name, None)), None)
            if same is None and name is None:
                same = next((each for each in left if same_check(each["sqltext"], text)), None)
            if same is not None:
                left.remove(same)
            elif name in by_name and by_name[name] in left:
                left.remove(by_name[name])
                self.changes(key).ops.append(drop_check(key, by_name[name], kind))
                missing.append(check)
            else:
                missing.append(check)
        longest = longest_name(self.connection.dialect)
        for each in left:
            if not self.is_ours(key, each, model, missing):
                continue
            if each.get("name"):
                self.changes(key).ops.insert(0, drop_check(key, each, kind))  # a column would take it along
            else:
                self.not_compared.append(
                    f"{shown(key)}: the check ({each['sqltext']}) has no name in the database, and is not in the models; build"
                    " the table anew in a revision by hand"
                )
        taken = {each.get("name") for each in there} | {final_name(each, self.connection.dialect) for each in checks}
        for check in sorted(missing, key=lambda each: int(getattr(each, "_creation_order", 0))):
            name = final_name(check, self.connection.dialect)
            name = name or free_name(key[1], columns_in(check, model), "check", longest, taken)
            taken.add(name)
            self.changes(key).ops.append(AddCheck(kind(name), key[1], str(as_text(check, self.connection)), schema=key[0]))

    def is_ours(self, key: Key, check: dict[str, Any], model: Table, missing: list[CheckConstraint]) -> bool:
        """Whether a check comes from this history: by its name, its text as it was or as the server writes it, or its values."""
        words, text = self.known.words(), check["sqltext"]
        if check.get("name") in words or plain(text) in {plain(word) for word in words}:
            return True
        about = columns_in(CheckConstraint(text), model)
        literals = re.findall(r"'((?:[^']|'')*)'", text)
        for other in missing:  # another one of the type of a column, which has other values now
            is_of_type = getattr(other, "_type_bound", False) and columns_in(other, model) == about
            if is_of_type and about and literals and all(each.replace("''", "'") in words for each in literals):
                return True
        return any(self.becomes(model, word, text) for word in words if self.may_be_check(word, model))

    def may_be_check(self, word: str, model: Table) -> bool:
        """Whether a text of the history may be a condition about a table."""
        names = set(re.findall(r"[\w$]+", word))
        return bool(re.search(r"[<>=~]|\b(in|like|between|is)\b", word, re.IGNORECASE)) and any(
            column.name in names for column in model.columns
        )

    def becomes(self, model: Table, word: str, text: str) -> bool:
        """Whether the server makes a check of one text of another one."""
        if self.dialect.rebuilds_tables or len(word) > LONGEST_CHECK:
            return False
        check = CheckConstraint(escaped(word))
        said = stored(self.connection, model, [], [check])
        return same_check(text, said.checks.get(check))

    # -- values of enums that are plain texts to the database

    def values(self, key: Key, model: Table) -> None:
        """Compare them with what the history has written: the database does not know them."""
        if self.compared.opts.get("compare_type") is False:
            return
        for column in model.columns:
            type_ = column.type
            there = self.snapshot.column(key, column.name)
            if there is None or not isinstance(type_, sa.Enum) or not self.is_wanted(column, column.name, "column"):
                continue
            own = there["type"]
            if isinstance(own, sa.Enum):
                if self.is_asked and self.dialect.kind == "mysql":
                    self.refuse_rows(model, column, [each for each in own.enums if each not in type_.enums])
                if type(own).__module__.startswith("sqlalchemy.dialects.mysql") and set(own.enums) != set(type_.enums):
                    self.alter(key, column.name).modify_type = type_  # Alembic sees it since version 1.17
                continue
            if type(type_.dialect_impl(self.connection.dialect)).__module__ != "sqlalchemy.sql.sqltypes":
                continue  # a type of its own to this database
            known = self.known.values().get((key, column.name))
            if known is not None and list(known) != list(type_.enums):
                if self.is_asked:
                    self.refuse_rows(model, column, [each for each in known if each not in type_.enums])
                op = self.alter(key, column.name)
                op.modify_type = type_
                length = getattr(own, "length", None) or type_.length
                op.existing_type = sa.Enum(*known, name=type_.name, native_enum=type_.native_enum, length=length)

    def refuse_rows(self, model: Table, column: sa.Column[Any], gone: list[str]) -> None:
        """Raise Refused where rows have values that their column shall not have any more: nobody could read them."""
        if not gone:
            return
        text = sa.cast(column, sa.String)
        query = sa.select(text, sa.func.count()).select_from(model).where(text.in_(gone)).group_by(text)
        try:
            with self.connection.begin_nested():
                rows = self.connection.execute(query).all()
        except SQLAlchemyError:
            return  # the table or the column gets its name in this very revision
        for value, count in rows:
            name = f"{model.name}.{column.name}"
            raise Refused(
                f"{count:,} row{'s have' if count > 1 else ' has'} '{value}' in {name}, which the models do not have any more.",
                hint=f'Change such rows first, in a revision of your own: op.execute("UPDATE {model.name} SET {column.name} = …'
                f" WHERE {column.name} = '{value}'\").",
            )


def is_literal(text: Any) -> bool:
    """Whether a default is no expression but a plain text or number, or there is none."""
    return text is None or re.fullmatch(r"'(?:[^']|'')*'|[\d.+-]*", without_casts(text) or "") is not None


def same_check(one: Any, other: Any) -> bool:
    """Whether two conditions are the same; PostgreSQL writes other casts into one when a column gets another type."""
    return other is not None and (same_text(one, other) or same_text(without_casts(one), without_casts(other)))


def drop_check(key: Key, check: dict[str, Any], kind: type[str]) -> ops.DropConstraintOp:
    """Drop a check, and its way back. kind: what its name is."""
    name = kind(check["name"])
    back = AddCheck(name, key[1], check["sqltext"], schema=key[0])
    return Drop(name, key[1], "check", schema=key[0], back=back)
