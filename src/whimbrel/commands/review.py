"""``review``: the hazards of pending or named revisions."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import NotAPath, Refused, UsageError
from ..events import Listener, Noticed, ignore
from ..lines import Line, line
from ..project import Project, display_path
from ..revisions import names, paths
from ..revisions.graph import Graph
from ..revisions.index import history
from ._cli import Call, subcommand
from ._paper import without_database
from ._plan import hazards_of, tell_edited, words
from ._settings import looking_options
from ._since import added_since
from ._unused import unnamed, unused

if TYPE_CHECKING:
    from ..hazards.finding import Finding


@dataclass(frozen=True)
class Reviewed:
    """What was found in some revisions. written: the files in which consent was written down."""

    findings: tuple[Finding, ...]
    revisions: tuple[str, ...]
    written: tuple[str, ...] = ()
    stops: frozenset[str] = frozenset({"danger"})
    """The severities that want consent."""

    @property
    def exit_code(self) -> int:
        """1 where a danger is not accepted, or what would stop a run else."""
        return int(any(each.severity in self.stops and each.accepted is None for each in self.findings))

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """Each finding: what, where, why, and how to write it instead."""
        for each in self.findings:
            if each.accepted is not None:
                if verbose:
                    reason = f": {each.accepted}" if each.accepted else ""
                    yield line(("accepted", "good"), f"  {words(each)}{reason}")
                continue
            where = f"[{each.database}] " if each.database else ""
            yield line((each.severity, "bad" if each.severity == "danger" else "strong"), f"  {where}{words(each)}")
            if each.place:
                yield line("  at ", (each.place, "path"), (f"  {each.line}" if each.line else "", "dim"))
            yield line("  ", each.why)
            if each.safe:
                yield line("  instead: ", (each.safe, "good"))
        for path in self.written:
            yield line("Accepted in ", (path, "path"))
        if not self.findings and not self.written:
            count = len(self.revisions)
            yield line(f"Nothing to say about {count} revision{'' if count == 1 else 's'}." if count else "Nothing to review.")

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        return {"revisions": list(self.revisions), "findings": [each.as_data() for each in self.findings]}


def review(
    project: Project,
    what: Sequence[str] = (),
    *,
    since: str | None = None,
    dialect: str | None = None,
    rows: Mapping[str, int] | None = None,
    select: Collection[str] = (),
    leave_out: Collection[str] = (),
    on_event: Listener = ignore,
) -> Reviewed:
    """The hazards of revisions, on the databases of the project, or without one on a kind of database.

    what: ids, ranges ``start:end`` or files; the pending ones where there are none, all without a database. since: those
    that git says were added after this. dialect, rows: judge for this kind of database, with tables of so many rows.
    select, leave_out: codes. Raises UsageError and RevisionNotFound.
    """
    from ..hazards.finding import told_apart

    refuse_unknown([*select, *leave_out])
    graph = history(project)
    added = added_since(project, since) if since is not None else None
    found: list[Finding] = []
    seen: dict[str, None] = {}
    if dialect is not None:
        chosen = chosen_of(graph, what, added)
        ids = chosen if chosen is not None else paths.upgrade(graph, "heads", ())
        seen = dict.fromkeys(ids)
        with project.surroundings.aside():
            found = without_database(graph, ids, dialect, rows or {}, project.settings.review_limit)
    else:
        if rows:
            raise UsageError("--rows is for a review without a database.", hint="Add --dialect postgresql, or leave --rows out.")
        from ..execution.env import Database, Task, run_environment
        from ..execution.journals import look_into
        from ..execution.runner import Runner

        def look(database: Database) -> None:
            runner = Runner(project, graph, database, on_event)
            for text in look_into(runner.journal):
                on_event(Noticed(text))
            current = runner.current()
            chosen = chosen_of(graph, what, added, current)
            if chosen is None:
                tell_edited(runner, current)
            ids = paths.upgrade(runner.graph, "heads", current) if chosen is None else chosen
            seen.update(dict.fromkeys(ids))
            found.extend(hazards_of(runner, ids, "upgrade", ("danger", "lock", "notice")))

        run_environment(project, Task(look, context={"dont_mutate": True}))
        found = told_apart(found)
    kept = [each for each in found if (not select or each.code in select) and each.code not in leave_out]
    for text in (*unnamed(graph, rows or {}), *unused(graph, seen, found)):
        on_event(Noticed(text))
    order = ("danger", "lock", "notice")
    stops = {"danger", *(severity for severity, word in project.settings.policy.by_severity().items() if word == "block")}
    return Reviewed(tuple(sorted(kept, key=lambda each: order.index(each.severity))), tuple(seen), stops=frozenset(stops))


def refuse_unknown(codes: Collection[str]) -> None:
    """Raise UsageError for a code that no rule has."""
    from ..hazards.review import rules

    for code in codes:
        if code not in rules():
            raise UsageError(f"There is no rule '{code}'.", hint=f"There are: {', '.join(sorted(rules()))}.")


def chosen_of(
    graph: Graph, what: Sequence[str], added: Sequence[str] | None, current: Sequence[str] | None = None
) -> list[str] | None:
    """The ids of the revisions that were named, in the order of the history; None where none were.

    added: files that are meant, too. current: where the database is, from which ``+1`` counts; None without a database.
    """
    if not what and added is None:
        return None
    found: set[str] = set()
    by_path = {os.path.realpath(revision.path): id for id, revision in graph.revisions.items()}
    for each in what:
        if os.path.isdir(each) and each not in graph:
            inside = {id for path, id in by_path.items() if path.startswith(os.path.join(os.path.realpath(each), ""))}
            if not inside:
                raise UsageError(f"There are no revisions of this project in {each}.")
            found |= inside
        elif each.endswith(".py") or os.sep in each:
            id = by_path.get(os.path.realpath(each))
            if os.path.basename(each) == "__init__.py":  # a hook gives all files that have changed
                continue
            if id is None:
                raise UsageError(f"{each} is not a revision of this project.")
            found.add(id)
        elif ":" in each:
            found |= between(graph, *each.split(":", 1))
        elif each.startswith("+"):
            if current is None:
                raise UsageError(f"Without a database nobody knows where {each} counts from.", hint="Name a revision: ae10:+1.")
            found |= set(paths.upgrade(graph, each, current))
        else:
            found |= set(graph.heads if each == "heads" else names.find_all(graph, each))  # those that others need, too
    found |= {by_path[path] for path in added or () if path in by_path}
    return [id for id in paths.upgrade(graph, "heads", ()) if id in found]


def between(graph: Graph, start: str, end: str) -> set[str]:
    """The revisions after a start, down to the end. Raises NotAPath where the end comes first."""
    lower = names.find_all(graph, start) if start else ()
    if end.startswith("+"):
        return set(paths.upgrade(graph, end, lower))
    upper = names.find_all(graph, end or "heads")
    before, found = graph.ancestors(lower), graph.ancestors(upper)
    if lower and not found - before and set(lower) != set(upper):
        raise NotAPath(f"{start} does not come before {end}.", hint=f"Write {end}:{start}.")
    return found - before


def accept(project: Project, keys: Sequence[str], because: str, what: Sequence[str] = (), **how: Any) -> Reviewed:
    """Write consent into the revisions that have these findings. how: as for ``review``. Raises Refused where none has."""
    from ..hazards import consent

    found = review(project, what, **how)
    graph = history(project)
    written: dict[Path, dict[str, str]] = {}
    for key in keys:
        places = {graph[each.revision].path for each in found.findings if key in (each.key, each.full_key)}
        if not places:
            known = ", ".join(sorted({each.key for each in found.findings})) or "none"
            raise Refused(
                f"No finding is called {key}.",
                hint=f"There are: {known}. What a downgrade loses is accepted with --accept of '{project.command} downgrade',"
                f' or by hand in the revision: {consent.NAME} = {{{consent.quoted(key)}: "why"}}.',
            )
        for path in places:
            written.setdefault(path, {})[key] = because
    for path, accepted in written.items():
        consent.write(path, accepted)
    left = tuple(replace(each, accepted=because) if {each.key, each.full_key} & {*keys} else each for each in found.findings)
    return replace(found, findings=left, written=tuple(map(display_path, written)))


def counts(given: Sequence[str]) -> dict[str, int]:
    """From ``users=1000000``. Raises UsageError."""
    found = {}
    for each in given:
        table, _, number = each.partition("=")
        if not table or not re.fullmatch(r"[0-9]+(_[0-9]+)*", number):
            raise UsageError(f"--rows {each}: write a table and a number, as in --rows users=1000000.")
        found[table] = int(number)
    return found


@subcommand(verbose="Show what was accepted, too.")
@click.argument("what", nargs=-1, metavar="[RANGE|FILE]...")
@click.option("--since", metavar="GIT_REF", help="The revisions that were added since this commit, for CI.")
@click.option("--dialect", metavar="NAME", help="Without a database: judge for postgresql, mysql, mariadb or sqlite.")
@click.option("--rows", multiple=True, metavar="TABLE=N", help="Without a database: how many rows a table has.")
@click.option("--select", multiple=True, metavar="CODE", help="These rules only.")
@click.option("--ignore", multiple=True, metavar="CODE", help="Not these rules.")
@click.option("--accept", "accepted", multiple=True, metavar="CODE:OBJECT", help="Write consent to a danger into its revision.")
@click.option("--because", metavar="TEXT", default="", help="Why it is accepted; goes into the revision, too.")
@looking_options
def command(
    call: Call,
    what: tuple[str, ...],
    since: str | None,
    dialect: str | None,
    rows: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    accepted: tuple[str, ...],
    because: str,
) -> Reviewed:
    """Show what could go wrong with revisions.

    Of those that are pending, or of each RANGE (an id, or start:end, without the start) and FILE or folder: what would lose
    data, lock a table for long, or should be known. With the sizes of the database, or without one with --dialect. Exits
    with 1 where a danger is not accepted.
    """
    if because and not accepted:
        raise UsageError("--because says why a danger is accepted.", hint="Add --accept CODE:OBJECT, or leave --because out.")
    how: dict[str, Any] = {"since": since, "dialect": dialect, "rows": counts(rows), "select": select, "leave_out": ignore}
    if accepted:
        return accept(call.project, accepted, because, what, **how)
    return review(call.project, what, **how, on_event=call.tell)
