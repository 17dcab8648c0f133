"""The schema that a history gives: its revisions, run on an empty database that nobody else uses."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from .._alembic import Environment, RunContext, options_of
from ..dialects import dialect_of
from ..errors import HalfApplied, Refused, RevisionFailed
from ..events import ignore
from ..project import Project
from ..revisions import paths
from ..revisions.graph import Graph
from .env import Database
from .runner import Runner

LIKE_OURS = ("target_metadata", "version_table", "version_table_pk", "user_module_prefix")
"""What ``context.configure`` is told there, too."""


def replay(project: Project, graph: Graph, database: Database, heads: Collection[str], connection: Connection) -> None:
    """Bring an empty database to some heads of the history, as env.py would do with this database.

    Raises Refused where that is not possible, because a revision needs rows that are not there.
    """

    def work(context: RunContext, arguments: dict[str, Any]) -> None:
        scratch = Database(context, arguments, database.watch, database.scripts, database.resources, database.others)
        Runner(project, graph, scratch, ignore).run(paths.upgrade(graph, tuple(heads), ()), "upgrade", ())

    options = {name: value for name, value in options_of(database.context).items() if name in LIKE_OURS}
    config = database.context.environment_context.config
    environment = Environment(config, database.scripts, work, lambda *given: None, keeps_transaction=False, as_sql=False)
    environment.flush_batch = flush_batch_of(connection)
    with environment, nothing_else(connection), dialect_of(connection.dialect.name).prepared(connection):
        environment.configure(connection, **options)
        try:
            environment.run_migrations(**database.arguments)
        except (RevisionFailed, HalfApplied) as error:
            raise Refused(
                "What the tables look like follows from the history, and that cannot be run on an empty database:"
                f" {error.message}",
                place=error.place,
                state="Nothing has been changed.",
                hint="Let the revision do nothing where there are no rows.",
            ) from error
        if connection.in_transaction():
            connection.commit()


def flush_batch_of(connection: Connection) -> Any:
    """What does the work of a batch on a database; None where that is Alembic."""
    from .sqlite_rebuild import rebuild

    return rebuild.flush if dialect_of(connection.dialect.name).rebuilds_tables else None


@contextmanager
def nothing_else(connection: Connection) -> Iterator[None]:
    """Let no revision of the past reach another database than this one."""

    thread = threading.get_ident()  # in others we look at locks and progress

    place = dialect_of(connection.dialect.name).place(connection.engine.url)

    others = "|".join(map(re.escape, dialect_of(connection.dialect.name).other_databases(connection)))
    reaching = re.compile(rf"(?:`(?:{others})`|(?<![\w$.`'])(?:{others}))\s*\.", re.IGNORECASE) if others else None

    def refuse(other: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        if reaching is not None and other.engine is connection.engine and (found := reaching.search(statement)):
            name = found.group().rstrip(" .").strip("`")
            raise Refused(f"A revision of the past reaches the database {name}, in which nothing must be repeated.")
        is_this = other.engine is connection.engine or (place is not None and other.engine.url == connection.engine.url)
        if not is_this and threading.get_ident() == thread:
            raise Refused("A revision of the past uses a connection of its own, which must not be repeated here.")

    event.listen(Engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", refuse)
