"""Revisions as they ran: those whose files are gone, and those whose files are not what they were."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ..errors import RevisionEdited
from ..project import SHOWN_AS, display_path
from ..revisions.code import is_same_code
from ..revisions.graph import Graph
from ..revisions.read import read_revision, source_of
from ..revisions.revision import Revision
from .journal import Journal

FOLDERS: list[tempfile.TemporaryDirectory[str]] = []
"""Where kept sources are written for as long as the process lasts: Python loads files, and errors name their lines."""


def kept_revisions(graph: Graph, journal: Journal, ids: Iterable[str]) -> list[Revision]:
    """Revisions without a file, from the source that ran; those they follow, too. None where no source is kept."""
    found: dict[str, Revision] = {}
    todo = list(ids)
    while todo:
        id = todo.pop()
        if id in graph or id in graph.labelled or id in found:
            continue
        revision = kept_revision(journal, id)
        if revision is None:
            return []
        found[id] = revision
        todo += [*revision.parents, *revision.depends_on]
    return list(found.values())


def kept_revision(journal: Journal, id: str) -> Revision | None:
    """One revision from the source that ran; None where there is none."""
    known = journal.summary.latest.get(id)
    source = journal.source(known[0]) if known else None
    if source is None:
        return None
    folder = tempfile.TemporaryDirectory(prefix="whimbrel-kept-")
    FOLDERS.append(folder)
    path = Path(folder.name).resolve() / f"{id}.py"
    SHOWN_AS[str(path)] = f"the kept source of {id}"
    path.write_text(source, encoding="utf-8")
    return replace(read_revision(path)[0], is_kept=True)


def without_file(kept: Iterable[Revision], journal: Journal, command: str) -> Iterator[str]:
    """In words where revisions came from that have no file any more, and what can be done."""
    for entry in journal.read([journal.summary.latest[one.id][0] for one in kept]):
        commit = f" (commit {entry.commit[:10]})" if entry.commit else ""
        yield (
            f"Revision {entry.revision} has no file here: it ran {entry.started[:10]} by {entry.user}@{entry.host}{commit}."
            f" '{command} show {entry.revision} --restore' writes it again, '{command} downgrade' undoes it."
        )


def edited(graph: Graph, journal: Journal, current: Collection[str]) -> list[Revision]:
    """The applied revisions whose code is not what ran."""
    changed = {
        id: entry
        for id, (entry, checksum) in journal.summary.applied().items()
        if id in graph and checksum and graph[id].checksum not in ("", checksum)
    }
    if not changed:
        return []
    applied = graph.ancestors(id for id in current if id in graph)
    return [graph[id] for id, entry in changed.items() if id in applied and is_edited(graph[id], journal.source(entry))]


def is_edited(revision: Revision, ran: str | None) -> bool:
    """Whether a file does something else than the source that ran."""
    text = source_of(revision.path)
    return ran is not None and text is not None and not is_same_code(ran, text)


def refuse_edited(graph: Graph, journal: Journal, current: Collection[str]) -> None:
    """Raise RevisionEdited for an applied revision that was edited."""
    for revision in edited(graph, journal, current):
        raise was_edited(revision, graph.command)


def was_edited(revision: Revision, command: str = "whimbrel") -> RevisionEdited:
    """What is said about an applied revision that was edited."""
    named = f"{revision.id} ({revision.message})" if revision.message else revision.id
    return RevisionEdited(
        f"Revision {named} was edited after it ran on this database.",
        place=display_path(revision.path),
        hint=f"Restore the file ('{command} show {revision.id} --restore'), or accept the edit with"
        f" '{command} log {revision.id} --accept-edit'.",
        data={"revision": revision.id},
    )
