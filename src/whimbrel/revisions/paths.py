"""Which revisions lead from the state of a database to the one that is wanted.

``current`` is always the content of the version table: the heads that have been applied. The rules are Alembic's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import AmbiguousRevision, NotAPath, RevisionNotFound
from . import names
from .git import where_git_has
from .graph import Graph


def known(graph: Graph, current: Collection[str]) -> tuple[str, ...]:
    """The applied heads. Raises RevisionNotFound where the database is at a revision that has no file."""
    for id in current:
        if id not in graph:
            raise RevisionNotFound(
                f"The database is at revision {id}, and there is no file for it.",
                hint=where_git_has(id, next((revision.path.parent for revision in graph.revisions.values()), Path())),
                data={"revision": id},
            )
    return tuple(dict.fromkeys(current))


def applied(graph: Graph, current: Collection[str]) -> set[str]:
    """Every revision that has been applied. Raises AmbiguousRevision where the version table contradicts itself."""
    heads = known(graph, current)
    done = graph.ancestors(heads)
    for head in heads:
        below = graph.ancestors(graph.needs(head))
        if double := sorted(below & set(heads)):
            raise AmbiguousRevision(
                f"The version table has both {head} and {double[0]}, which comes before it.",
                hint=f"Correct it with '{graph.command} stamp --purge {head}', once you are sure that {head} has run.",
            )
    return done


def current_of_each_branch(graph: Graph, current: Collection[str]) -> list[str]:
    """The newest applied revision of every branch, those included that others imply by ``depends_on``."""
    done = graph.ancestors(known(graph, current))
    tips = [id for id in graph.revisions if id in done and not any(child in done for child in graph.children(id))]
    return sorted(tips, key=lambda tip: tip not in current)


# -- up


def upgrade(graph: Graph, target: str | Sequence[str], current: Collection[str]) -> list[str]:
    """The revisions to run, oldest first."""
    targets = upgrade_targets(graph, target, current)
    needed = graph.ancestors(targets) - applied(graph, current)
    return graph.newest_first(needed, targets)[::-1]


def upgrade_targets(
    graph: Graph, target: str | Sequence[str], current: Collection[str], *, stop_at_end: bool = False
) -> tuple[str, ...]:
    """The revisions that shall have been applied in the end."""
    if not isinstance(target, str) or names.RELATIVE.match(target) is None or target in graph:
        return names.find_all(graph, target)
    label, symbol, steps = names.relative_parts(target)
    if symbol is not None:
        return names.relative(graph, target)
    if steps <= 0:
        raise NotAPath(
            f"'{target}' is below the current revision: upgrade goes up.", hint=f"'{graph.command} downgrade {target}' goes down."
        )
    start = upgrade_start(graph, known(graph, current), label, target)
    found = names.walk(graph, start, steps, label, stop_at_end=stop_at_end)
    return () if found is None else (found,)


def upgrade_start(graph: Graph, current: tuple[str, ...], label: str | None, target: str) -> str | None:
    """Where relative steps begin: the current revision, on the named branch if there is one."""
    starts: Sequence[str] = current
    if label is not None and current:
        starts = names.of_branch(graph, current, label)
        if not starts:
            active = names.of_branch(graph, graph.ancestors(current), label)
            below = {need for id in active for need in graph.needs(id)}
            starts = [id for id in active if id not in below]
    if len(starts) > 1:
        raise AmbiguousRevision(
            f"'{target}' is ambiguous: the database is at {' and '.join(starts)}.",
            hint="Name the revision, or a branch: label@+1.",
        )
    return starts[0] if starts else None


# -- down


def downgrade(graph: Graph, target: str, current: Collection[str]) -> list[str]:
    """The revisions to undo, newest first."""
    label, end = downgrade_target(graph, target, current)
    heads = known(graph, current)
    # Not the bases: a revision without a file may have come after nothing, too.
    roots: Collection[str] = [id for id in graph.revisions if not graph.parents(id)] if end is None else graph.children(end)
    branch = graph.ancestors([names.branch_revision(graph, label)], dependencies=False) if label else set()
    if label and len(roots) > 1:
        roots = [id for id in roots if id in branch]
        if not roots:
            raise NotAPath(f"'{target}' is not below the current revision {' and '.join(heads)}.")
    undone = graph.descendants(roots) & graph.ancestors(heads)
    if end is not None and not undone and end not in heads:
        raise NotAPath(
            f"Revision {end} has not been applied to this database, so there is nothing to go down to.",
            hint=f"'{graph.command} current' shows where it is.",
        )
    return graph.newest_first(undone, heads)


def downgrade_target(
    graph: Graph, target: str, current: Collection[str], *, stop_at_end: bool = False
) -> tuple[str | None, str | None]:
    """The branch that is meant, if any, and the revision to end at, None for base."""
    if names.RELATIVE.match(target) is None or target in graph:
        branch, _, name = target.rpartition("@")
        return branch or None, names.find(graph, name)
    label, symbol, steps = names.relative_parts(target)
    if symbol is None:
        if steps >= 0:
            raise NotAPath(
                f"'{target}' is above the current revision: downgrade goes down.",
                hint=f"'{graph.command} upgrade {target}' goes up.",
            )
        symbol = downgrade_start(graph, known(graph, current), label, target)
        label = label or symbol
    if steps > 0:
        return label, names.walk(graph, names.find(graph, symbol), steps, label, stop_at_end=stop_at_end)
    start = names.find(graph, f"{label}@{symbol}" if label else symbol)
    return label, names.walk(graph, start, steps, stop_at_end=stop_at_end)


def downgrade_start(graph: Graph, current: tuple[str, ...], label: str | None, target: str) -> str:
    """Where relative steps begin: the current revision, on the named branch if there is one."""
    starts: Sequence[str] = current
    if label is not None:
        starts = names.of_branch(graph, current, label) or names.of_branch(graph, current_of_each_branch(graph, current), label)
    if not starts:
        raise NotAPath("There is nothing to undo: no revision has been applied to this database.")
    if len(starts) > 1:
        steps, merged = names.relative_parts(target)[2], graph.parents(starts[0])
        end = merged[0] if steps == -1 and len(merged) > 1 else f"{steps:+d}"
        raise AmbiguousRevision(
            f"'{target}' is ambiguous: the database is at {' and '.join(starts)}.",
            hint=f"Name the branch to undo: '{graph.command} downgrade {starts[0]}@{end}'.",
        )
    return starts[0]


# -- a part of the history


def between(graph: Graph, lower: str | None, upper: str | None, current: Collection[str] = ()) -> list[str]:
    """The revisions from one to another, both included, newest first; ``base`` and ``heads`` are the ends.

    current: what "current" stands for.
    """
    top: Sequence[str] = list(current) if upper == "current" else upgrade_ends(graph, upper, lower)
    low: Collection[str] = known(graph, current) if lower == "current" else lower_ends(graph, lower, top)
    if label := names.split_label(lower or "")[0]:
        is_label = label in graph.labelled
        top = [id for id in top if (label in graph.labels.get(id, ()) if is_label else id in names.lineage(graph, label))]
    wanted = graph.ancestors(top)
    if any(id not in wanted for id in low):
        raise NotAPath(f"{lower} does not come before {upper or 'heads'}.")
    if low:
        wanted = (wanted - graph.ancestors(low)) & graph.descendants(low, dependencies=False) | set(low)
    return graph.newest_first(wanted, top)


def upgrade_ends(graph: Graph, upper: str | None, lower: str | None) -> tuple[str, ...]:
    """The upper ends of a range; ``+2`` counts from its lower end."""
    if upper is None:
        return graph.effective_heads
    start = () if lower in (None, "base") or names.RELATIVE.match(lower or "") else names.find_all(graph, lower)
    return upgrade_targets(graph, upper, start, stop_at_end=True)


def lower_ends(graph: Graph, lower: str | None, top: Sequence[str]) -> tuple[str, ...]:
    """The lower ends of a range; ``-2`` counts from its upper end."""
    if lower is None:
        return ()
    if names.RELATIVE.match(lower) and lower not in graph:
        end = downgrade_target(graph, lower, top, stop_at_end=True)[1]
        return () if end is None else (end,)
    return names.find_all(graph, lower)


# -- stamp


@dataclass(frozen=True)
class Move:
    """One change of the version table without running anything: these rows become those."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    is_upgrade: bool


def stamp(graph: Graph, targets: Sequence[str], current: Collection[str]) -> list[Move]:
    """The moves that make the version table say that it is at the targets, on the branches that they are on."""
    heads = known(graph, current)
    touched = tuple(dict.fromkeys(head for target in targets or ["base"] for head in touched_by(graph, target, heads)))
    moves: list[Move] = []
    ends: tuple[str | None, ...] = names.find_all(graph, targets) or (None,)
    for end in ends:
        if end is None:
            moves.extend(Move((head,), (), False) for head in touched)
        elif end in touched:
            continue
        elif graph.descendants([end]) & set(touched):
            moves.append(Move(touched, (end,), False))
        elif graph.ancestors([end]) & set(touched):
            moves.append(Move(touched, (end,), True))
        else:
            moves.append(Move((), (end,), True))
    return moves


def touched_by(graph: Graph, target: str, heads: Sequence[str]) -> tuple[str, ...]:
    """The applied heads on the branches of a target."""
    ids, label = names.symbols(graph, target) if not names.RELATIVE.match(target) else (names.find_all(graph, target), None)
    against = [*([label] if label else []), *ids]
    if not against:
        return tuple(heads)
    branches = set().union(*(names.lineage(graph, name, dependencies=True) for name in against))
    return tuple(head for head in heads if head in branches)
