"""How env.py meets us: the project's own file, whoever wrote it, is run inside our environment context.

The connection, the options and the order of the databases stay the user's; what is done with them is ours.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from .._alembic import Environment, RunContext, Scripts
from ..dialects import dialect_of
from ..errors import EnvironmentFailed, HistoryError, NotCommitted
from ..events import Direction
from ..project import Project, display_path
from ..revisions.graph import Graph
from ..revisions.index import history
from ..revisions.load import load_module
from ..revisions.revision import Revision
from . import trouble
from .binds import refuse_shared_database
from .call import nothing, prepared
from .journal import Names
from .quiet import logging_kept
from .sqlite_rebuild import rebuild as sqlite_rebuild
from .watch import Watch, watching

ONE_AT_A_TIME = threading.RLock()
"""``alembic.context`` and ``alembic.op`` are one for the whole process."""


@dataclass
class Task:
    """What a command wants done on each database that env.py connects to.

    work: called once for each ``context.run_migrations()``.
    options: what the user typed, for ``config.cmd_opts``.
    context: more arguments of Alembic's EnvironmentContext.
    prepare: makes more of them from the Config and the ScriptDirectory, before env.py runs.
    needs_history: whether the files must make one; without, none of them is known where they contradict each other.
    """

    work: Callable[[Database], None]
    as_sql: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[Any, Scripts], Mapping[str, Any]] = lambda config, scripts: {}
    needs_history: bool = True


@dataclass
class Database:
    """One database, as env.py has connected to it."""

    context: RunContext
    arguments: dict[str, Any]
    """What env.py gave to ``run_migrations()`` for the functions of the revisions."""
    watch: Watch
    scripts: Scripts
    resources: ExitStack
    """What is given back when env.py has ended."""
    others: tuple[str, ...] = ()
    """The names of the databases that were run before this one in the same command."""
    has_changed: bool = False
    """Whether the work has changed something that must be committed."""

    def __post_init__(self) -> None:
        connection = self.connection
        self._ends_before = len(self.watch.ended(connection)) if connection else 0
        self._is_begun_here = bool(connection and connection in self.watch.begun)

    @property
    def connection(self) -> Connection | None:
        """The connection; None where a script is written."""
        found = self.context.connection
        return found if isinstance(found, Connection) and not self.context.as_sql else None

    @property
    def is_lost(self) -> bool:
        """Whether the transaction that the work ran in was rolled back, or left open by the env.py that began it."""
        if self.connection is None or not self.has_changed:
            return False
        ends = self.watch.ended(self.connection)[self._ends_before :]
        return not ends[0] if ends else self._is_begun_here and self.context.is_in_foreign_transaction

    @property
    def name(self) -> str:
        """The name that env.py gives it; "" for the default or only one."""
        return str(self.arguments.get("engine_name") or "")

    def function(self, revision: Revision, direction: Direction) -> Callable[[], Any]:
        """``upgrade()`` or ``downgrade()`` of a revision, ready to call on this database.

        Raises Refused where it cannot be called, and RevisionFailed where its file cannot be loaded.
        """
        try:
            module = load_module(revision.path)
        except Exception as error:
            raise trouble.of_revision(
                error, revision, "load", after="Nothing has been run.", scrub=self.watch.scrubbed
            ) from error
        return prepared(module, revision, direction, self.arguments, self.others)

    def knows_nothing_of(self, revision: Revision, direction: Direction) -> bool:
        """Whether a revision has nothing to do here, because it was written before there was a database of this name."""
        return bool(self.name) and self.function(revision, direction) is nothing

    @property
    def url(self) -> str:
        """Its address without the password; the name of its dialect where there is no connection."""
        if self.connection is None:
            return self.context.dialect.name
        return self.connection.engine.url.render_as_string(hide_password=True)


def run_environment(project: Project, task: Task) -> list[Database]:
    """Run env.py once. Raises what the work raises, and EnvironmentFailed, ConnectionFailed or NotCommitted."""
    done: list[Database] = []
    failures: list[BaseException] = []
    with ONE_AT_A_TIME, project.surroundings.environment(), watching() as watch, ExitStack() as prepared:
        config, scripts = open_scripts(project, task.needs_history, **task.options)

        def work(context: RunContext, arguments: dict[str, Any]) -> None:
            if context.connection is None and not context.as_sql:
                raise EnvironmentFailed(
                    f"{display_path(env_file(project))} has configured no connection: an address alone is for '--sql'.",
                    hint="Let env.py connect, and say context.configure(connection=connection, …).",
                )
            context.own_names = project.settings.journal
            database = Database(context, arguments, watch, scripts, prepared, tuple(one.name for one in done))
            rebuilds = dialect_of(context.dialect.name).rebuilds_tables and not context.as_sql
            environment.flush_batch = sqlite_rebuild.flush if rebuilds else None
            done.append(database)
            is_shared = context.opts.get("output_buffer") in (None, config.output_buffer)  # env.py may open a file for each
            if context.as_sql and is_shared and "engine_name" in arguments:
                context.impl.static_output(f"-- Database: {database.name or 'default'}")
            try:
                if "engine_name" in arguments and len(done) == 1:
                    refuse_shared_database(project)
                task.work(database)
            except BaseException as error:
                failures.append(error)
                raise

        def before_configure(connection: Any, arguments: dict[str, Any]) -> None:
            if task.as_sql:
                for name, value in project.surroundings.context_defaults().items():
                    arguments.setdefault(name, value)
            elif isinstance(connection, Connection):
                arguments["include_name"] = without_journal(arguments.get("include_name"), Names(project.settings.journal))
                if connection.in_transaction() and watch.began_by_itself(connection):
                    connection.commit()
                prepared.enter_context(dialect_of(connection.dialect.name).prepared(connection))

        more = {**task.context, **task.prepare(config, scripts)}
        keeps = keeps_transaction(env_file(project))
        environment = Environment(config, scripts, work, before_configure, keeps_transaction=keeps, as_sql=task.as_sql, **more)
        with logging_kept(owns_process=project.surroundings.owns_process), environment:
            try:
                load_module(env_file(project))
            except Exception as error:
                first = failures[0] if failures and isinstance(failures[0], Exception) else error
                raise_known(first, project, watch)
            except SystemExit as end:
                if not failures and not (done and end.code in (None, 0)):  # at its end, that says that all is well
                    raise ended(end, project, bool(done), watch.scrubbed) from end
        if failures:
            # env.py caught it.
            raise_known(failures[0], project, watch)
        for database in done:
            refuse_lost_work(database, project)
    return done


def without_journal(include_name: Callable[..., bool] | None, names: Names) -> Callable[..., bool]:
    """env.py's filter of what autogenerate looks at, without our own tables."""

    def includes(name: str | None, type_: str, parent_names: Mapping[str, str | None]) -> bool:
        if type_ == "table" and names.include(name):
            return False
        return include_name is None or include_name(name, type_, parent_names)

    return includes


def open_scripts(project: Project, needs_history: bool = True, /, **options: Any) -> tuple[Any, Scripts]:
    """The Config and the ScriptDirectory of a project, for env.py and for code of Alembic."""
    try:
        graph = history(project)
    except HistoryError:
        if needs_history:
            raise
        graph = Graph((), project.command)
    config = project.config(**options)
    return config, Scripts(config, graph)


def raise_known(error: BaseException, project: Project, watch: Watch) -> None:
    """Raise an error that a person can read."""
    if not isinstance(error, Exception):
        raise error
    known = trouble.of_environment(error, project, watch)
    if known is error:
        raise error
    raise known from error


def ended(end: SystemExit, project: Project, is_late: bool, scrub: Callable[[str], str]) -> EnvironmentFailed:
    """What is said where env.py ends the program before the work is done, or calls that a failure."""
    says = "" if end.code in (None, 0) else f": {scrub(end.code)}" if isinstance(end.code, str) else f" with {end.code}"
    return EnvironmentFailed(
        f"{display_path(env_file(project))} has ended the program{', after the work was done' if is_late else ''}{says}.",
        hint="Mend what it says, or take sys.exit() out of it.",
    )


def env_file(project: Project) -> Path:
    """The project's env.py, or its bytecode where sources are not shipped."""
    script = project.layout.script
    for path in (script / "env.py", script / "env.pyc", Path(cache_from_source(str(script / "env.py")))):
        if path.exists():
            return path
    raise EnvironmentFailed(
        f"There is no env.py in {display_path(script)}.",
        hint=f"Restore it from version control, or start over in an empty folder with '{project.command} init'.",
    )


def keeps_transaction(path: Path) -> bool:
    """Whether an env.py needs all revisions in the one transaction that it enters.

    It does where it keeps the object (``with context.begin_transaction() as transaction``) to end it itself, as for a dry
    run, and where it sets or locks something for the time of the transaction. Without a source, it may.
    """
    if path.suffix != ".py":
        return True
    text = path.read_text(encoding="utf-8", errors="replace")
    return FOR_ONE_TRANSACTION.search(text) is not None or len(BEGIN.findall(text)) != len(BARE_BEGIN.findall(text))


BEGIN = re.compile(r"\bbegin_transaction\(")
BARE_BEGIN = re.compile(r"^[ \t]*with [\w.()]*\bbegin_transaction\(\):[ \t]*(?:#.*)?$", re.MULTILINE)
FOR_ONE_TRANSACTION = re.compile(r"\bset\s+local\b|_xact_lock|\block\s+table\b|\bon\s+commit\b", re.IGNORECASE)


def refuse_lost_work(database: Database, project: Project) -> None:
    """Raise NotCommitted where env.py ran the revisions and nothing of it is in the database.

    A rollback through the object of ``context.begin_transaction()`` is env.py's deliberate dry run, and no error.
    """
    if database.is_lost and database.context.is_in_foreign_transaction:
        raise NotCommitted(
            f"{display_path(env_file(project))} ran the revisions in a transaction of its own and did not commit it"
            f"{f' on {database.name}' if database.name else ''}: nothing of it is in the database.",
            hint="Let env.py open its transaction with 'with context.begin_transaction():', or commit the one it opens.",
        )
