"""The names that follow a table or a column which is renamed: indexes, constraints and sequences that carry its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint

from .._alembic_models import final_name
from ..dialects import Dialect
from ..schema.snapshot import Key, Snapshot
from .names import checks_of
from .operations import Execute
from .renames import aside

KINDS = {
    "pk_constraint": ("primary", PrimaryKeyConstraint),
    "unique_constraints": ("unique", UniqueConstraint),
    "foreign_keys": ("foreign", ForeignKeyConstraint),
    "check_constraints": ("check", CheckConstraint),
}


@dataclass
class Following:
    """What carries an old name in a table, which is renamed already: in the snapshot, too.

    names: the old parts of the names and the new ones. later: where names go round, each is put aside first; this takes the
    second steps, which come when all have gone.
    """

    snapshot: Snapshot
    key: Key
    model: Table
    names: Mapping[str, str]
    dialect: Dialect
    sqla_dialect: Any
    later: list[Execute] | None = None
    put_aside: list[tuple[str, str, str]] = field(default_factory=list)

    def all(self, *, is_table: bool) -> Iterator[Execute]:
        """Only names that the model wants, or has left to the server."""
        yield from self.indexes()
        for fact, (kind, cls) in KINDS.items():
            yield from self.constraints(fact, kind, cls)
        if is_table:
            yield from self.sequences()
        for fact, name, new in self.put_aside:
            self.snapshot.rename_thing(fact, self.key, name, new)

    def rename(self, fact: str, name: str, new: str) -> None:
        """In the snapshot, where two names may be exchanged as well."""
        self.snapshot.rename_thing(fact, self.key, name, aside(new))
        self.put_aside.append((fact, aside(new), new))

    def renamed(self, kind: str, what: str, old: str, new: str) -> list[Execute]:
        """The step, or two of them; none where the database cannot do it. what: the kind in words."""
        preparer = self.sqla_dialect.identifier_preparer
        table, schema = preparer.format_table(self.model), quoted_schema(self.key, preparer)

        def step(one: str, other: str) -> Execute | None:
            there, back = (
                self.dialect.renaming(kind, table, preparer.quote(a), preparer.quote(b), schema)
                for a, b in ((one, other), (other, one))
            )
            words = f"{self.key[1]}: {what} {one}, renamed to {other}"
            return Execute(there, back, words=words) if there and back else None

        places = [old, new] if self.later is None else [old, aside(new), new]
        steps = [made for one, other in pairwise(places) if (made := step(one, other)) is not None]
        if self.later is not None:
            self.later += steps[1:]
        return steps[:1]

    def indexes(self) -> Iterator[Execute]:
        """Those that are no constraints."""
        wanted = {str(index.name): index for index in self.model.indexes}
        uniques = {each["name"] for each in self.snapshot.of("unique_constraints", self.key)}
        for index in self.snapshot.of("indexes", self.key):
            name = index["name"]
            found = replaced(name, self.names)
            if found is None or name in uniques or index.get("duplicates_constraint") or found not in wanted:
                continue
            if steps := self.renamed("index", "index", name, found):
                self.rename("indexes", name, found)
                yield from steps

    def constraints(self, fact: str, kind: str, cls: Any) -> Iterator[Execute]:
        """The constraints of one kind."""
        models = [each for each in (*self.model.constraints, *checks_of(self.model)) if isinstance(each, cls)]
        wanted = {name for each in models if (name := final_name(each, self.sqla_dialect))}
        has_unnamed = any(not final_name(each, self.sqla_dialect) for each in models)
        found = self.snapshot.of(fact, self.key)
        for each in [found] if isinstance(found, dict) else found:
            name = each.get("name")
            new = replaced(str(name), self.names) if name else None
            if new is None or not (new in wanted or (has_unnamed and self.dialect.names_constraints_itself(new, self.key[1]))):
                continue
            if steps := self.renamed(kind, kind, str(name), new):
                self.rename(fact, str(name), new)
                self.rename("indexes", str(name), new)
                yield from steps

    def sequences(self) -> Iterator[Execute]:
        """The sequences behind numbered columns, where the server has named them after the table."""
        for old, new in self.names.items():
            for column in self.snapshot.facts["columns"].get(self.key, ()):
                was, now = f"{old}_{column['name']}_seq", f"{new}_{column['name']}_seq"
                if column.get("sequence_of_its_own") == was and (steps := self.renamed("sequence", "sequence", was, now)):
                    column["sequence_of_its_own"] = now
                    yield from steps


def quoted_schema(key: Key, preparer: Any) -> str | None:
    """The schema of a table as it stands in SQL; None for the default one."""
    return None if key[0] is None else str(preparer.quote_schema(key[0]))


def replaced(name: str, names: Mapping[str, str]) -> str | None:
    """A name with other words in it; None where it has none of the old ones."""
    olds = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    found = re.sub(rf"(?<![^_])(?:{olds})(?![^_])", lambda match: names[match.group()], name)
    return found if found != name else None
