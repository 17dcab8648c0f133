"""Turn an exception into one screen: what happened, where, what next."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, exc

from ..dialects import Dialect, dialect_of
from ..errors import ConfigurationError, ConnectionFailed, EnvironmentFailed, Refused, RevisionFailed, WhimbrelError
from ..project import Project, display_path
from ..revisions.revision import Revision
from .statement import short
from .watch import Watch

OURS = os.path.dirname(os.path.dirname(__file__)) + os.sep
STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep
LOST = "8s2b"  # SQLAlchemy manual, "Error Messages": cannot reconnect until invalid transaction is rolled back
MOST_LINES = 12
MOST_CHARACTERS = 1500


def of_environment(error: Exception, project: Project, watch: Watch) -> WhimbrelError:
    """What went wrong in env.py, or on its way to the database."""
    if isinstance(error, WhimbrelError):
        return error
    if isinstance(found := original(error), Exception):
        error = found
    if is_lost(error):
        return Refused("The connection to the database is lost.")
    if watch.refused is not None or isinstance(error, ConnectionError):
        return no_connection(error, watch)
    if isinstance(error, CommandError):
        return Refused(one_screen(str(error)))
    if isinstance(error, exc.NoSuchModuleError) or (isinstance(error, exc.ArgumentError) and "URL" in str(error)):
        return ConfigurationError(
            f"The database URL cannot be used: {error}", hint="Check the URL in the settings of the application."
        )
    if isinstance(error, ModuleNotFoundError) and entered_sqlalchemy(error):
        return ConfigurationError(
            f"The database driver '{error.name}' is not installed.",
            hint=f"Install it ('pip install {error.name}'), or name another driver in the database URL.",
        )
    place = last_user_place(error, project)
    if place is None:
        if isinstance(error, exc.DBAPIError):
            if why := why_no_database(error):
                return ConnectionFailed(why, hint="Check the database URL; nothing has been changed.")
            return Refused(f"The database said: {watch.scrubbed(describe(error))}")
        raise error  # a mistake of ours: let it be seen
    return EnvironmentFailed(
        f"{display_path(project.layout.script / 'env.py')} failed: {watch.scrubbed(describe(error))}",
        place=place,
        hint="Add --traceback to see the way there.",
    )


def original(error: BaseException) -> BaseException:
    """What has ended a connection, where SQLAlchemy says only that its transaction cannot go on."""
    while is_lost(error) and error.__context__ is not None:
        error = error.__context__
    return error


def is_lost(error: BaseException) -> bool:
    """Whether SQLAlchemy says that a lost connection is used."""
    return isinstance(error, exc.PendingRollbackError) and error.code == LOST


def why_no_database(error: exc.DBAPIError) -> str | None:
    """In words why what the URL names is no database; None for other errors."""
    words = words_of(error.orig)
    return "The file is not an SQLite database." if "file is not a database" in words else None


def no_connection(error: Exception, watch: Watch) -> ConnectionFailed:
    """A server that is down, or lets nobody in."""
    url = watch.refused
    if url is None:
        return ConnectionFailed(f"The database server cannot be reached: {one_screen(str(error))}")
    why = dialect_of(url.get_backend_name()).why_no_connection(error)
    original = watch.scrubbed(one_screen(words_of(getattr(error, "orig", None) or error)))
    return ConnectionFailed(
        f"No connection to {url.render_as_string(hide_password=True)}: {why or original}" + (f"\n  {original}" if why else ""),
        hint="Check that the server runs and that the database URL is right; nothing has been changed.",
        data={"host": url.host, "port": url.port, "database": url.database},
    )


def of_revision(
    error: BaseException, revision: Revision, what: str, *, after: str, hint: str | None = None, scrub: Any = str
) -> RevisionFailed:
    """A revision that raised an exception.

    what: "upgrade", "downgrade" or "load". after: the state in which that leaves the database.
    """
    named = f"{revision.id} ({revision.message})" if revision.message else revision.id
    verb = {"load": "cannot be loaded"}.get(what, f"failed on {what}")
    return RevisionFailed(
        f"Revision {named} {verb}: {scrub(describe(error))}",
        state=after,
        place=last_place(error, [revision.path]) or display_path(revision.path),
        hint=hint,
        data={"revision": revision.id, "direction": what},
    )


def describe(error: BaseException) -> str:
    """An exception in words: what the database said and to which statement, or type and text."""
    if isinstance(error, exc.DBAPIError):
        said = words_of(error.orig)
        return one_screen(f"{said}\n  in: {compact(error.statement)}" if error.statement else said)
    if isinstance(error, SyntaxError):
        return f"{error.msg}"
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if is_lost(error):
        return "the connection is lost"
    if isinstance(error, CommandError):
        return one_screen(str(error))
    return one_screen(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def words_of(error: BaseException | None) -> str:
    """What the driver says; drivers of MySQL put the number of the error in front, as a tuple."""
    match getattr(error, "args", ()):
        case (int(number), str(text), *_):
            return f"{text} ({number})"
    return str(error).strip() or type(error).__name__


def compact(statement: str) -> str:
    """A statement without needless white space."""
    return " ".join(statement.split())


def one_screen(text: str) -> str:
    """The beginning of a text that may be long."""
    lines = [line.rstrip() for line in text.strip().splitlines() if "sqlalche.me" not in line]
    cut = lines[:MOST_LINES] + (["  …"] if len(lines) > MOST_LINES else [])
    short = "\n".join(cut)
    return short if len(short) <= MOST_CHARACTERS else short[:MOST_CHARACTERS] + " …"


def last_place(error: BaseException, paths: Iterable[Path]) -> str | None:
    """``file:line`` of the deepest line in one of the files that an exception came through."""
    wanted = {os.path.realpath(path) for path in paths}
    if isinstance(error, SyntaxError) and error.filename and os.path.realpath(error.filename) in wanted:
        return f"{display_path(error.filename)}:{error.lineno}"
    found = [frame for frame in traceback.extract_tb(error.__traceback__) if os.path.realpath(frame.filename) in wanted]
    return f"{display_path(found[-1].filename)}:{found[-1].lineno}" if found else None


def last_user_place(error: BaseException, project: Project) -> str | None:
    """``file:line`` of the deepest line of the user's own code; None where our code was called from there and failed."""
    if isinstance(error, SyntaxError) and is_user_code(error.filename or "<", project):
        return f"{display_path(error.filename or '')}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = max((n for n, frame in enumerate(frames) if frame.filename.startswith(OURS)), default=-1)
    theirs = [frame for frame in frames[ours + 1 :] if is_user_code(frame.filename, project)]
    return f"{display_path(theirs[-1].filename)}:{theirs[-1].lineno}" if theirs else None


def is_user_code(path: str, project: Project) -> bool:
    """Whether a file belongs to the project, as far as its path tells."""
    if path.startswith(os.path.realpath(project.layout.script)):
        return True
    return "site-packages" not in path and not path.startswith((STANDARD_LIBRARY, OURS, "<"))


def entered_sqlalchemy(error: BaseException) -> bool:
    """Whether the exception came out of SQLAlchemy."""
    return any(f"{os.sep}sqlalchemy{os.sep}" in frame.filename for frame in traceback.extract_tb(error.__traceback__))


def refuse_own_lock(connection: Connection, dialect: Dialect, statement: str, error: Exception) -> None:
    """Raise Refused where a revision waits for itself: on a connection of its own, for a lock of the run's connection."""
    if dialect.is_lock_conflict(error) and dialect.holds_locks(connection):
        raise Refused(
            f"The revision waits for a lock that it holds itself: {short(statement)} runs on another connection.",
            hint="Use the connection of the revision: op.get_bind(), or Session(bind=op.get_bind()).",
        ) from error
