"""Call ``upgrade()`` or ``downgrade()`` of a revision with the arguments that env.py gives, as far as it takes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import partial
from types import ModuleType
from typing import Any

from ..errors import Refused
from ..events import Direction
from ..project import display_path
from ..revisions.revision import Revision


def prepared(
    module: ModuleType, revision: Revision, direction: Direction, arguments: Mapping[str, Any], others: Collection[str]
) -> Callable[[], Any]:
    """The function of a revision, ready to call. Raises Refused where no call runs one, or it takes other arguments.

    others: the names of the databases that were run before in the same command.
    """
    function = getattr(module, direction, None)
    if not callable(function):
        raise Refused(
            f"Revision {revision.id} ({revision.message}) has no {direction}(): it cannot be "
            f"{'applied' if direction == 'upgrade' else 'undone'}.",
            place=display_path(revision.path),
            hint=f"Write a function {direction}() into it; nothing has been changed.",
        )
    if is_not_run_by_a_call(function):
        raise Refused(
            f"Revision {revision.id} ({revision.message}) would do nothing: its {direction}() is "
            f"{'a coroutine' if inspect.iscoroutinefunction(function) else 'a generator'}, which a call does not run.",
            place=f"{display_path(revision.path)}:{inspect.unwrap(function).__code__.co_firstlineno}",
            hint=f"Write a plain def {direction}(); what is asynchronous goes through op.run_async().",
        )
    if "engine_name" in arguments:
        name = str(arguments["engine_name"])
        if takes_nothing(function) and (not name or "" in others):
            # Written when the project had one database.
            return nothing if name else function
        if name and is_older_than_database(module, function, direction, name):
            return nothing
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as error:
        raise Refused(
            f"Revision {revision.id} ({revision.message}) cannot be called: its {direction}() takes "
            f"{inspect.signature(function)}, and env.py gives {', '.join(arguments) or 'no arguments'} ({error}).",
            place=f"{display_path(revision.path)}:{function.__code__.co_firstlineno}",
            hint=hint(arguments),
        ) from error
    return partial(function, **arguments)


def is_not_run_by_a_call(function: Callable[..., Any]) -> bool:
    """Whether calling a function only makes something that somebody else has to run."""
    return any(kind(function) for kind in (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction))


def nothing() -> None:
    """What a revision does on a database that it does not know."""


def takes_nothing(function: Callable[..., Any]) -> bool:
    """Whether a function has no parameters."""
    return not inspect.signature(function).parameters


def is_older_than_database(module: ModuleType, function: Callable[..., Any], direction: str, name: str) -> bool:
    """Whether a revision dispatches to ``upgrade_<name>()`` and was written before there was a database of that name."""
    dispatches = "globals" in getattr(getattr(function, "__code__", None), "co_names", ())
    knows_others = any(other.startswith(f"{direction}_") for other in vars(module))
    return dispatches and knows_others and not hasattr(module, f"{direction}_{name}")


def hint(arguments: Mapping[str, Any]) -> str:
    """How the two may have come to disagree."""
    if "engine_name" in arguments:
        return "It was written for one database, and env.py runs several: give it the parameter engine_name."
    return "Was it written for several databases? Then env.py must call context.run_migrations(engine_name=…)."
