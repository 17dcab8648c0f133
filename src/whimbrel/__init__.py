"""Database migrations for Flask and SQLAlchemy that keep your data.

The names here are Flask-Migrate's, and no others will ever be added. The functions work on the current Flask
application, return what they have done, and raise ``whimbrel.errors.WhimbrelError``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .extension import Migrate, flask_project, in_a_command, listener

if TYPE_CHECKING:
    from .commands._migrate import Migrated
    from .commands._revise import Written
    from .commands._revisions import Listing
    from .commands.check import Clean
    from .commands.current import Current
    from .commands.init import Created
    from .commands.list_templates import Templates
    from .commands.stamp import Stamped
    from .execution.config import Config

__all__ = [
    "Config",
    "Migrate",
    "branches",
    "check",
    "current",
    "downgrade",
    "edit",
    "heads",
    "history",
    "init",
    "list_templates",
    "merge",
    "migrate",
    "revision",
    "show",
    "stamp",
    "upgrade",
]

Directory = str | os.PathLike[str] | None
Words = str | Sequence[str] | None


def __getattr__(name: str) -> Any:
    if name == "Config":  # Alembic is imported when somebody needs it.
        from .execution.config import Config

        return Config
    raise AttributeError(f"module 'whimbrel' has no attribute '{name}'")


@in_a_command
def list_templates() -> Templates:
    """The templates that ``init`` knows by name."""
    from .commands.list_templates import list_templates

    return list_templates(flask_project())


@in_a_command
def init(directory: Directory = None, multidb: bool = False, template: str | None = None, package: bool = False) -> Created:
    """Make a migrations folder from a template."""
    from .commands.init import init

    return init(flask_project(directory), multidb=multidb, template=template, package=package)


@in_a_command
def revision(
    directory: Directory = None,
    message: str | None = None,
    autogenerate: bool = False,
    sql: bool = False,
    head: str = "head",
    splice: bool = False,
    branch_label: str | None = None,
    version_path: str | None = None,
    rev_id: str | None = None,
) -> Written:
    """Write a new revision file, empty unless autogenerate is set."""
    from .commands.revision import revision

    return revision(
        flask_project(directory),
        message,
        autogenerate=autogenerate,
        sql=sql,
        head=head,
        splice=splice,
        branch_label=branch_label,
        version_path=version_path,
        rev_id=rev_id,
        on_event=listener(),
    )


@in_a_command
def migrate(
    directory: Directory = None,
    message: str | None = None,
    sql: bool = False,
    head: str = "head",
    splice: bool = False,
    branch_label: str | None = None,
    version_path: str | None = None,
    rev_id: str | None = None,
    x_arg: Words = None,
) -> Written:
    """Write a revision file for what models and database differ in; none where they do not differ."""
    from .commands.revision import revision

    return revision(
        flask_project(directory, words(x_arg)),
        message,
        autogenerate=True,
        sql=sql,
        head=head,
        splice=splice,
        branch_label=branch_label,
        version_path=version_path,
        rev_id=rev_id,
        on_event=listener(),
    )


@in_a_command
def edit(directory: Directory = None, revision: str = "current") -> Listing:
    """Open revision files in $VISUAL or $EDITOR."""
    from .commands.edit import edit

    return edit(flask_project(directory), revision)


@in_a_command
def merge(
    directory: Directory = None,
    revisions: str | Sequence[str] = "",
    message: str | None = None,
    branch_label: str | None = None,
    rev_id: str | None = None,
) -> Written:
    """Write a revision file that joins branches; all heads, unless revisions are named."""
    from .commands.merge import merge

    return merge(flask_project(directory), revisions or "heads", message, branch_label=branch_label, rev_id=rev_id)


@in_a_command
def upgrade(
    directory: Directory = None, revision: str = "head", sql: bool = False, tag: str | None = None, x_arg: Words = None
) -> Migrated:
    """Run what is pending."""
    from .commands.upgrade import upgrade

    return upgrade(flask_project(directory, words(x_arg)), revision, sql=sql, tag=tag, on_event=listener())


@in_a_command
def downgrade(
    directory: Directory = None, revision: str = "-1", sql: bool = False, tag: str | None = None, x_arg: Words = None
) -> Migrated:
    """Undo what was applied, by default one revision."""
    from .commands.downgrade import downgrade

    return downgrade(flask_project(directory, words(x_arg)), revision, sql=sql, tag=tag, on_event=listener())


@in_a_command
def show(directory: Directory = None, revision: str = "head") -> Listing:
    """The revisions of that name."""
    from .commands.show import show

    return show(flask_project(directory), revision)


@in_a_command
def history(
    directory: Directory = None, rev_range: str | None = None, verbose: bool = False, indicate_current: bool = False
) -> Listing:
    """The revisions, newest first."""
    from .commands.history import history

    return history(flask_project(directory), rev_range, indicate_current=indicate_current)


@in_a_command
def heads(directory: Directory = None, verbose: bool = False, resolve_dependencies: bool = False) -> Listing:
    """The revisions that nothing comes after."""
    from .commands.heads import heads

    return heads(flask_project(directory), resolve_dependencies=resolve_dependencies)


@in_a_command
def branches(directory: Directory = None, verbose: bool = False) -> Listing:
    """The revisions that more than one other comes after."""
    from .commands.branches import branches

    return branches(flask_project(directory))


@in_a_command
def current(directory: Directory = None, verbose: bool = False) -> Current:
    """Where each database is."""
    from .commands.current import current

    return current(flask_project(directory))


@in_a_command
def stamp(
    directory: Directory = None,
    revision: str | Sequence[str] = "head",
    sql: bool = False,
    tag: str | None = None,
    purge: bool = False,
) -> Stamped:
    """Say that the databases are at a revision, without running anything; unlike the command, without looking at them."""
    from .commands.stamp import stamp

    return stamp(flask_project(directory), revision, sql=sql, tag=tag, purge=purge, unchecked=True, on_event=listener())


@in_a_command
def check(directory: Directory = None) -> Clean:
    """Raise ``whimbrel.errors.PendingChanges`` where models and database differ."""
    from .commands.check import check

    return check(flask_project(directory))


def words(value: Words) -> tuple[str, ...]:
    """One or more words as a tuple."""
    return (value,) if isinstance(value, str) else tuple(value or ())
