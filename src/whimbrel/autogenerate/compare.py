"""Compare the models with one database: what Alembic sees, what it does not see, and renames as renames."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from copy import copy
from typing import Any

from alembic.operations import ops
from sqlalchemy import Connection, DefaultClause, Table, inspect, text

from .._alembic import RunContext
from .._alembic_compare import Comparing, metadatas_of
from ..dialects import dialect_of
from ..errors import UsageError
from ..revisions.near import near
from ..schema.inspector import inspector_of
from ..schema.snapshot import Key, Snapshot, take
from ..schema.text import escaped, quoted_name
from .answers import Answers, Question, undecided
from .columns import keep_same_types
from .detect import Detection, Known
from .domains import add_domains
from .enums import EnumTypes
from .expressions import compare_expressions, keep_same_order
from .fills import Fills
from .follow import Following
from .generated import set_computed_aside
from .guard import Guard
from .indexes import compare_as_written, compare_by_text, leave_empty_indexes_alone
from .keys import keep_numbering, set_keys_aside
from .names import give_names, names_in_use
from .objects import compare_objects
from .operations import Execute, RenameColumn, RenameTable, in_batches
from .order import free_names_first, in_creation_order, in_drop_order, in_the_same_order, keep_indexes_of_keys, keys_last
from .renames import Rename, best_pairs, column_pair, hinted, in_order, named, shown, table_pair
from .same import Sameness
from .types import add_casts, rendering, writes_texts
from .uniques import compare_uniques, leave_out_implied


class Comparison:
    """One database and its models.

    guard: what may be dropped. known: what the history says. is_ours: whether a table belongs to us and not to the application.
    extensions: those that PostgreSQL shall have. leaves_defaults: whether defaults of the server are not compared.
    """

    def __init__(
        self,
        context: RunContext,
        answers: Answers,
        guard: Guard,
        known: Known,
        command: str,
        is_ours: Callable[[str | None], bool],
        extensions: Collection[str] = (),
        *,
        leaves_defaults: bool = False,
    ) -> None:
        assert isinstance(context.connection, Connection)
        self.context = context
        self.answers = answers
        self.guard = guard
        self.known = known
        self.not_compared: list[str] = []
        self.command = command
        self.is_ours = is_ours
        self.extensions = extensions
        self.leaves_defaults = leaves_defaults
        self.connection = context.connection
        self.sqla_dialect = context.connection.dialect
        self.dialect = dialect_of(context.dialect.name)
        writes_texts(context.impl)
        self.models = models_of(context.opts.get("target_metadata"), self.sqla_dialect.default_schema_name)
        self.before = self.look()
        self.snapshot = self.before.copy()
        self.renames: list[Rename] = []
        self.first: list[ops.MigrateOperation] = []
        """The operations that rename, in their order."""
        self.unused: set[str] = set()
        """Old names that were said on the command line and are about neither tables nor columns."""

    def look(self) -> Snapshot:
        """The database: the default schema and those that models name."""
        schemas = {schema for schema, _ in self.models} | {None}
        asked = {old for old, _ in self.answers.renames}
        others = {old.split(".")[0] for old in asked if "." in old} - schemas
        version_table = self.context.table
        foreign = self.dialect.tables_of_extensions(self.connection)

        def leave_out(key: Key) -> bool:
            is_versions = key == (version_table.schema, version_table.name)
            is_others = key[0] in others and shown(key) not in asked
            return is_versions or is_others or self.is_ours(key[1]) or key in foreign

        there = set(inspect(self.connection).get_schema_names()) if others else set()
        in_their_order = sorted(schemas | (others & there), key=lambda schema: schema or "")
        return take(self.connection, in_their_order, leave_out=leave_out)

    def run(self) -> tuple[Comparing, ops.UpgradeOps]:
        """The operations that make the database what the models say. Raises Undecided where that is not known."""
        explicit, self.unused = named(self.answers, self.snapshot, self.models, self.sqla_dialect.default_schema_name)
        self.refuse_unused(self.unused - {old for old in self.unused if old.rpartition(".")[0] in self.enum_names()})
        self.rename(explicit)
        self.rename(list(hinted(self.models, self.snapshot)))
        denied: set[str] = set()
        while True:
            compared, upgrade = self.compare()
            self.guard.leave_others_alone(upgrade)
            self.leave_views_alone(upgrade)
            asked = [] if self.answers.is_no_rename else [each for each in self.likely(upgrade) if each.old not in denied]
            if not asked:
                break
            agreed = self.ask(asked)
            denied |= {each.old for each in asked if each not in agreed}
            self.rename(agreed)
        self.guard.check(upgrade, self.models, self.before)
        self.detect(compared, upgrade)
        self.improve(upgrade)
        upgrade.ops[:0] = self.first
        if self.dialect.rebuilds_tables and not self.context.opts.get("render_as_batch"):
            in_batches(upgrade.ops, self.is_held)
        return compared, upgrade

    def is_held(self, op: ops.MigrateOperation) -> bool:
        """Whether a column is dropped that constraints are about."""
        if not isinstance(op, ops.DropColumnOp):
            return False
        key, name = self.key(op.schema, op.table_name), op.column_name
        places = (("unique_constraints", "column_names"), ("foreign_keys", "constrained_columns"))
        if any(name in each[columns] for fact, columns in places for each in self.before.of(fact, key)):
            return True
        return bool(self.before.of("check_constraints", key))

    def compare(self) -> tuple[Comparing, ops.UpgradeOps]:
        """One comparison by Alembic, on the database as it will be after the renames."""
        compared = Comparing(self.context, inspector_of(self.connection, self.snapshot), set(self.snapshot.tables))
        opts = compared.opts
        opts["render_item"] = rendering(opts.get("render_item"), self.sqla_dialect)
        if not (compared.has_own_comparators or callable(opts.get("compare_type")) or opts.get("compare_server_default")):
            same = Sameness(self.snapshot, self.sqla_dialect)
            keys = {self.key(*key) for key, model in self.models.items() if same.of(self.key(*key), model)}
            compared.leave_out(keys, self.sqla_dialect.default_schema_name)
        upgrade = ops.UpgradeOps([])
        compared.fill(upgrade)
        return compared, upgrade

    def detect(self, compared: Comparing, upgrade: ops.UpgradeOps) -> None:
        """What Alembic does not see, and without what it sees where nothing is."""
        keep_same_types(upgrade, self.models, self.snapshot, self.connection, self.context.opts.get("compare_type"))
        detection = Detection(
            compared, self.connection, self.snapshot, upgrade, self.known, self.leaves_defaults, self.answers.is_asked
        )
        detection.run(self.models)
        self.not_compared += detection.not_compared
        self.not_compared += compare_objects(
            upgrade,
            self.connection,
            self.dialect,
            metadatas_of(self.context.opts.get("target_metadata")),
            {self.key(*key): model for key, model in self.models.items()},
            self.known.words,
            self.extensions,
        )
        self.not_compared += leave_empty_indexes_alone(upgrade, self.models)
        compare_uniques(upgrade, self.models, self.snapshot, self.dialect, self.connection)
        compare_as_written(upgrade, self.models, self.snapshot, self.dialect, self.connection)
        orders = self.dialect.descending(self.connection)
        if orders is not None:
            keep_same_order(upgrade, self.models, self.snapshot, orders)
        if self.dialect.hides_expression_indexes:
            there = self.dialect.unseen_indexes(self.connection)
            compare_expressions(upgrade, self.models, self.snapshot, there, self.connection, self.known.words)
        if orders is not None:
            texts = self.dialect.unseen_indexes(self.connection)
            compare_by_text(upgrade, self.models, self.snapshot, self.connection, texts, orders)

    def leave_checks_alone(self, upgrade: ops.UpgradeOps) -> None:
        """A type with a check makes it when a column gets that type; here checks are changed by themselves."""
        for modified in (op for op in upgrade.ops if isinstance(op, ops.ModifyTableOps)):
            for op in modified.ops:
                if isinstance(op, ops.AlterColumnOp) and getattr(op.modify_type, "create_constraint", False):
                    op.modify_type = copy(op.modify_type)
                    op.modify_type.create_constraint = False  # type: ignore[union-attr]

    def improve(self, upgrade: ops.UpgradeOps) -> None:
        """What makes the operations run as they are, on every database and on the way back."""
        self.leave_checks_alone(upgrade)
        models = {self.key(schema, name): model for (schema, name), model in self.models.items()}
        names = names_in_use(self.snapshot)
        in_creation_order(upgrade, models, self.sqla_dialect, names)
        if self.dialect.joins_unique_with_primary:
            leave_out_implied(upgrade, models, self.sqla_dialect.default_schema_name)
        in_drop_order(upgrade, self.snapshot)
        in_the_same_order(upgrade, self.snapshot)
        give_names(upgrade, self.sqla_dialect, names)
        free_names_first(upgrade)
        needs = keep_indexes_of_keys(upgrade, self.snapshot, self.dialect, self.sqla_dialect)
        if not self.dialect.rebuilds_tables:
            keys_last(upgrade, models, self.snapshot)
        if self.dialect.has_enum_types:
            types = EnumTypes(self.connection, self.snapshot, models, self.answers, self.command, self.known.words)
            types.apply(upgrade)
            self.unused -= types.used
            add_domains(upgrade, models, self.snapshot, self.connection)
            add_casts(upgrade, self.connection)
        set_computed_aside(upgrade, self.dialect, self.connection)
        keep_numbering(upgrade, self.snapshot, self.dialect)
        set_keys_aside(upgrade, self.snapshot, models, self.dialect, needs)
        self.refuse_unused(self.unused)
        if self.answers.is_asked:
            Fills(self.connection, self.snapshot, models, self.answers, self.command, self.renames).apply(upgrade)

    def enum_names(self) -> set[str]:
        """The enum types of the database."""
        if not (self.unused and self.dialect.has_enum_types):
            return set()
        inspector: Any = inspect(self.connection)
        return {name for each in inspector.get_enums(schema="*") for name in (each["name"], f"{each['schema']}.{each['name']}")}

    def refuse_unused(self, unused: set[str]) -> None:
        """Raise UsageError where a rename was said of something that is not there."""
        self.answers.used |= {old for old, _ in self.answers.renames} - self.unused
        if unused and not self.answers.is_for_several:
            old = min(unused)
            known = [shown(key) for key in self.before]
            known += [f"{shown(key)}.{each['name']}" for key in self.before for each in self.before.of("columns", key)]
            likely = near(old, known) or [each for each in known if each.endswith(f".{old}")]
            raise UsageError(
                f"--rename {old}: there is no such table or column in the database.",
                hint=f"Did you mean {' or '.join(likely)}?" if likely else "The old name is the one that the database has.",
            )

    def leave_views_alone(self, upgrade: ops.UpgradeOps) -> None:
        """Take out of the operations what would create a table for a model of a view."""
        created = {op.schema for op in upgrade.ops if isinstance(op, ops.CreateTableOp)}
        inspector: Any = inspect(self.connection) if created else None
        views = {self.key(schema, name) for schema in created for name in inspector.get_view_names(schema=schema)}
        with suppress(NotImplementedError):  # no dialect but PostgreSQL's knows of such views
            views |= {
                self.key(schema, name) for schema in created for name in inspector.get_materialized_view_names(schema=schema)
            }
        views |= {key for key, model in self.models.items() if model.info.get("is_view")}

        def is_of_view(op: ops.MigrateOperation) -> bool:
            return isinstance(op, (ops.CreateTableOp, ops.ModifyTableOps)) and self.key(op.schema, op.table_name) in views

        upgrade.ops[:] = [op for op in upgrade.ops if not is_of_view(op)]

    # -- renames

    def likely(self, upgrade: ops.UpgradeOps) -> list[Rename]:
        """What may be renamed: tables first, for their columns can be compared only then."""
        dropped = [op for op in upgrade.ops if isinstance(op, ops.DropTableOp)]
        created = [op for op in upgrade.ops if isinstance(op, ops.CreateTableOp)]
        pairs = []
        for old in dropped:
            for new in created:
                key, model = (old.schema, old.table_name), self.models.get(self.key(new.schema, new.table_name))
                is_moved = old.schema != new.schema
                if model is not None and not (is_moved and not self.dialect.moving("", "")):
                    score, reasons = table_pair(
                        self.snapshot.facts["columns"].get(key, ()), old.table_name, model, self.sqla_dialect
                    )
                    into = self.key(new.schema, new.table_name)[0]
                    pairs.append(Rename(key, None, new.table_name, reasons, score - 0.1 * is_moved, into, is_moved))
        found = best_pairs(pairs)
        return found or best_pairs(self.column_pairs(upgrade))

    def column_pairs(self, upgrade: ops.UpgradeOps) -> Iterator[Rename]:
        """Every column that went with every one that came in the same table."""
        for modified in upgrade.ops:
            if not isinstance(modified, ops.ModifyTableOps):
                continue
            key = (modified.schema, modified.table_name)
            model = self.models.get(key)
            if model is None:
                continue
            there = [each["name"] for each in self.snapshot.facts["columns"].get(key, ())]
            wanted = [each.name for each in model.columns]
            for gone in (op for op in modified.ops if isinstance(op, ops.DropColumnOp)):
                for came in (op for op in modified.ops if isinstance(op, ops.AddColumnOp)):
                    old = self.snapshot.column(key, gone.column_name)
                    if old is None or came.column.name not in wanted:
                        continue
                    at, where = there.index(gone.column_name), wanted.index(came.column.name)
                    score, reasons = column_pair(old, at, model.columns[came.column.name], where, self.sqla_dialect)
                    yield Rename(key, gone.column_name, came.column.name, reasons, score)

    def ask(self, pairs: list[Rename]) -> list[Rename]:
        """Those that a person says yes to. Raises Undecided where nobody can be asked."""
        if self.answers.ask is None:
            questions: list[Question] = [pair.question for pair in pairs]
            raise undecided(questions, self.command, "or --no-rename where the old one goes with its values")
        return [pair for pair in pairs if self.answers.ask(pair.question)]

    def rename(self, agreed: list[Rename]) -> None:
        """Make the database that is compared look renamed, and remember how to get there."""
        tables = [self.move(each) if each.is_moved else each for each in agreed if each.column is None]
        tables = [each for each in tables if each.table[1] != each.new]
        for schema in dict.fromkeys(each.table[0] for each in tables):
            names = {each.table[1]: each.new for each in tables if each.table[0] == schema}
            in_use = self.snapshot.tables[schema]
            steps = in_order(names, in_use, str.lower if self.dialect.ignores_case_of_tables else str)
            for old, new in steps:
                self.snapshot.rename_table((schema, old), new)
                self.first.append(RenameTable(old, new, schema=schema))
            was = {new: old for old, new in names.items()}
            later: list[Execute] | None = [] if any(new not in was for _, new in steps) else None
            for _, new in steps:
                if new in was:  # in the order in which names become free
                    self.follow((schema, new), {was[new]: new}, is_table=True, later=later)
            self.first += later or ()
        moved = {each.table: each.place for each in agreed if each.column is None}
        columns = [each for each in agreed if each.column is not None]
        for table in dict.fromkeys(moved.get(each.table, each.table) for each in columns):
            names = {str(each.column): each.new for each in columns if moved.get(each.table, each.table) == table}
            self.rename_columns(table, names)
        self.renames += agreed

    def move(self, rename: Rename) -> Rename:
        """Take a table into another schema; what is left to do there."""
        preparer, default = self.sqla_dialect.identifier_preparer, str(self.sqla_dialect.default_schema_name)

        old, new = rename.table, (rename.into, rename.table[1])
        there, back = (
            self.dialect.moving(quoted_name(one, preparer), preparer.quote_schema(other[0] or default))
            for one, other in ((old, new), (new, old))
        )
        self.snapshot.move_table(old, rename.into)
        self.first.append(Execute(there, back, words=f"table {shown(new)}: moved from {shown(old)}"))
        # SQLAlchemy's own names of indexes begin with the schema.
        was, now = (f"{key[0]}_{key[1]}" if key[0] else key[1] for key in (old, new))
        self.follow(new, {was: now}, is_table=False)
        return Rename(new, None, rename.new)

    def rename_columns(self, table: Key, names: dict[str, str]) -> None:
        """The columns of one table, each in a step of its own."""
        there = {each["name"]: each for each in self.snapshot.facts["columns"][table]}
        facts = dict(there)
        for old, new in in_order(names, there):
            known = facts.pop(old)
            facts[new] = known
            step = RenameColumn(
                table[1],
                old,
                schema=table[0],
                modify_name=new,
                existing_type=known["type"],
                existing_nullable=known.get("nullable"),
                existing_comment=known.get("comment"),
                existing_server_default=self.default_said_anew(known),
            )
            self.first.append(ops.ModifyTableOps(table[1], [step], schema=table[0]))
        self.snapshot.rename_columns(table, names)
        later: list[Execute] | None = [] if names.keys() & set(names.values()) else None
        self.follow(table, names, is_table=False, later=later)
        self.first += later or ()

    def default_said_anew(self, column: dict[str, Any]) -> Any:
        """The default of a column for those who say all of it to give it another name; else False."""
        default = column.get("default")
        if self.dialect.kind != "mysql" or not isinstance(default, str):
            return False
        return DefaultClause(text(escaped(default)))

    def follow(self, table: Key, names: dict[str, str], *, is_table: bool, later: list[Execute] | None = None) -> None:
        """Rename what carries the names, in this table and in those that reference it. later: as in ``Following``."""
        others = [key for key in self.snapshot if key != table and self.references(key, table)] if is_table else []
        for key in (table, *others):
            model = self.models.get(key)
            if model is not None:
                carrying = Following(self.snapshot, key, model, names, self.dialect, self.sqla_dialect, later)
                self.first += carrying.all(is_table=is_table and key == table)

    def references(self, key: Key, other: Key) -> bool:
        """Whether a table has a foreign key to another one."""
        return any((each["referred_schema"], each["referred_table"]) == other for each in self.snapshot.of("foreign_keys", key))

    def key(self, schema: str | None, name: str) -> Key:
        """A table as the snapshot names it."""
        return (None if schema == self.sqla_dialect.default_schema_name else schema, name)


def models_of(metadata: Any, default_schema: str | None) -> dict[Key, Table]:
    """The tables of the models, with None for the default schema."""
    return {
        (None if table.schema == default_schema else table.schema, table.name): table
        for each in metadatas_of(metadata)
        for table in each.tables.values()
    }
