"""Which of the tables and columns that went and came are one, under another name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.types import NullType, TypeEngine

from .._alembic_models import kind_of_type
from ..errors import UsageError
from ..schema.snapshot import Key, Snapshot
from .answers import Answers, Question, flag

LIKELY = 0.5
"""From this score on a pair is asked about: the same type is nearly enough."""


@dataclass(frozen=True)
class Rename:
    """A table, or a column of a table (by its new name), that has another name now."""

    table: Key
    column: str | None
    new: str
    reasons: tuple[str, ...] = ()
    score: float = 1.0
    into: str | None = None
    is_moved: bool = False
    """Whether a table goes into another schema: ``into``, None for the default one."""

    @property
    def place(self) -> Key:
        """Schema and name of a table afterwards."""
        return (self.into if self.is_moved else self.table[0], self.new)

    @property
    def old(self) -> str:
        """The old name, as the flag says it."""
        schema, table = self.table
        shown = f"{schema}.{table}" if schema else table
        return f"{shown}.{self.column}" if self.column else shown

    @property
    def question(self) -> Question:
        """How it is asked."""
        what = "column" if self.column else "table"
        new = shown(self.place) if self.is_moved else self.new
        text = f"Is the {what} {self.old} called {new} now?"
        return Question(text, flag("--rename", f"{self.old}:{new}"), self.reasons)


# -- how much two of them are alike


def likeness(old: str, new: str) -> float:
    """How much two names are alike, from 0 to 1."""
    a, b = (name.lower().replace("_", "") for name in (old, new))
    if a == b or (min(len(a), len(b)) > 2 and (a in b or b in a)):
        return 1.0 if a == b else 0.8
    return SequenceMatcher(None, a, b).ratio()


def same_type(old: TypeEngine[Any], new: TypeEngine[Any], dialect: Any) -> float:
    """1 for the same type in this database, 0.6 for the same kind, else 0."""
    try:
        texts = [each.dialect_impl(dialect).compile(dialect=dialect) for each in (old, new)]
    except Exception:  # a type that this dialect cannot write
        texts = ["", "?"]
    if texts[0] == texts[1]:
        return 1.0
    kinds = [kind_of_type(each.dialect_impl(dialect)) for each in (old, new)]
    return 0.6 if kinds[0] is kinds[1] and kinds[0] is not NullType else 0.0


def column_pair(old: dict[str, Any], at: int, new: Column[Any], where: int, dialect: Any) -> tuple[float, tuple[str, ...]]:
    """How likely a column is another one, and why. at, where: their positions."""
    reasons = []
    type_score = same_type(old["type"], new.type, dialect)
    if type_score:
        reasons.append("same type" if type_score == 1 else "similar type")
    score = 0.45 * type_score
    if bool(old.get("nullable", True)) == bool(new.nullable):
        score += 0.1
        reasons.append("both may be null" if new.nullable else "both must not be null")
    if (old.get("default") is None) == (new.server_default is None):
        score += 0.05
    name = likeness(old["name"], new.name)
    score += 0.3 * name
    if name >= 0.5:
        reasons.append("similar name")
    if at == where:
        score += 0.1
        reasons.append("same position")
    return score, tuple(reasons)


def table_pair(columns: Sequence[dict[str, Any]], old: str, new: Table, dialect: Any) -> tuple[float, tuple[str, ...]]:
    """How likely a table is another one, and why."""
    there = {each["name"]: each for each in columns}
    shared = [each for each in new.columns if each.name in there and same_type(there[each.name]["type"], each.type, dialect)]
    every = len(there) + len(new.columns) - len(shared)
    name = likeness(old, new.name)
    reasons = [f"{len(shared)} of {len(there)} columns are the same"]
    if name >= 0.5:
        reasons.append("similar name")
    return 0.75 * len(shared) / max(every, 1) + 0.25 * name, tuple(reasons)


def best_pairs(pairs: Iterable[Rename]) -> list[Rename]:
    """The likely ones, each name in one of them only, the best first."""
    found: list[Rename] = []
    for pair in sorted(pairs, key=lambda each: -each.score):
        taken = any((each.table, each.column) == (pair.table, pair.column) or is_same_place(each, pair) for each in found)
        if pair.score >= LIKELY and not taken:
            found.append(pair)
    return found


def is_same_place(one: Rename, other: Rename) -> bool:
    """Whether two renames lead to the same name."""
    where = [(each.table if each.column else each.place[0], each.new, each.column is None) for each in (one, other)]
    return where[0] == where[1]


# -- what was said ahead of time


def named(
    answers: Answers, snapshot: Snapshot, models: dict[Key, Table], default_schema: str | None
) -> tuple[list[Rename], set[str]]:
    """The renames that the command line asks for, and those of its words that are about neither tables nor columns.

    Raises UsageError for a name that is not there, or a new one that no model has; of several databases, another may have it.
    """

    def target(key: Key, new: str) -> Key:
        schema, found, table = new.rpartition(".")
        return (None if schema == default_schema else schema, table) if found else (key[0], table)

    tables: list[Rename] = []
    columns: list[Rename] = []
    others: set[str] = set()
    given = answers.renames
    for old, new in given:
        key = find_table(old, snapshot)
        if key is not None and (place := target(key, new)) in models:
            tables.append(Rename(key, None, place[1], into=place[0], is_moved=place[0] != key[0]))
    moved = {each.table: each.place for each in tables}
    for old, new in given:
        if any(each.old == old or each.table[1] == old for each in tables):
            continue
        table, _, column = old.rpartition(".")
        key = find_table(table, snapshot) or next((was for was, now in moved.items() if shown(now) == table), None)
        if key is None or snapshot.column(key, column) is None:
            others.add(old)
            continue
        model = models.get(moved.get(key, key))
        where, _, new_column = new.rpartition(".")
        if where and where.split(".")[-1] not in (key[1], moved.get(key, key)[1]):
            raise UsageError(f"--rename {old}:{new}: a column stays in its table.", hint=f"Write --rename {old}:{new_column}.")
        new = new_column
        if model is None or new not in {each.name for each in model.columns}:
            if answers.is_for_several:
                others.add(old)
                continue
            raise UsageError(
                f"--rename {old}:{new}: no model has a column {new} in the table {shown(moved.get(key, key))}.",
                hint="The new name is the one that the model has now.",
            )
        columns.append(Rename(moved.get(key, key), column, new))
    return [*tables, *columns], others - {each.old for each in columns}


def as_it_was(table: Key, column: str, renames: Iterable[Rename]) -> tuple[Key, str]:
    """What a table and a column are called before they are renamed."""
    done = list(renames)
    was = next((each.table for each in done if each.column is None and each.place == table), table)
    names = {each.new: each.column for each in done if each.column is not None and each.table in (was, table)}
    return was, names.get(column, column)


def find_table(name: str, snapshot: Snapshot) -> Key | None:
    """The table of that name in the database."""
    schema, _, table = name.rpartition(".")
    key = (schema or None, table)
    return key if table and snapshot.has(key) else None


def shown(key: Key) -> str:
    """A table as a person writes it."""
    return f"{key[0]}.{key[1]}" if key[0] else key[1]


def hinted(models: dict[Key, Table], snapshot: Snapshot) -> Iterator[Rename]:
    """The renames that models say themselves with ``info={"renamed_from": …}``, where they are not done yet."""
    for key, model in models.items():
        was = model.info.get("renamed_from")
        if was and not snapshot.has(key) and snapshot.has((key[0], was)) and (key[0], was) not in models:
            yield Rename((key[0], was), None, key[1])
    for key, model in models.items():
        was = model.info.get("renamed_from")
        known: Key = key if snapshot.has(key) or not was else (key[0], str(was))
        there = {each["name"] for each in snapshot.of("columns", known)}
        for column in model.columns:
            old = column.info.get("renamed_from")
            if old and old in there and column.name not in there and old not in {each.name for each in model.columns}:
                yield Rename(key, old, column.name)


# -- the order in which a database can do it


def aside(name: str) -> str:
    """A name to pass by."""
    return f"whimbrel_{name}"


def in_order(names: dict[str, str], taken: Iterable[str], as_compared: Callable[[str], str] = str) -> list[tuple[str, str]]:
    """Single renames for some at once: none to a name that is taken, by way of another name where they go round.

    as_compared: what two names have in common that are the same to the database.
    """
    left, there = dict(names), set(taken)
    done: list[tuple[str, str]] = []
    while left:
        now = set(map(as_compared, there))
        free = next((old for old, new in left.items() if as_compared(new) not in now), None)
        if free is None:
            old = next(iter(left))
            place = aside(old)
            done.append((old, place))
            left = {place if each == old else each: new for each, new in left.items()}
            there = (there - {old}) | {place}
            continue
        new = left.pop(free)
        done.append((free, new))
        there = (there - {free}) | {new}
    return done
