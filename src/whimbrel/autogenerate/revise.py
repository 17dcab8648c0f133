"""Compare the models with a database, and hold the result until it becomes a file.

Alembic's RevisionContext does the rendering, and its comparators are the first to compare, so that hooks and plugins of the
project see what they expect.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from alembic.operations import ops
from alembic.util import rev_id

from .._alembic import Revising, RunContext, Scripts
from .._alembic_compare import Comparing
from ..errors import PendingChanges
from ..revisions import names, paths
from ..revisions.graph import Graph
from .operations import expand
from .words import as_data, changes

MOST_PENDING = 10


class Compared(NamedTuple):
    """What one database and its models differ in, and what could not be compared, each with the reason."""

    context: Comparing
    upgrade: ops.UpgradeOps
    not_compared: tuple[str, ...] = ()


Compare = Callable[[RunContext], Compared]
"""Compares one database with its models."""


class Draft:
    """A revision that is being made: the arguments of the command, and then the operations of each database.

    ids: how its id is made, where none is given.
    """

    def __init__(
        self, config: Any, scripts: Scripts, graph: Graph, arguments: dict[str, Any], compare: Compare, ids: str = "random"
    ) -> None:
        self.graph = graph
        self.arguments = {**arguments, "rev_id": arguments.get("rev_id") or names.new_id(graph, ids, rev_id)}
        self.context = Revising(config, scripts, self.arguments, self.fill, finish)
        self.compare_with_models = compare
        self.not_compared: list[str] = []

    def fill(self, context: RunContext, upgrade: ops.UpgradeOps) -> Comparing:
        """Put what one database and its models differ in into the operations of the upgrade."""
        found = self.compare_with_models(context)
        upgrade.ops[:] = found.upgrade.ops
        self.not_compared += found.not_compared
        return found.context

    def compare(
        self,
        context: RunContext,
        current: Collection[str],
        *,
        autogenerate: bool,
        concerns: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """Add the operations of one database. Raises PendingChanges where it is not at the head of the history.

        concerns: whether a revision does something on this database.
        """
        if autogenerate:
            self.refuse_pending(current, concerns)
            self.context.run_autogenerate(self.graph.effective_heads, context)
        else:
            self.context.run_no_autogenerate(tuple(current), context)

    def refuse_pending(self, current: Collection[str], concerns: Callable[[str], bool]) -> None:
        """Raise PendingChanges where revisions are pending: their changes would be written a second time."""
        pending = paths.upgrade(self.graph, "heads", current)
        if not any(map(concerns, pending)):
            return
        listed = [f"  {id}  {self.graph[id].message}".rstrip() for id in pending[:MOST_PENDING]]
        more = [f"  … and {len(pending) - MOST_PENDING} more"] if len(pending) > MOST_PENDING else []
        raise PendingChanges(
            f"Target database is not up to date: {len(pending)} revision{'s are' if len(pending) > 1 else ' is'} pending.\n"
            + "\n".join([*listed, *more]),
            hint=f"Run '{self.graph.command} upgrade' first; else what they do would be written a second time.",
            data={"pending": pending},
        )

    @property
    def scripts(self) -> list[ops.MigrationScript]:
        """What will be written, as hooks of the project have left it."""
        return list(self.context.generated_revisions)

    def operations(self) -> Iterator[tuple[str, Any]]:
        """Every operation of the upgrade, with the token of its database."""
        for script in self.scripts:
            for upgrade in script.upgrade_ops_list:
                for op in upgrade.ops:
                    yield upgrade.upgrade_token, op

    def changes(self) -> list[str]:
        """The changes in words; with the name of the database where there are several."""
        found = []
        for token, op in self.operations():
            name = token.removesuffix("upgrades").rstrip("_")
            found += [f"[{name}] {line}" if name else line for line in changes([op])]
        return found

    def as_data(self) -> list[dict[str, Any]]:
        """The changes for machines."""
        return [
            {**each, **({"database": token.removesuffix("upgrades").rstrip("_")} if token != "upgrades" else {})}
            for token, op in self.operations()
            for each in as_data([op])
        ]

    def write(self) -> list[Path]:
        """Write the files."""
        written: Iterator[Any] = self.context.generate_scripts()
        return [path for path in written if isinstance(path, Path)]


def finish(upgrade: ops.UpgradeOps, downgrade: ops.DowngradeOps) -> None:
    """Leave nothing in the operations that only we know."""
    expand(upgrade)
    expand(downgrade)
