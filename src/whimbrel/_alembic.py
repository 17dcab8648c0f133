"""Every private or undocumented name of Alembic that we touch, each with its reason; see ``tests/test_alembic.py``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from alembic.autogenerate import RevisionContext
from alembic.autogenerate.api import AutogenContext
from alembic.operations import AbstractOperations, Operations, ops
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import ScriptDirectory
from alembic.script.base import Script
from alembic.script.revision import Revision as AlembicRevision
from alembic.script.revision import RevisionMap
from sqlalchemy import Table

from ._alembic_mysql import renames_alone
from .revisions.graph import Graph
from .revisions.load import load_module
from .revisions.revision import Revision

Work = Callable[["RunContext", dict[str, Any]], None]


class RunContext(MigrationContext):
    """A MigrationContext whose run is ours: ``context.run_migrations()`` of env.py ends here."""

    environment_context: Environment
    own_names = "whimbrel"
    """What the names of our own tables in this database begin with."""

    def __init__(self, dialect: Any, *rest: Any, **kw: Any) -> None:
        super().__init__(dialect, *rest, **kw)
        if dialect.name in ("mysql", "mariadb"):
            renames_alone(self.impl)

    def begin_transaction(self, _per_migration: bool = False) -> Any:
        """What env.py enters around the run, and we around each revision.

        Alembic runs all revisions in the one transaction that env.py enters, unless ``transaction_per_migration`` is set.
        For us it always is: a revision that has run is committed, whatever becomes of the next one. An env.py that keeps
        the transaction to end it itself gets Alembic's.
        """
        is_ours = not self.as_sql and not self._in_external_transaction and not self.environment_context.keeps_transaction
        if is_ours and not _per_migration:
            self._transaction_per_migration = True
            return nullcontext()
        return super().begin_transaction(_per_migration)

    def run_migrations(self, **kw: Any) -> None:
        """Do the work of the command on this database."""
        # An env.py that opened no transaction at all would lose everything: nobody else is going to commit.
        if not self.as_sql and not self._in_external_transaction and self._transaction is None:
            self._transaction_per_migration = True
            if self.connection is not None and self.connection.in_transaction():
                self.connection.commit()  # statements of env.py before the run: SET search_path and the like
        self.environment_context.work(self, kw)

    @contextmanager
    def per_revision(self) -> Iterator[None]:
        """A transaction around one revision (or some), where the outer one is not env.py's.

        A revision that ends it (``op.get_bind().commit()``) has SQLAlchemy begin another one: that ends here, too.
        """
        ends_here = self.commits_each
        try:
            with self.begin_transaction(_per_migration=True):
                yield
            if ends_here and self.connection is not None and self.connection.in_transaction():
                self.connection.commit()
        except BaseException:
            if ends_here and self.connection is not None:
                self.connection.rollback()  # also where SQLAlchemy does not count it any more, as after a lost connection
            raise

    @property
    def commits_each(self) -> bool:
        """Whether ``per_revision`` is a transaction of its own."""
        return not self.as_sql and not self._in_external_transaction and self._transaction is None

    @property
    def is_in_foreign_transaction(self) -> bool:
        """Whether the connection came with a transaction, which somebody else will end."""
        return self._in_external_transaction

    @property
    def is_one_transaction(self) -> bool:
        """Whether all revisions of this run are in one transaction, which env.py ends."""
        return self._in_external_transaction or (not self._transaction_per_migration and self.impl.transactional_ddl)

    @property
    def table(self) -> Table:
        """The version table, under the name and in the schema that env.py gave; Alembic has no public name for it."""
        return self._version

    @property
    def has_table(self) -> bool:
        """Whether the version table is there, by the same question that Alembic asks."""
        return bool(self._has_version_table())

    def ensure_table(self, *, purge: bool = False) -> None:
        """Create the version table where it is missing; purge: and empty it."""
        self._ensure_version_table(purge=purge)

    @property
    def start(self) -> Any:
        """The revision that an offline script starts from."""
        return self._start_from_rev


class BatchingOperations(Operations):
    """``op`` of the revisions: Alembic's, but a batch may be done in our way."""

    @contextmanager
    def batch_alter_table(self, *args: Any, **kw: Any) -> Iterator[Any]:
        """As Alembic's. What the batch has collected is done by its ``flush()``, which has no other hook."""
        context = self.migration_context
        with super().batch_alter_table(*args, **kw) as batch:
            flush = context.environment_context.flush_batch if isinstance(context, RunContext) else None
            if flush is not None:
                batch.impl.flush = partial(flush, batch.impl, batch.impl.flush)  # type: ignore[method-assign]
            yield batch


def proxies(cls: Any) -> list[tuple[Any, dict[str, Any]]]:
    """The modules that stand for an object of a class, ``alembic.op`` and the like, and what is in them now."""
    names, modules = cls._setups[cls]
    return [(module, {name: module[name] for name in {"_proxy", *names} if name in module}) for module, _ in modules]


class Environment(EnvironmentContext):
    """What ``from alembic import context`` means in env.py while a command of ours runs it.

    before_configure: called with the connection and the arguments of ``context.configure``, which it may change.
    keeps_transaction: whether env.py ends the transaction of ``begin_transaction()`` itself.
    """

    def __init__(
        self,
        config: Any,
        scripts: Scripts,
        work: Work,
        before_configure: Callable[[Any, dict[str, Any]], None],
        *,
        keeps_transaction: bool,
        **opts: Any,
    ) -> None:
        super().__init__(config, scripts, fn=no_steps, **opts)
        self.work = work
        self.keeps_transaction = keeps_transaction
        self.before_configure = before_configure
        self.flush_batch: Callable[[Any, Callable[[], None]], None] | None = None
        """Does what a ``batch_alter_table()`` has collected, in the place of Alembic's way, which it is given."""
        self._outer: list[tuple[Any, dict[str, Any]]] = []

    def __enter__(self) -> Environment:
        """Become ``alembic.context``.

        What that and ``alembic.op`` were before comes back afterwards, so that a revision may run another command.
        """
        self._outer += [each for cls in (Environment, Operations) for each in proxies(cls)]
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        for module, before in self._outer:
            module.update(before)

    def configure(  # type: ignore[override]
        self, connection: Any = None, url: Any = None, dialect_name: str | None = None, **kw: Any
    ) -> None:
        """As Alembic's, with our MigrationContext in the place of Alembic's, whose class is fixed there."""
        self.before_configure(connection, kw)
        super().configure(connection, url, dialect_name, **kw)
        made = self.get_context()
        # A copy: Alembic keeps the options of all databases of a run in one dict.
        self._migration_context = RunContext(made.dialect, connection, dict(made.opts), self)

    def run_migrations(self, **kw: Any) -> None:
        """As Alembic's, with our operations."""
        operations = BatchingOperations(self.get_context())
        operations._install_proxy()  # as Operations.context() does for its own class
        try:
            self.get_context().run_migrations(**kw)
        finally:
            operations._remove_proxy()

    @property
    def is_configured(self) -> bool:
        """Whether env.py has called ``context.configure``."""
        return self._migration_context is not None


# The functions of ``alembic.context`` are bound to one class by its name in this table.
Environment._setups[Environment] = Environment._setups[EnvironmentContext]
BatchingOperations._setups[BatchingOperations] = BatchingOperations._setups[Operations]


def no_steps(heads: Any, context: Any) -> list[Any]:
    """The steps of Alembic's own run, which never takes place."""
    return []


class Scripts(ScriptDirectory):
    """The ScriptDirectory that env.py and hooks see: our history, with each module loaded when it is asked for.

    write: called in the place of ``generate_revision``.
    """

    def __init__(self, config: Any, graph: Graph, write: Callable[..., Path | None] | None = None) -> None:
        # from_config() knows which settings this version of Alembic has, but makes its own class.
        self.__dict__.update(vars(ScriptDirectory.from_config(config)))
        self.graph = graph
        self.write = write
        self.revision_map = RevisionMap(self._lazy_scripts)

    def _lazy_scripts(self) -> Iterator[LazyScript]:
        for revision in self.graph.revisions.values():
            yield LazyScript(revision)

    def generate_revision(self, revid: str, message: str | None, *args: Any, **kw: Any) -> Any:
        """Write a revision file by our rules."""
        if self.write is None:
            return super().generate_revision(revid, message, *args, **kw)
        return self.write(self, revid, message, *args, **kw)

    def render(self, path: Path, **values: Any) -> str:
        """What a Mako template of the project becomes."""
        from mako.template import Template

        text: str = Template(filename=str(path)).render_unicode(**values)
        return text

    def file_path(self, folder: Path, revision: str, message: str | None, created: Any) -> Path:
        """The path of a new file by ``file_template`` and ``truncate_slug_length``."""
        return Path(self._rev_path(folder, revision, message, created))

    def now(self) -> Any:
        """The create date of a new file, in the time zone of the settings."""
        return self._generate_create_date()

    def run_hooks(self, path: Path) -> None:
        """Run the ``post_write_hooks`` of the settings; what Alembic prints about it does not belong to our result."""
        from alembic.script import write_hooks

        hooks: Any = vars(self).get("hooks", vars(self).get("hook_config"))  # until Alembic 1.16
        if hooks:
            with redirect_stdout(sys.stderr):
                write_hooks._run_hooks(str(path), hooks)


class LazyScript(Script):
    """A revision of ours in Alembic's terms, not imported before its module is asked for."""

    def __init__(self, revision: Revision) -> None:
        # Not Script's own __init__, which reads everything from the module.
        AlembicRevision.__init__(
            self, revision.id, revision.parents or None, revision.depends_on or None, revision.labels or None
        )
        self.path = str(revision.path)
        self._text = revision.doc

    @property
    def module(self) -> ModuleType:  # type: ignore[override]
        """The module, loaded on first use."""
        if "module" not in self.__dict__:
            self.__dict__["module"] = load_module(Path(self.path))
        module: ModuleType = self.__dict__["module"]
        return module

    @property
    def longdoc(self) -> str:
        """The docstring."""
        return self._text


class Revising(RevisionContext):
    """A RevisionContext whose comparison is ours.

    fill: is given the context and the empty operations of a database, and the AutogenContext that renders them comes back.
    finish: is given the operations and those of the way back.
    """

    def __init__(
        self,
        config: Any,
        scripts: Scripts,
        arguments: dict[str, Any],
        fill: Callable[[RunContext, ops.UpgradeOps], AutogenContext],
        finish: Callable[[ops.UpgradeOps, ops.DowngradeOps], None],
    ) -> None:
        super().__init__(config, scripts, arguments, process_revision_directives=self.compare)
        self._fill = fill
        self._finish = finish
        self._is_autogenerate = False

    def run_autogenerate(self, rev: Any, migration_context: MigrationContext) -> None:
        """Compare one database with its models."""
        self._is_autogenerate = True
        super().run_no_autogenerate(rev, migration_context)

    def compare(self, context: Any, rev: Any, scripts: list[ops.MigrationScript]) -> None:
        """Called before the hook of env.py, which gets what we have found."""
        if self._is_autogenerate:
            upgrade, downgrade = scripts[-1].upgrade_ops_list[-1], scripts[-1].downgrade_ops_list[-1]
            self._last_autogen_context = self._fill(context, upgrade)
            upgrade.reverse_into(downgrade)
            self._finish(upgrade, downgrade)


@contextmanager
def observed_operations() -> Iterator[list[Any]]:
    """Gives a list that holds the operations that are being run, the outermost first; ``invoke`` has no hook."""
    running: list[Any] = []
    invoke = AbstractOperations.invoke

    def observed(self: AbstractOperations, operation: Any) -> Any:
        running.append(operation)
        try:
            return invoke(self, operation)
        finally:
            running.pop()

    AbstractOperations.invoke = observed  # type: ignore[method-assign]
    try:
        yield running
    finally:
        AbstractOperations.invoke = invoke  # type: ignore[method-assign]


def step_info(
    scripts: Any, id: str | Collection[str], before: Collection[str], *, is_upgrade: bool, is_stamp: bool
) -> MigrationInfo:
    """What ``on_version_apply`` callbacks are told about a step."""
    ids = (id,) if isinstance(id, str) else tuple(id)
    return MigrationInfo(scripts.revision_map, is_upgrade, is_stamp, ids, tuple(before))


def callbacks(context: MigrationContext) -> Collection[Callable[..., None]]:
    """The ``on_version_apply`` callbacks that env.py passed."""
    found: Collection[Callable[..., None]] = context.on_version_apply_callbacks
    return found


def options_of(context: MigrationContext) -> Mapping[str, Any]:
    """The arguments that env.py passed to ``context.configure``."""
    return context.opts
