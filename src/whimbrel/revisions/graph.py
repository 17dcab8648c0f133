"""The revisions as a graph: what follows what, where it begins, where it ends.

Built in time linear in the number of revisions. The words are Alembic's: a *head* is followed by nothing, a *base*
follows nothing, an *effective* head is also not needed by a ``depends_on``; a label holds for its whole branch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from ..errors import HistoryError
from ..project import display_path
from .near import near
from .revision import Revision

Neighbours = Callable[[str], Iterable[str]]


class Graph:
    """A consistent history. Raises HistoryError for a missing parent, a cycle or a label that is used twice.

    command: how a user starts us, for hints.
    """

    def __init__(self, revisions: Iterable[Revision], command: str = "whimbrel") -> None:
        self.revisions: dict[str, Revision] = {revision.id: revision for revision in revisions}
        self.command = command
        self.labelled = self._labelled()
        self._children: dict[str, list[str]] = {id: [] for id in self.revisions}
        self._needed_by: dict[str, list[str]] = {}
        self._needs: dict[str, tuple[str, ...]] = {}
        for revision in self.revisions.values():
            for parent in revision.parents:
                if parent not in self.revisions:
                    raise self._missing(revision, parent, "down_revision")
                self._children[parent].append(revision.id)
            if revision.depends_on:
                needs = dict.fromkeys(self._dependency(revision, name) for name in revision.depends_on)
                self._needs[revision.id] = tuple(needs)
                for need in needs:
                    self._needed_by.setdefault(need, []).append(revision.id)
        self._refuse_cycles()

    def with_kept(self, kept: Iterable[Revision]) -> Graph:
        """The same history with revisions that have no file any more, but ran on a database, which kept their source.

        They are on no way up and no head: those are what the files say.
        """
        others = [replace(each, labels=tuple(label for label in each.labels if label not in self.labelled)) for each in kept]
        made = Graph([*self.revisions.values(), *others], self.command)
        made.heads, made.effective_heads, made.bases = self.heads, self.effective_heads, self.bases
        return made

    def __len__(self) -> int:
        return len(self.revisions)

    def __contains__(self, id: object) -> bool:
        return id in self.revisions

    def __getitem__(self, id: str) -> Revision:
        return self.revisions[id]

    # -- neighbours

    def children(self, id: str) -> list[str]:
        """The revisions that come after this one."""
        return self._children[id]

    def followers(self, id: str) -> list[str]:
        """Those, and the revisions that depend on this one."""
        return [*self._children[id], *(n for n in self._needed_by.get(id, ()) if n not in self._children[id])]

    def parents(self, id: str) -> tuple[str, ...]:
        """The revisions that this one comes after."""
        return self.revisions[id].parents

    def needs(self, id: str) -> tuple[str, ...]:
        """Those, and the revisions that this one depends on, unless a revision below it depends on them already."""
        own = self.own_needs(id)
        return (*self.parents(id), *(n for n in own if n not in self.parents(id))) if own else self.parents(id)

    def own_needs(self, id: str) -> tuple[str, ...]:
        """The revisions that this one depends on and no revision below it does."""
        own = self._needs.get(id)
        if own is None:
            return ()
        if id not in self._own_needs:
            left = dict.fromkeys(own)
            for below in self.walk([id], self.parents):
                if below != id:
                    for need in self._needs.get(below, ()):
                        left.pop(need, None)
            self._own_needs[id] = tuple(left)
        return self._own_needs[id]

    @cached_property
    def _own_needs(self) -> dict[str, tuple[str, ...]]:
        return {}

    def dependencies(self, id: str) -> tuple[str, ...]:
        """Every revision that this one names in ``depends_on``, by id."""
        return self._needs.get(id, ())

    # -- ends

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """Revisions that nothing comes after, in the order of their files."""
        return tuple(id for id in self.revisions if not self._children[id])

    @cached_property
    def effective_heads(self) -> tuple[str, ...]:
        """Revisions that nothing comes after or depends on: what the version table has after all upgrades."""
        return tuple(id for id in self.heads if id not in self._needed_by)

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """Revisions that come after nothing."""
        return tuple(id for id, revision in self.revisions.items() if not revision.parents)

    def is_head(self, id: str) -> bool:
        """Whether nothing comes after it."""
        return not self._children[id]

    def is_branch_point(self, id: str) -> bool:
        """Whether more than one revision comes after it."""
        return len(self._children[id]) > 1

    # -- walks

    def walk(self, starts: Iterable[str], neighbours: Neighbours) -> Iterator[str]:
        """Each revision that can be reached, once, the starts included."""
        seen: set[str] = set()
        todo = list(starts)
        while todo:
            id = todo.pop()
            if id not in seen:
                seen.add(id)
                yield id
                todo.extend(neighbours(id))

    def ancestors(self, ids: Iterable[str], *, dependencies: bool = True) -> set[str]:
        """The revisions that must have run before these have, and these."""
        return set(self.walk(ids, self._all_needs if dependencies else self.parents))

    def descendants(self, ids: Iterable[str], *, dependencies: bool = True) -> set[str]:
        """The revisions that can only run after these, and these."""
        return set(self.walk(ids, self.followers if dependencies else self.children))

    def _all_needs(self, id: str) -> Iterable[str]:
        more = self._needs.get(id)
        return (*self.revisions[id].parents, *more) if more else self.revisions[id].parents

    def newest_first(self, ids: Collection[str], starts: Iterable[str]) -> list[str]:
        """These revisions with each one before those it needs, one branch after the other, beginning at the starts.

        The order is Alembic's, so that both tools run the branches of a history in the same order.
        """
        todo = dict.fromkeys(ids)
        waiting = {id: sum(follower in todo for follower in self.followers(id)) for id in todo}
        place = {id: n for n, id in enumerate(self.revisions)}
        frontier = sorted({id for id in starts if id in todo}, key=place.__getitem__)
        frontier += [id for id in todo if not waiting[id] and id not in frontier]
        ordered: list[str] = []
        at = 0
        while frontier:
            candidate = frontier[at]
            if waiting[candidate]:
                # Another branch needs it too: that one goes first.
                above = set(self.walk([candidate], lambda each: (f for f in self.followers(each) if f in todo)))
                at = next(n for n, id in enumerate(frontier) if id in above and n != at)
                continue
            ordered.append(candidate)
            del todo[candidate]
            below = self.needs(candidate)
            for need in self._all_needs(candidate):
                if need in waiting:
                    waiting[need] -= 1
            more = [id for id in below if id in todo and id not in frontier]
            if more:
                frontier[at] = more[0]
                frontier.extend(more[1:])
            else:
                del frontier[at]
                at = max(at - 1, 0)
        return ordered

    # -- labels

    def _labelled(self) -> dict[str, str]:
        """The revision that each branch label stands in."""
        labelled: dict[str, str] = {}
        for revision in self.revisions.values():
            for label in revision.labels:
                other = labelled.get(label, label if label in self.revisions else None)
                if other is not None:
                    raise HistoryError(
                        f"The branch label '{label}' of revision {revision.id} is also that of revision {other}.",
                        place=f"{display_path(self.revisions[other].path)} and {display_path(revision.path)}",
                    )
                labelled[label] = revision.id
        return labelled

    @cached_property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """The labels that hold for each revision of a labelled branch.

        A label holds for all that comes after its revision, and for what comes before it as far as there is one line.
        """
        found: dict[str, dict[str, None]] = {}
        for label, start in self.labelled.items():
            after = self.descendants([start], dependencies=False)
            branch = list(after)
            if all(self._is_on_a_line(id) for id in after):
                parents = self.parents(start)
                while parents and self._is_on_a_line(parents[0]):
                    branch.append(parents[0])
                    parents = self.parents(parents[0])
            for id in branch:
                found.setdefault(id, {})[label] = None
        return {id: tuple(sorted(labels)) for id, labels in found.items()}

    def _is_on_a_line(self, id: str) -> bool:
        return len(self.followers(id)) < 2 and not self.revisions[id].is_merge_point

    # -- errors

    def _dependency(self, revision: Revision, name: str) -> str:
        found = name if name in self.revisions else self.labelled.get(name)
        if found is None:
            raise self._missing(revision, name, "depends_on")
        if found == revision.id:
            raise HistoryError(f"Revision {revision.id} depends on itself.", place=display_path(revision.path))
        return found

    def _missing(self, revision: Revision, name: str, which: str) -> HistoryError:
        likely = near(name, self.revisions)
        restores = f", or with '{self.command} show {name} --restore' where it has run" if which == "down_revision" else ""
        return HistoryError(
            f"{revision.path.name} says {which} = '{name}', and there is no such revision"
            + (f"; is it {likely[0]} ({self.revisions[likely[0]].path.name})?" if likely else "."),
            hint=f"Restore the missing file from version control{restores}; or correct the name.",
            place=display_path(revision.path),
        )

    def _refuse_cycles(self) -> None:
        waiting = {id: len(set(self._all_needs(id))) for id in self.revisions}
        ready = [id for id, count in waiting.items() if not count]
        done = 0
        while ready:
            id = ready.pop()
            done += 1
            for follower in self.followers(id):
                waiting[follower] -= 1
                if not waiting[follower]:
                    ready.append(follower)
        if done == len(self.revisions):
            return
        stuck = {id for id, count in waiting.items() if count}
        cycle = self._cycle_in(stuck)
        names = " -> ".join([*cycle, cycle[0]])
        raise HistoryError(
            f"These revisions come after each other in a circle: {names}.",
            hint="Correct the down_revision or depends_on of one of them.",
            place=" and ".join(display_path(self.revisions[id].path) for id in cycle),
        )

    def _cycle_in(self, stuck: set[str]) -> list[str]:
        """One circle among revisions that wait for each other, in the order in which they would run."""
        path: list[str] = []
        id = next(iter(stuck))
        while id not in path:
            path.append(id)
            id = next(need for need in self._all_needs(id) if need in stuck)
        return path[path.index(id) :][::-1]
