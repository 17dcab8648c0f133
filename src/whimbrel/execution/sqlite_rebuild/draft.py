"""The new text of a table: Alembic's batch operations, each applied to the definition that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column as SqlaColumn
from sqlalchemy import (
    Computed,
    Connection,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import CreateColumn

from ...dialects._sqlite_text import Clause, Column, TableText, column, constraint, identifiers, same, tokens, words
from ...errors import Refused
from .lossless import refuse_damage, refuse_nulls

KINDS = {PrimaryKeyConstraint: "PRIMARY", UniqueConstraint: "UNIQUE", ForeignKeyConstraint: "FOREIGN"}


class Draft:
    """A table that is going to be built anew.

    renamed: columns that have been renamed before, old name to new: operations may use either.
    aside: columns that are dropped, old name to the one under which they make room for a renamed one.
    naming_convention: the names of constraints that have none in the database.
    """

    def __init__(
        self,
        connection: Connection,
        text: TableText,
        renamed: Mapping[str, str],
        aside: Mapping[str, str],
        naming_convention: Mapping[str, str] | None,
    ) -> None:
        self.connection = connection
        self.dialect = connection.dialect
        self.text = text
        self.renamed = renamed
        self.aside = dict(aside)
        self.naming_convention = naming_convention
        self.copied = [each.name for each in text.columns if not each.is_generated]
        self.dropped: set[str] = set()
        self.new_indexes: list[Any] = []
        self.dropped_indexes: set[str] = set()
        self.new_name: str | None = None

    # -- columns

    def find(self, name: str) -> Column:
        """The column of a name. Raises Refused where there is none."""
        found = self.text.column(self.renamed.get(name, name)) or self.text.column(name)
        if found is None:
            raise Refused(
                f"The table {self.text.name} has no column '{name}'; it has {', '.join(each.name for each in self.text.columns)}."
            )
        return found

    def alter_column(self, table_name: str, column_name: str, **changes: Any) -> None:
        """Type, default and nullability; a new name was given before."""
        found = self.find(column_name)
        new_type = changes.get("type_")
        if new_type is not None:
            self.alter_type(found, new_type)
        default = changes.get("server_default", False)
        if default is not False:
            self.alter_default(found, default)
        nullable = changes.get("nullable")
        if nullable is True:
            found.drop("NOT")
        elif nullable is False and not found.has("NOT"):
            if found.name in self.copied:
                refuse_nulls(self.connection, self.text.name, found.name)
            found.clauses.insert(0, Clause("NOT", None, " NOT NULL"))
            found.drop("NULL")

    def alter_type(self, found: Column, new_type: Any) -> None:
        """Another type; a collation that it names replaces the old one."""
        new_type = new_type() if isinstance(new_type, type) else new_type
        new = self.dialect.type_compiler_instance.process(new_type)
        if found.name in self.copied:
            refuse_damage(self.connection, self.text.name, found.name, found.type.strip(), new, new_type)
        if " COLLATE " in new.upper():
            found.drop("COLLATE")
        found.type = f" {new}"

    def alter_default(self, found: Column, default: Any) -> None:
        """Another default, none, or another expression of a generated column."""
        kinds = ("GENERATED", "AS") if isinstance(default, Computed) else ("DEFAULT",)
        before = next((n for n, each in enumerate(found.clauses) if each.kind in kinds), len(found.clauses))
        for kind in kinds:
            found.drop(kind)
        if default is not None:
            more = (default,) if isinstance(default, Computed) else ()
            stub = SqlaColumn("c", Integer(), *more, server_default=None if more else default)
            Table("t", MetaData(), stub)
            written = column(tokens(str(CreateColumn(stub).compile(dialect=self.dialect))))
            found.clauses[before:before] = [clause for clause in written.clauses if clause.kind in kinds]

    def add_column(self, table_name: str, added: Any, **place: Any) -> None:
        """A new column, at the end unless a place is named."""
        written = str(CreateColumn(added).compile(dialect=self.dialect))
        made = column(tokens("\n\t" + written))
        names = [each.name for each in self.text.columns]
        where = len(names)
        if before := place.get("insert_before"):
            where = names.index(self.find(before).name)
        elif after := place.get("insert_after"):
            where = names.index(self.find(after).name) + 1
        self.text.columns.insert(where, made)

    def drop_column(self, table_name: str, dropped: Any, **kw: Any) -> None:
        """A column goes; another one of that name may come."""
        found = self.find(self.aside.pop(dropped.name, dropped.name))
        self.text.columns.remove(found)
        self.dropped.add(found.name.lower())
        if found.name in self.copied:
            self.copied.remove(found.name)

    def finish(self) -> None:
        """With the columns that are gone in the end, constraints go that are about nothing else.

        Raises Refused for a CHECK that is about other columns, too.
        """
        others = {each.name.lower() for each in self.text.columns}
        self.dropped -= others
        kept = []
        for each in self.text.constraints:
            about = each.identifiers if each.kind == "CHECK" else {name.lower() for name in each.columns}
            if not about & self.dropped:
                kept.append(each)
            elif each.kind == "CHECK" and about & others:
                raise Refused(
                    f"{', '.join(sorted(about & self.dropped))} of {self.text.name} cannot be dropped: this is about other"
                    f" columns, too: {' '.join(each.text.split())}.",
                    hint="Drop the constraint first.",
                )
        self.text.constraints = kept

    # -- constraints

    def add_constraint(self, added: Any) -> None:
        """A constraint of the table; a primary key replaces the one that is there."""
        if isinstance(added, PrimaryKeyConstraint):
            self.text.constraints = [each for each in self.text.constraints if each.kind != "PRIMARY"]
            for each in self.text.columns:
                each.drop("PRIMARY")
        compiler = self.dialect.ddl_compiler(self.dialect, None)  # type: ignore[arg-type]
        self.text.constraints.append(constraint(tokens("\n\t" + compiler.process(added))))

    def drop_constraint(self, dropped: Any) -> None:
        """A constraint goes: one of the table, one of a column, or one that a type brought along."""
        name = dropped.name
        if name is not None and self.drop_named(str(name)):
            return
        if getattr(dropped, "_type_bound", False):
            self.drop_type_check(dropped)
            return
        if name is None:
            raise Refused(
                f"A constraint of {self.text.name} that shall be dropped has no name: say which with a naming_convention."
            )
        if not self.drop_unnamed(str(name)):
            names = ", ".join(self.constraint_names()) or "none with a name"
            raise Refused(
                f"The table {self.text.name} has no constraint '{name}'; it has {names}.",
                hint="One without a name in the database is found through batch_alter_table(…, naming_convention=…).",
            )

    def drop_named(self, name: str) -> bool:
        """Drop the constraint of that name; False where there is none."""
        for each in self.text.constraints:
            if each.name is not None and same(each.name, name):
                self.text.constraints.remove(each)
                return True
        for found in self.text.columns:
            for clause in found.clauses:
                if clause.name is not None and same(clause.name, name):
                    found.clauses.remove(clause)
                    return True
        return False

    def drop_type_check(self, dropped: Any) -> None:
        """Drop the CHECK of a Boolean or Enum that has no name."""
        compiler = self.dialect.ddl_compiler(self.dialect, None)  # type: ignore[arg-type]
        wanted = [piece.text.lower() for piece in words(tokens(compiler.process(dropped)))]
        for each in self.text.constraints:
            if [piece.text.lower() for piece in words(tokens(each.text))] == wanted:
                self.text.constraints.remove(each)
                return

    def drop_unnamed(self, name: str) -> bool:
        """Drop the constraint without a name to which the naming convention gives that name; False where there is none."""
        if not self.naming_convention:
            return False
        reflected = Table(self.text.name, MetaData(), autoload_with=self.connection)
        for each in reflected.constraints:
            each.name = None if each.name is None or str(each.name) == "None" else each.name
        renamed = reflected.to_metadata(MetaData(naming_convention=dict(self.naming_convention)))
        wanted = next((each for each in renamed.constraints if str(each.name) == name), None)
        if wanted is None:
            return False
        kind, columns = KINDS.get(type(wanted)), [each.name.lower() for each in wanted.columns]  # type: ignore[attr-defined]
        for each_text in self.text.constraints:
            if each_text.kind == kind and each_text.name is None and [n.lower() for n in each_text.columns] == columns:
                self.text.constraints.remove(each_text)
                return True
        clause_kind = {"FOREIGN": "REFERENCES"}.get(kind or "", kind)
        found = self.text.column(columns[0]) if len(columns) == 1 else None
        for clause in found.clauses if found else []:
            if clause.kind == clause_kind and clause.name is None:
                found.clauses.remove(clause)  # type: ignore[union-attr]
                return True
        return False

    def constraint_names(self) -> list[str]:
        """The names that are there."""
        inline = [clause.name for found in self.text.columns for clause in found.clauses]
        return [name for name in [*(each.name for each in self.text.constraints), *inline] if name is not None]

    # -- indexes and the rest

    def create_index(self, index: Any, **kw: Any) -> None:
        """After the table."""
        self.new_indexes.append((index, kw))

    def drop_index(self, index: Any, **kw: Any) -> None:
        """Not built again."""
        self.dropped_indexes.add(str(index.name).lower())

    def rename_table(self, old: str, new: str, **kw: Any) -> None:
        """After everything else."""
        self.new_name = new

    def create_table_comment(self, *args: Any, **kw: Any) -> None:
        """SQLite has no comments."""

    def drop_table_comment(self, *args: Any, **kw: Any) -> None:
        """SQLite has no comments."""

    def is_about_dropped(self, sql: str) -> bool:
        """Whether an index is over a column that goes."""
        opening = sql.find("(")
        return bool(self.dropped & identifiers(tokens(sql[opening:])))
