"""Find the revisions that a user means: ``head``, ``heads``, ``base``, an id or its beginning, ``label@head``, ``+2``,
``-1``, ``head-3``, ``ae10+1``, ``label@-2``.

The syntax and its meaning are Alembic's (documentation, chapters "Tutorial" and "Working with Branches"). None stands
for the state before the first revision.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone

from ..errors import AmbiguousRevision, NotAPath, RevisionNotFound, UsageError
from .graph import Graph
from .near import near

RELATIVE = re.compile(r"(?:(?P<label>.+?)@)?(?P<symbol>\w+)?(?P<steps>[+-]\d+)$")


def split_label(name: str) -> tuple[str | None, str]:
    """``label@rest`` in its parts."""
    label, at, rest = name.partition("@")
    return (label, rest) if at else (None, name)


def find_all(graph: Graph, name: str | Iterable[str] | None) -> tuple[str, ...]:
    """The revisions of that name, none for ``base``."""
    if name is None:
        return ()
    if not isinstance(name, str):
        return tuple(dict.fromkeys(id for one in name for id in find_all(graph, one)))
    if RELATIVE.match(name) and name not in graph:
        return relative(graph, name)
    ids, label = symbols(graph, name)
    return tuple(by_id(graph, id, label) for id in ids)


def find(graph: Graph, name: str | None) -> str | None:
    """The one revision of that name. Raises AmbiguousRevision where it has several."""
    found = find_all(graph, name)
    if len(found) > 1:
        raise several_heads(graph, str(name), found)
    return found[0] if found else None


def symbols(graph: Graph, name: str) -> tuple[tuple[str, ...], str | None]:
    """What the words head, heads and base stand for; another name stands for itself. And the branch it is limited to."""
    label, rest = split_label(name)
    if label:
        branch_revision(graph, label)
    if rest == "base":
        return (), label
    if rest == "heads":
        return (of_branch(graph, graph.heads, label) if label else graph.effective_heads), label
    if rest == "head":
        heads = of_branch(graph, graph.heads, label) if label else graph.heads
        if len(heads) > 1:
            raise several_heads(graph, name, heads)
        return heads, label
    return (rest,), label


def by_id(graph: Graph, name: str, label: str | None = None) -> str:
    """The revision with this id or label, or whose id or label begins like this; on a branch, if one is named."""
    branch = lineage(graph, label) if label else None
    found = name if name in graph else graph.labelled.get(name)
    if found is None:
        known = {**graph.labelled, **{id: id for id in graph.revisions}}
        likely = dict.fromkeys(
            id for key, id in known.items() if name and len(key) > 3 and key.startswith(name) and (not branch or id in branch)
        )
        if len(likely) > 1:
            raise AmbiguousRevision(
                f"More than one revision begins with '{name}': {', '.join(list(likely)[:4])}{', …' if len(likely) > 4 else ''}.",
                hint="Type more of it.",
            )
        if not likely:
            raise not_found(graph, name)
        found = next(iter(likely))
    if branch is not None and found not in branch:
        raise RevisionNotFound(f"Revision {found} is not on the branch '{label}'.")
    return found


def not_found(graph: Graph, name: str) -> RevisionNotFound:
    """The error for a name that nothing has."""
    likely = near(name, [*graph.revisions, *graph.labelled, "head", "heads", "base"])
    hint = f"Did you mean {' or '.join(map(describe(graph), likely))}?" if likely else None
    if not graph.revisions:
        hint = f"This project has no revisions yet; write the first one with '{graph.command} migrate -m …'."
    return RevisionNotFound(
        f"There is no revision '{name}'.", hint=hint or f"'{graph.command} history' lists what there is.", data={"near": likely}
    )


def describe(graph: Graph) -> Callable[[str], str]:
    """Names a revision together with its message."""

    def words(name: str) -> str:
        id = graph.labelled.get(name, name)
        message = graph[id].message if id in graph else ""
        return f"{name} ({message})" if message else name

    return words


def several_heads(graph: Graph, name: str, heads: Sequence[str]) -> AmbiguousRevision:
    """The error for ``head`` where there is more than one."""
    listed = "\n".join(f"  {id}  {graph[id].message}".rstrip() for id in heads[:10])
    return AmbiguousRevision(
        f"'{name}' is not one revision here, the history has {len(heads)} heads:\n{listed}",
        hint=f"Join them with '{graph.command} merge heads', name one, or say 'heads' for all of them.",
        data={"heads": list(heads)},
    )


# -- branches


def branch_revision(graph: Graph, label: str) -> str:
    """The revision that carries a label, or is named in its place."""
    found = graph.labelled.get(label)
    if found is not None:
        return found
    try:
        return by_id(graph, label)
    except RevisionNotFound:
        likely = near(label, graph.labelled)
        known = f"Did you mean '{likely[0]}'?" if likely else f"The labels are: {', '.join(graph.labelled) or 'none'}."
        raise RevisionNotFound(f"There is no branch '{label}'.", hint=known) from None


def lineage(graph: Graph, label: str, *, dependencies: bool = False) -> set[str]:
    """Everything before and after the revision of a branch."""
    start = [branch_revision(graph, label)]
    return graph.ancestors(start, dependencies=dependencies) | graph.descendants(start, dependencies=dependencies)


def of_branch(graph: Graph, ids: Iterable[str], label: str, *, dependencies: bool = False) -> tuple[str, ...]:
    """Those of the revisions that are on a branch."""
    branch = lineage(graph, label, dependencies=dependencies)
    return tuple(id for id in ids if id in branch)


# -- steps


def relative(graph: Graph, name: str) -> tuple[str, ...]:
    """A name with steps that does not start from the state of a database: ``head-1``, ``ae10+2``, ``label@-1``."""
    label, symbol, steps = relative_parts(name)
    if symbol is not None:
        start = find(graph, f"{label}@{symbol}" if label else symbol)
        found = walk(graph, start, steps, label if steps > 0 else None)
        return () if found is None else (found,)
    if steps > 0:
        found = walk(graph, None, steps, label)
        return () if found is None else (found,)
    heads = graph.effective_heads
    if label is not None:
        heads = tuple(id for id in heads if label in graph.labels.get(id, ())) or of_branch(graph, graph.heads, label)
    ends = (walk(graph, head, steps) for head in heads)
    return tuple(dict.fromkeys(end for end in ends if end is not None))


def relative_parts(name: str) -> tuple[str | None, str | None, int]:
    """Label, symbol and number of steps of a relative name."""
    match = RELATIVE.match(name)
    if match is None:
        raise UsageError(f"'{name}' is not a relative revision.")
    return match["label"], match["symbol"], int(match["steps"])


def walk(graph: Graph, start: str | None, steps: int, label: str | None = None, *, stop_at_end: bool = False) -> str | None:
    """The revision so many steps up (or down, where negative) from another.

    label: the branch to follow where the way up divides. stop_at_end: stay at the last revision instead of raising
    NotAPath when there are fewer.
    """
    at = start
    for done in range(abs(steps)):
        if steps > 0:
            ways: Iterable[str] = graph.bases if at is None else graph.children(at)
            ways = of_branch(graph, ways, label) if label else tuple(ways)
        elif at is None:
            ways = ()
        elif not graph.parents(at):
            at = None
            continue
        else:
            ways = graph.parents(at)
        if not ways:
            if stop_at_end:
                return at
            count = f"{'is' if done == 1 else 'are'} only {done} revision{'' if done == 1 else 's'}" if done else "is no revision"
            raise NotAPath(
                f"{steps:+d} from {start or 'base'} goes {'above the head' if steps > 0 else 'below the base'}: "
                f"there {count} on that way."
            )
        if len(ways) > 1:
            raise AmbiguousRevision(
                f"{steps:+d} from {start or 'base'} is ambiguous: {at or 'base'} "
                f"{'is followed by' if steps > 0 else 'merges'} {' and '.join(ways)}.",
                hint="Name the revision instead.",
            )
        at = ways[0]
    return at


def new_id(graph: Graph, kind: str, random: Callable[[], str]) -> str:
    """The id of a revision that is about to be written.

    kind: "sequential" goes on from the highest number, "date" takes the time in UTC, else ``random`` is called.
    """
    if kind == "sequential":
        last = max((int(id) for id in graph.revisions if id.isdigit() and len(id) < 8), default=0)
        return f"{last + 1:04}"
    return f"{datetime.now(timezone.utc):%Y%m%d%H%M%S}" if kind == "date" else random()
