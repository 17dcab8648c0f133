"""PostgreSQL's enum types: made with their first user, changed with their rows, dropped with their last user."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from .._alembic_models import copy_of, has_variants
from ..dialects import dialect_of
from ..schema.snapshot import Key, Snapshot
from ..schema.text import quoted_name
from .answers import Answers, Question, flag, undecided
from .defaults import Defaults, User, follow_default, literal, take_defaults
from .operations import AlterColumn, Both, Execute, modified
from .renames import likeness, shown
from .stored import without_casts

PLUGIN = "alembic_postgresql_enum"


@dataclass
class EnumType:
    """An enum type: its values in their order, and the columns that use it."""

    labels: list[str]
    users: list[tuple[Key, str]] = field(default_factory=list)


class EnumTypes:
    """All enum types of one database and of its models."""

    def __init__(
        self,
        connection: Connection,
        snapshot: Snapshot,
        models: dict[Key, Table],
        answers: Answers,
        command: str,
        words: Callable[[], Collection[str]],
    ) -> None:
        self.connection = connection
        self.snapshot = snapshot
        self.answers = answers
        self.command = command
        self.words = words
        self.dialect = connection.dialect
        self.models = models
        self.there = self.in_database(connection)
        self.wanted = self.in_models()
        self.used: set[str] = set()
        """The old names of ``--rename`` that are about values."""

    # -- what there is

    def in_database(self, connection: Connection) -> dict[Key, EnumType]:
        """The types of the database with the columns that are compared."""
        inspector: Any = sa.inspect(connection)
        default = self.dialect.default_schema_name
        found = {
            (None if each["schema"] == default else each["schema"], each["name"]): EnumType(list(each["labels"]))
            for each in inspector.get_enums(schema="*")
        }
        for key in self.snapshot:
            for column in self.snapshot.facts["columns"].get(key, ()):
                type_ = native(column["type"], self.dialect)
                if type_ is not None and (known := found.get(self.key_of(type_))) is not None:
                    known.users.append((key, column["name"]))
        return found

    def in_models(self) -> dict[Key, EnumType]:
        """The types that models use; the first one says the values."""
        found: dict[Key, EnumType] = {}
        for key, model in self.models.items():
            for column in model.columns:
                type_ = native(column.type, self.dialect)
                if type_ is not None and type_.name:
                    found.setdefault(self.key_of(type_), EnumType(list(type_.enums))).users.append((key, column.name))
        return found

    def key_of(self, type_: Any) -> Key:
        """Schema and name of a type."""
        schema = type_.schema
        return (None if schema == self.dialect.default_schema_name else schema, str(type_.name))

    def quoted(self, key: Key, name: str | None = None) -> str:
        """A type as it stands in SQL."""
        return quoted_name((key[0], name or key[1]), self.dialect.identifier_preparer)

    # -- what to do

    def apply(self, upgrade: ops.UpgradeOps) -> None:
        """Add what the types need. Raises Undecided where values may have been renamed and nobody can say."""
        if PLUGIN in sys.modules:
            return
        first: list[ops.MigrateOperation] = []
        for key, wanted in self.wanted.items():
            known = self.there.get(key)
            if known is None:
                first += self.new(key, wanted, upgrade)
            elif known.labels != wanted.labels:
                first += self.changed(key, known, wanted, upgrade)
        self.do_not_create(upgrade)
        last = [self.dropped(key, known) for key, known in self.there.items() if self.loses_last_user(key, known, upgrade)]
        upgrade.ops[:] = [*first, *upgrade.ops, *last]

    def new(self, key: Key, wanted: EnumType, upgrade: ops.UpgradeOps) -> Iterator[ops.MigrateOperation]:
        """A type that is not there: made before its first user, unless that is a table that makes it by the way."""
        created = {(op.schema, op.table_name) for op in upgrade.ops if isinstance(op, ops.CreateTableOp)}
        types = [self.models[table].columns[column].type for table, column in wanted.users if table in created]
        is_made = any(self.as_it_is(type_) is type_ and getattr(type_, "create_type", True) for type_ in types)
        creation = "" if is_made else self.creation(key, wanted.labels)
        yield Execute(creation, f"DROP TYPE {self.quoted(key)}", words=f"type {shown(key)}: new")

    def creation(self, key: Key, labels: list[str], name: str | None = None) -> str:
        """CREATE TYPE."""
        return f"CREATE TYPE {self.quoted(key, name)} AS ENUM ({', '.join(map(literal, labels))})"

    def dropped(self, key: Key, known: EnumType) -> Execute:
        """A type without users."""
        return Execute(
            f"DROP TYPE {self.quoted(key)}",
            self.creation(key, known.labels),
            words=f"type {shown(key)}: dropped with its last user",
        )

    def do_not_create(self, upgrade: ops.UpgradeOps) -> None:
        """Types are made by themselves here: no table shall make one by the way."""
        for op in upgrade.ops:
            if isinstance(op, ops.CreateTableOp):
                for column in op.columns:
                    if isinstance(column, sa.Column):
                        column.type = self.as_it_is(column.type)
            elif isinstance(op, ops.ModifyTableOps):
                for each in op.ops:
                    if isinstance(each, ops.AddColumnOp):
                        each.column = copy_of(each.column)
                        each.column.type = self.as_it_is(each.column.type)

    def as_it_is(self, type_: TypeEngine[Any]) -> TypeEngine[Any]:
        """A plain enum type that is there already; others as they are."""
        if isinstance(type_, sa.Enum) and native(type_, self.dialect) is not None and type_.name and not has_variants(type_):
            return postgresql.ENUM(*type_.enums, name=type_.name, schema=type_.schema, create_type=False)
        if isinstance(type_, sa.ARRAY) and (item := self.as_it_is(type_.item_type)) is not type_.item_type:
            return postgresql.ARRAY(item, dimensions=type_.dimensions)
        return type_

    def loses_last_user(self, key: Key, known: EnumType, upgrade: ops.UpgradeOps) -> bool:
        """Whether all columns of a type go."""
        return key not in self.wanted and bool(known.users) and all_go(known.users, upgrade)

    # -- values that come, go, or have other names

    def changed(self, key: Key, known: EnumType, wanted: EnumType, upgrade: ops.UpgradeOps) -> list[ops.MigrateOperation]:
        """The statements that change the values, and their way back."""
        up: list[ops.MigrateOperation] = []
        down: list[ops.MigrateOperation] = []
        labels = list(known.labels)
        renamed = self.renamed_values(key, known.labels, wanted.labels)
        for old, new in renamed:
            labels[labels.index(old)] = new
            follow_default(upgrade, known.users, old, new)
            there, back = (f"ALTER TYPE {self.quoted(key)} RENAME VALUE {a} TO {b}" for a, b in pairs(old, new))
            up.append(Execute(there, words=f"type {shown(key)}: value {old}, renamed to {new}"))
            down.insert(0, Execute(back))
        if labels != wanted.labels:
            now = {user: self.default_now(user, dict(renamed)) for user in known.users}
            then = now
            if is_within(labels, wanted.labels):
                up += self.added(key, labels, wanted.labels)
            else:
                then = now | take_defaults(upgrade, known.users)
                up += self.rebuilt(key, labels, wanted.labels, now, then)
            down[:0] = self.rebuilt(key, wanted.labels, labels, then, now)
        return [Both(up, down)]

    def default_now(self, user: User, renamed: dict[str, str]) -> str | None:
        """The default of a column, after values have got other names."""
        default = (self.snapshot.column(*user) or {}).get("default")
        for old, new in renamed.items():
            if without_casts(default) == literal(old):
                return literal(new)
        return default

    def renamed_values(self, key: Key, old: list[str], new: list[str]) -> list[tuple[str, str]]:
        """The values that have other names now. Raises Undecided where nobody can say."""
        gone, came = [label for label in old if label not in new], [label for label in new if label not in old]
        given = {
            was.rpartition(".")[2]: (was, now.rpartition(".")[2])
            for was, now in self.answers.renames
            if was.rpartition(".")[0] in (key[1], shown(key))
        }
        found = []
        for label in list(gone):
            if label in given and given[label][1] in came:
                found.append((label, given[label][1]))
                self.used.add(given[label][0])
                gone.remove(label)
                came.remove(given[label][1])
        if self.answers.is_no_rename:
            return found
        likely = sorted(((old.index(a) == new.index(b)) * 0.5 + likeness(a, b), a, b) for a in gone for b in came)
        questions = []
        while likely:
            _, a, b = likely.pop()
            likely = [each for each in likely if a not in each[1:] and b not in each[1:]]
            question = Question(
                f"Is the value {a} of the type {shown(key)} called {b} now?", flag("--rename", f"{shown(key)}.{a}:{b}")
            )
            if self.answers.ask is None:
                questions.append(question)
            elif self.answers.ask(question):
                found.append((a, b))
        if questions:
            raise undecided(questions, self.command, "or --no-rename where the old value goes")
        return found

    def added(self, key: Key, labels: list[str], wanted: list[str]) -> Iterator[Execute]:
        """ALTER TYPE … ADD VALUE, each in its place."""
        there = list(labels)
        for at, label in enumerate(wanted):
            if label not in there:
                place = f" AFTER {literal(wanted[at - 1])}" if at else f" BEFORE {literal(there[0])}" if there else ""
                if at == len(there):
                    place = ""
                there.insert(at, label)
                yield Execute(
                    f"ALTER TYPE {self.quoted(key)} ADD VALUE {literal(label)}{place}",
                    words=f"type {shown(key)}: value {label} added",
                )

    def rebuilt(
        self, key: Key, labels: list[str], wanted: list[str], now: Defaults, then: Defaults
    ) -> list[ops.MigrateOperation]:
        """Another type in the place of one, with its rows; refused by the server where rows have a value that goes.

        now, then: the defaults of its users before and after.
        """
        users = list(now)
        gone = [label for label in labels if label not in wanted]
        aside = f"{key[1]}_old"
        found: list[ops.MigrateOperation] = [self.guard(user, gone, key) for user in users if gone]
        words = f"type {shown(key)}: values {', '.join(wanted)} instead of {', '.join(labels)}"
        in_the_way = dialect_of(self.dialect.name).dependents(
            self.connection, key[1], [(self.quoted(table), column) for table, column in users]
        )
        in_the_way = [each for each in in_the_way if not each.is_view or self.is_made_by_revision(each.name)]
        found += [Execute(each.drop, words=f"  {each.drop}, for a while") for each in in_the_way]
        found += [
            Execute(f"ALTER TYPE {self.quoted(key)} RENAME TO {self.dialect.identifier_preparer.quote(aside)}", words=words),
            Execute(self.creation(key, wanted), words="  a new type in the place of the old one"),
        ]
        for table, column in users:
            found += self.moved(table, column, key, labels, wanted, (now[table, column], then[table, column]))
        found.append(Execute(f"DROP TYPE {self.quoted(key, aside)}", words="  and the old one dropped"))
        found += [
            Execute(sql, words=f"  {sql.split('(')[0].split(' AS ')[0]}") for each in reversed(in_the_way) for sql in each.create
        ]
        return found

    def is_made_by_revision(self, view: str) -> bool:
        """Whether a text of the history is about a view; the others are minded when the revision runs."""
        return any(view in word and re.search(r"\bVIEW\b", word, re.IGNORECASE) for word in self.words())

    def moved(
        self, table: Key, column: str, key: Key, labels: list[str], wanted: list[str], defaults: tuple[str | None, str | None]
    ) -> Iterator[ops.MigrateOperation]:
        """A column goes over to the new type; not as SQL, so that views which no revision makes are minded when it runs.

        defaults: the one before and the one after; neither type need have the value of both.
        """
        preparer = self.dialect.identifier_preparer
        named, quoted = self.quoted(table), preparer.quote(column)
        facts = self.snapshot.column(table, column) or {}
        is_array = isinstance(facts.get("type"), sa.ARRAY)
        old, new = (postgresql.ENUM(*each, name=key[1], schema=key[0], create_type=False) for each in (labels, wanted))
        type_ = self.quoted(key) + ("[]" if is_array else "")
        through = "text[]" if is_array else "text"
        alter = f"ALTER TABLE {named} ALTER COLUMN {quoted}"
        if defaults[0]:
            yield Execute(f"{alter} DROP DEFAULT", words=f"  {shown(table)}.{column}: its default aside")
        change = ops.AlterColumnOp(
            table[1],
            column,
            schema=table[0],
            existing_type=postgresql.ARRAY(old) if is_array else old,
            modify_type=postgresql.ARRAY(new) if is_array else new,
            existing_nullable=facts.get("nullable"),
        )
        yield modified(table, AlterColumn.of(change, f"{quoted}::{through}::{type_}", None))
        if defaults[1]:
            words = "its default again" if defaults[0] == defaults[1] else f"default {without_casts(defaults[1])}"
            yield Execute(f"{alter} SET DEFAULT {defaults[1]}", words=f"  {shown(table)}.{column}: {words}")

    def guard(self, user: tuple[Key, str], gone: list[str], key: Key) -> Execute:
        """Refuse, with their number, where rows have values that go."""
        table, column = user
        quoted = self.dialect.identifier_preparer.quote(column)
        values = ", ".join(map(literal, gone))
        words = literal(f"{shown(table)}.{column}: rows have a value that the type {shown(key)} is about to lose: ")
        condition = f"{quoted}::text = ANY (ARRAY[{values}])"
        if isinstance((self.snapshot.column(table, column) or {}).get("type"), sa.ARRAY):
            condition = f"{quoted}::text[] && ARRAY[{values}]"
        sql = (
            "DO $$ DECLARE found text; BEGIN "
            f"SELECT string_agg(n || ' ' || v, ', ') INTO found FROM (SELECT {quoted}::text AS v, count(*) AS n"
            f" FROM {self.quoted(table)} WHERE {condition} GROUP BY 1) AS each; "
            f"IF found IS NOT NULL THEN RAISE EXCEPTION USING MESSAGE = {words} || found; END IF; END $$"
        )
        return Execute(sql, words=f"  refused where rows of {shown(table)} have {', '.join(gone)}")


def native(type_: TypeEngine[Any], dialect: Any) -> Any:
    """The enum type of PostgreSQL in a type; None where there is none."""
    try:
        found: Any = type_.dialect_impl(dialect)
    except Exception:  # a type that another database knows
        return None
    if isinstance(found, sa.types.TypeDecorator):
        return native(found.load_dialect_impl(dialect), dialect)
    if isinstance(found, sa.ARRAY):
        return native(found.item_type, dialect)
    if isinstance(found, postgresql.ENUM) and not isinstance(found, getattr(postgresql, "DOMAIN", ())):
        original = type_ if isinstance(type_, postgresql.ENUM) else found
        return original if getattr(found, "native_enum", True) else None
    return None


def all_go(users: Iterable[User], upgrade: ops.UpgradeOps) -> bool:
    """Whether columns are dropped or get other types, all of them."""
    tables = {(op.schema, op.table_name) for op in upgrade.ops if isinstance(op, ops.DropTableOp)}
    columns = {
        ((op.schema, op.table_name), name)
        for op in upgrade.ops
        if isinstance(op, ops.ModifyTableOps)
        for each in op.ops
        if (name := leaves_type(each)) is not None
    }
    return all(table in tables or (table, column) in columns for table, column in users)


def leaves_type(op: Any) -> str | None:
    """The column that an operation drops, or gives another type."""
    if isinstance(op, ops.DropColumnOp):
        return str(op.column_name)
    return str(op.column_name) if isinstance(op, ops.AlterColumnOp) and op.modify_type is not None else None


def pairs(old: str, new: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """There and back, as they stand in SQL."""
    return (literal(old), literal(new)), (literal(new), literal(old))


def is_within(some: list[str], every: list[str]) -> bool:
    """Whether values are there in the same order, with others between them."""
    rest = iter(every)
    return all(label in rest for label in some)
