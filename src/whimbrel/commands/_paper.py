"""Judge revisions for a kind of database, where there is none."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..dialects import dialect_of
from ..errors import UsageError
from ..events import Direction
from ..revisions.graph import Graph

if TYPE_CHECKING:
    from ..hazards.finding import Finding
    from ..revisions.revision import Revision

KINDS = "Write postgresql, mysql, mariadb or sqlite."


def without_database(
    graph: Graph,
    ids: Sequence[str],
    dialect: str,
    rows: Mapping[str, int],
    limit: float,
    direction: Direction = "upgrade",
) -> list[Finding]:
    """Judge revisions for a kind of database: for each database that they tell apart, as if it was the only one."""
    from .._alembic_paper import context_without_database
    from ..hazards.finding import told_apart
    from ..hazards.live import Live
    from ..hazards.review import review
    from ..plan.record import record

    try:
        kind = dialect_of(context_without_database(dialect).dialect.name).kind
    except Exception as error:
        raise UsageError(f"There is no dialect '{dialect}': {error}", hint=KINDS) from None
    if not kind:
        raise UsageError(f"There are no rules for '{dialect}'.", hint=KINDS)
    modules = {id: loaded(graph[id]) for id in ids}
    names = databases_of(modules.values(), direction)
    found: list[Finding] = []
    for name in names:
        context = context_without_database(dialect)
        calls = [(graph[id], function(modules[id], graph[id], direction, name, names)) for id in ids]
        live = Live(context.dialect, None, rows, otherwise=None)
        found += review(record(context, calls, direction), live, limit=limit, database=name)
    return told_apart(found)


def loaded(revision: Revision) -> ModuleType:
    """The module of a revision; what it prints is not said. Raises RevisionFailed where it cannot be loaded."""
    from ..execution.trouble import of_revision
    from ..revisions.load import load_module

    try:
        with redirect_stdout(io.StringIO()):
            return load_module(revision.path)
    except Exception as error:
        raise of_revision(error, revision, "load", after="Nothing has been run.") from error


def databases_of(modules: Iterable[ModuleType], direction: Direction) -> list[str]:
    """The names of the databases for which some revision has a function, the default one ("") first; that alone where none has.

    Functions called like that beside an ``upgrade()`` that takes no name are only helpers.
    """
    from ..execution.call import takes_nothing

    beginning = f"{direction}_"
    found = {
        name.removeprefix(beginning)
        for module in modules
        if callable(main := getattr(module, direction, None)) and not takes_nothing(main)
        for name in vars(module)
        if name.startswith(beginning)
    }
    return sorted(found) or [""]


def function(module: ModuleType, revision: Revision, direction: Direction, name: str, names: Sequence[str]) -> Callable[[], Any]:
    """The function of a revision for one database; what knows of no databases is about the first one."""
    from ..execution.call import prepared, takes_nothing

    is_first = name == names[0]
    main = getattr(module, direction, None)
    named = "" if is_first and callable(main) and takes_nothing(main) else name
    return prepared(module, revision, direction, {"engine_name": named}, () if is_first else ("",))
