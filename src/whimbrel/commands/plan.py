"""``plan``: what a run would do, without doing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from ..autogenerate.words import changes
from ..events import Direction, Listener, Noticed, ignore
from ..lines import Line, line, size
from ..project import Project
from ..revisions import paths
from ..revisions.index import history
from ._cli import Call, subcommand
from ._plan import hazards_in, live_of, patiently, plan_of, tell_edited, words
from ._settings import looking_options

if TYPE_CHECKING:
    from ..dialects import Dialect, Effect
    from ..hazards.finding import Finding
    from ..plan.step import Planned, Step

WIDTH = 100
MOST_STATEMENTS = 10
"""Of one operation."""
MOST_ROWS = 3
"""Of a bulk_insert, which has a statement for each row."""
WORK = {"scan": "reads it whole", "build": "builds an index", "rewrite": "writes it anew"}
TOGETHER = ("alter", "create table", "drop table", "foreign key", "lock", "truncate", "type")
"""Statements that lock the other tables as well, against the same people."""
AGAINST = {"reads": "against reads and writes", "writes": "against writes"}


@dataclass(frozen=True)
class Move:
    """One step of a plan, with what it locks and what is hazardous in it. rows, bytes: of its table now, None for unknown.

    in_transaction: whether all of it is undone where the revision fails later on.
    """

    step: Step
    effects: tuple[Effect, ...] = ()
    rows: int | None = None
    bytes: int | None = None
    findings: tuple[Finding, ...] = ()
    in_transaction: bool = True

    def as_lines(self, *, is_full: bool) -> Iterator[Line]:
        """Its statements, what each locks, and what is hazardous."""
        from alembic.operations.ops import BulkInsertOp

        most = MOST_ROWS if isinstance(next(iter(self.step.operations), None), BulkInsertOp) else MOST_STATEMENTS
        listed = self.step.sql if is_full else self.step.sql[:most]
        for statement in listed:
            shown = statement.splitlines() if is_full else [shortened(statement)]
            yield from (line("  ", text) for text in shown)
        if more := len(self.step.sql) - len(listed):
            yield line((f"  … and {more:,} more", "dim"))
        if not self.step.sql:
            maybe = "perhaps " if self.step.why else ""
            yield from (line("  ", f"{maybe}{text}") for text in changes(self.step.operations))
        for effect in self.effects:
            if effect.blocks or effect.work:
                yield line((f"    {self.in_words(effect)}", "dim"))
        for finding in self.findings:
            if finding.accepted is not None:
                reason = f": {finding.accepted}" if finding.accepted else ""
                yield line("    ", ("accepted", "good"), f"  {words(finding)}{reason}")
            else:
                yield line("    ", (finding.severity, "bad" if finding.severity == "danger" else "strong"), f"  {words(finding)}")
            if finding.place and (finding.accepted is None or self.step.why):  # what was not seen has to be looked at there
                yield line("      at ", (finding.place, "path"))

    def in_words(self, effect: Effect) -> str:
        """What a statement does to others."""
        tables = [effect.table, *(effect.others if effect.kind in TOGETHER else ())]
        name = " and ".join(".".join(part for part in table if part) for table in tables if table)
        sure = " as the server says" if effect.is_proven else ""
        about = f"{self.rows:,} row{'' if self.rows == 1 else 's'}" if self.rows is not None else "unknown size"
        about += f", {size(self.bytes)}" if self.bytes else ""
        if effect.kind == "rows":
            return f"locks the rows that it changes in {name} ({about} in all), {how_long(effect, 'at most about')}".rstrip(", ")
        said = [f"locks {name} {AGAINST[effect.blocks]}" if effect.blocks else f"lets everybody use {name}"]
        if effect.work:
            said.append(f", {WORK[effect.work]}{sure} ({about})")
        elif sure:
            said.append(f", leaves its rows alone{sure}")
        return f"{''.join(said)}{',' if len(said) > 1 else ''} {how_long(effect)}".rstrip(", ")

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "place": self.step.place,
            "sql": list(self.step.sql),
            "operations": [type(op).__name__ for op in self.step.operations],
            "not_seen": self.step.why,
            "in_transaction": self.in_transaction,
            "effects": [vars(effect) for effect in self.effects],
            "rows": self.rows,
            "bytes": self.bytes,
            "findings": [finding.as_data() for finding in self.findings],
        }


@dataclass(frozen=True)
class Part:
    """One revision of a plan. in_transaction: whether nothing of it stays where it fails half-way."""

    planned: Planned
    moves: tuple[Move, ...]
    in_transaction: bool = True


Databases = tuple[tuple[str, str, tuple[Part, ...]], ...]


@dataclass(frozen=True)
class Plan:
    """What a run would do on each database: its name and address, and its revisions."""

    databases: Databases
    is_full: bool = False

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is hazardous in all of it; some formats are about that only."""
        return tuple(each for _, _, parts in self.databases for part in parts for move in part.moves for each in move.findings)

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """Each revision with its statements."""
        for name, url, parts in self.databases:
            if len(self.databases) > 1 and parts:
                yield line((f"[{name or 'default'}] {url}", "strong"))
            for part in parts:
                revision = part.planned.revision
                parted = "" if part.in_transaction else "  (not in one transaction)"
                yield line(f"{part.planned.direction}  ", (revision.id, "revision"), f"  {revision.message}", (parted, "dim"))
                for move in part.moves:
                    yield from move.as_lines(is_full=self.is_full or verbose)
                if not part.moves:
                    yield line(("  nothing", "dim"))
        if not any(parts for _, _, parts in self.databases):
            yield line("Nothing to do.")

    def as_data(self) -> list[dict[str, Any]]:
        """The same for machines."""
        return [
            {
                "name": name,
                "url": url,
                "revisions": [
                    {
                        "revision": part.planned.revision.id,
                        "message": part.planned.revision.message,
                        "direction": part.planned.direction,
                        "in_transaction": part.in_transaction,
                        "steps": [move.as_data() for move in part.moves],
                    }
                    for part in parts
                ],
            }
            for name, url, parts in self.databases
        ]


def how_long(effect: Effect, about: str = "about") -> str:
    """How long the work of a statement takes, and what that rests on."""
    if effect.seconds is None:
        return ""
    if effect.rate is None or effect.seconds < 0.1:
        return "for a moment"
    return f"for {about} {effect.seconds:.1f} s ({size(int(effect.rate))}/s, {effect.basis})"


def plan(project: Project, target: str = "", *, down: bool = False, full: bool = False, on_event: Listener = ignore) -> Plan:
    """What ``upgrade``, or with ``down`` ``downgrade``, would do on every database. full: with whole statements.

    Nothing is executed; the databases are asked for sizes and for what rules want to know. Raises HalfApplied where a revision
    stopped half-way.
    """
    from ..execution.env import Database, Task, run_environment
    from ..execution.half_applied import refuse_half_applied
    from ..execution.journals import look_into
    from ..execution.runner import Runner

    graph = history(project)
    direction: Direction = "downgrade" if down else "upgrade"
    path = paths.downgrade if down else paths.upgrade
    found: list[tuple[str, str, tuple[Part, ...]]] = []

    def look(database: Database) -> None:
        runner = Runner(project, graph, database, on_event)
        for text in look_into(runner.journal):
            on_event(Noticed(text))
        refuse_half_applied(runner.journal.half_applied(), project)
        current = runner.current()  # first: what has no file any more joins the history
        if direction == "upgrade":
            tell_edited(runner, current)
        ids = path(runner.graph, target or ("-1" if down else "head"), current)
        parts = patiently(runner, lambda: parts_of(runner, ids, direction)) if ids else []
        found.append((database.name, database.url, tuple(parts)))

    run_environment(project, Task(look, context={"dont_mutate": True}))
    return Plan(told_apart(tuple(found)), full)


def told_apart(databases: Databases) -> Databases:
    """The same, with findings that have names of their own."""
    from ..hazards import finding

    every = Plan(databases).findings
    rest = iter(finding.told_apart(every))

    def made(part: Part) -> Part:
        return replace(part, moves=tuple(replace(move, findings=tuple(islice(rest, len(move.findings)))) for move in part.moves))

    return tuple((name, url, tuple(map(made, parts))) for name, url, parts in databases)


def parts_of(runner: Any, ids: Sequence[str], direction: Direction) -> list[Part]:
    """The revisions of one database, judged."""
    from ..plan.effect import effects

    with live_of(runner) as live:
        planned = plan_of(runner, ids, direction)
        made = []
        for each in planned:
            moves: list[Move] = []
            for step, findings in hazards_in(each, live, runner.project.settings.review_limit, runner.database.name):
                known = tuple(effects(step, live))
                table = next((live.known_as(effect.table) for effect in known if effect.table), None)
                there = table if table is not None and live.is_there(table) else None
                rows, bytes = (live.rows(there), live.bytes_of(there)) if there else (None, None)
                moves.append(Move(step, known, rows, bytes, tuple(findings), goes_back(step, runner.dialect)))
            statements = sum(len(move.step.sql) for move in moves)
            is_one = all(move.in_transaction for move in moves) or (statements == 1 and not runner.dialect.ddl_rolls_back)
            made.append(Part(each, tuple(moves), is_one))
        return made


def goes_back(step: Step, dialect: Dialect) -> bool:
    """Whether a step is undone with the transaction that it stands in."""
    return not step.outside and all(dialect.kind_of(sql) in ("read", "write") for sql in step.sql)


def shortened(statement: str) -> str:
    """A statement in one line."""
    text = " ".join(statement.split())
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


@subcommand(verbose="Show whole statements, too.")
@click.argument("revision", default="")
@click.option("--down", is_flag=True, help="Plan a downgrade; by default of one step.")
@click.option("--sql", is_flag=True, help="Show whole statements.")
@looking_options
def command(call: Call, revision: str, down: bool, sql: bool) -> Plan:
    """Show what an upgrade would do.

    Each statement of the pending revisions up to REVISION (head), with what it locks and for how long about, how large the
    table is, and what is hazardous. Nothing is executed.
    """
    return plan(call.project, revision, down=down, full=sql, on_event=call.tell)
