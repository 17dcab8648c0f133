"""What plan, review, upgrade and downgrade have in common: record a path, judge it, ask for consent."""

from __future__ import annotations

import io
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click
from sqlalchemy.exc import DBAPIError

from ..errors import Refused, RevisionFailed, UsageError
from ..events import Direction, Listener, Noticed

if TYPE_CHECKING:
    from ..autogenerate.answers import Asker
    from ..execution.runner import Runner
    from ..hazards.finding import Finding
    from ..hazards.guard import Guard
    from ..hazards.live import Live
    from ..plan.step import Planned, Step

T = TypeVar("T")
MOST_LISTED = 10
MOST_CHARACTERS = 1500  # of flags, which are to be copied


@dataclass(frozen=True)
class Consent:
    """What was agreed to ahead of time, and who is asked else; None for nobody."""

    accepted: frozenset[str] = frozenset()
    ask: Asker | None = None
    given: set[str] = field(default_factory=set)
    """What was agreed to when it was asked."""


NO_CONSENT = Consent()


def accept_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--accept``."""
    text = "Go on with this danger, named as the refusal names it; may be given several times."
    return click.option("--accept", multiple=True, metavar="CODE:OBJECT", help=text)(command)


def consent_to(accept: Iterable[str], ask: Asker | None = None) -> Consent:
    """The consent of somebody who has typed these names. Raises UsageError for what is no name of a finding."""
    from ..hazards.review import rules

    accepted = frozenset(accept)
    for key in sorted(accepted):
        code, _, rest = key.partition(":")
        if not ((code in rules() and rest) or rest.partition(":")[0] in rules()):
            raise UsageError(
                f"--accept {key}: there is no such rule.", hint="Write CODE:OBJECT, as the refusal has it in brackets."
            )
    return Consent(accepted, ask)


def plan_of(runner: Runner, path: Sequence[str], direction: Direction) -> list[Planned]:
    """What these revisions would do on a database; nothing is executed."""
    from ..plan.record import record

    database = runner.database
    with redirect_stdout(io.StringIO()):  # files that print when they are loaded will do that when they run
        calls = [(runner.graph[id], database.function(runner.graph[id], direction)) for id in path]
    with runner.project.surroundings.aside():
        return record(database.context, calls, direction, database.connection if is_next(runner, path, direction) else None)


def is_next(runner: Runner, path: Sequence[str], direction: Direction) -> bool:
    """Whether the database is as the first of these revisions would find it."""
    from ..revisions import paths

    current = runner.current()
    if direction == "downgrade":
        return bool(path) and path[0] in current
    return runner.graph.ancestors(path) - paths.applied(runner.graph, current) == set(path)


@contextmanager
def live_of(runner: Runner, *, prove_above: float = -1.0) -> Iterator[Live]:
    """What is known of its database. prove_above: what lasts for more seconds is tried on a copy, where the server can."""
    from ..hazards.live import Live

    connection = runner.database.connection
    live = Live(runner.context.dialect, connection)
    if connection is None:
        yield live
        return
    with runner.dialect.proving(connection) as prove:
        live.prove, live.prove_above = prove, prove_above
        yield live


def is_fresh(runner: Runner) -> bool:
    """Whether nothing has been applied to a database, and it has no tables but the version table and ours."""
    connection = runner.database.connection
    if connection is None:
        return True
    if runner.table.read():
        return False
    tables = [name for name in runner.dialect.tables(connection) if not runner.journal.names.include(name)]
    if set(tables) - {runner.table.table.name}:
        return False
    return not runner.dialect.has_other_tables(connection, runner.journal.names.beginning)


@contextmanager
def only_looking(runner: Runner) -> Iterator[None]:
    """Leave no transaction open that was not before."""
    connection = runner.database.connection
    was_open = connection is not None and connection.in_transaction()
    try:
        yield
    finally:
        if connection is not None and not was_open and connection.in_transaction():
            connection.rollback()


def patiently(runner: Runner, look: Callable[[], T]) -> T:
    """What looks at tables, and gives way where somebody else has one to itself. Raises Blocked where that does not end."""
    from ..execution.patience import Patience

    patience = Patience(runner.database, runner.project.settings, runner.on_event)

    def attempt() -> T:
        try:
            with only_looking(runner):
                return look()
        except DBAPIError as error:
            if not runner.dialect.is_lock_conflict(error):
                raise
            raise RevisionFailed(
                "A table that is to be looked at is locked by somebody else.", state="Nothing has been run."
            ) from error

    with only_looking(runner), patience.kept(is_looking=True):
        return patience.run(attempt)


def hazards_of(
    runner: Runner, path: Sequence[str], direction: Direction, severities: Collection[Any], accepted: Collection[str] = ()
) -> list[Finding]:
    """What is hazardous in a path on its database."""
    from ..hazards.review import review

    limit = runner.project.settings.review_limit
    name = runner.database.name

    def look() -> list[Finding]:
        with live_of(runner, prove_above=limit) as live:
            planned = plan_of(runner, path, direction)
            return list(review(planned, live, severities=severities, limit=limit, accepted=accepted, database=name))

    return patiently(runner, look)


def hazards_in(planned: Planned, live: Live, limit: float, database: str = "") -> Iterator[tuple[Step, list[Finding]]]:
    """Each step of one revision with its findings, in the order of the run."""
    from ..hazards.review import judged

    return judged(planned, live, limit=limit, database=database)


def tell_edited(runner: Runner, current: Collection[str]) -> None:
    """Say which applied revisions were edited: as long as they are, upgrade refuses whatever is pending."""
    from ..execution.kept import edited, was_edited

    where = f"[{runner.database.name}] " if runner.database.name else ""
    for revision in edited(runner.graph, runner.journal, current):
        error = was_edited(revision, runner.project.command)
        runner.on_event(Noticed(f"{where}{error.message} 'upgrade' refuses that. {error.hint}"))


def is_judged(runner: Runner) -> bool:
    """Whether there is something to lose, and somebody wants to know."""
    wants = any(word != "off" for word in runner.project.settings.policy)
    return wants and not runner.context.as_sql and not is_fresh(runner)


def dangers(runner: Runner, path: Sequence[str], direction: Direction, consent: Consent, tell: Listener) -> list[Finding]:
    """What a run would do on a database that wants consent, with the consent that there is; what else there is to know is said.

    What is done with each severity is a matter of the setting ``policy``. A fresh database has nothing to lose.
    """
    if not (path and is_judged(runner)):
        return []
    policy = runner.project.settings.policy.by_severity()
    severities = [severity for severity, word in policy.items() if word != "off"]
    left: list[Finding] = []
    for each in hazards_of(runner, path, direction, severities, consent.accepted):
        if policy[each.severity] == "warn" and each.accepted is None:
            tell(Noticed(f"{words(each)}\n  at {each.place}"))
        elif policy[each.severity] == "block" and each.accepted is None and not left and agreed(each, consent.ask):
            consent.given.add(each.full_key)
        elif policy[each.severity] == "block":
            left.append(each)
    return left


def unaccepted(findings: Iterable[Finding]) -> list[Finding]:
    """What nobody has consented to, of findings of several databases."""
    from ..hazards.finding import told_apart

    return [each for each in told_apart(findings) if each.accepted is None]


def guard_of(runner: Runner, command: str, consent: Consent, tell: Listener) -> Guard | None:
    """Who looks at what loses rows before it is executed; nobody where there is nothing to lose."""
    from ..hazards.guard import Guard

    policy = runner.project.settings.policy.by_severity()
    if policy["danger"] == "off" or not is_judged(runner):
        return None

    def decide(finding: Finding) -> None:
        if policy["danger"] == "warn":
            tell(Noticed(f"{words(finding)}\n  at {finding.place}"))
            return
        error = refusal([finding], runner.project.command, [command])
        error.state, error.hint = (
            None,
            f"With --accept {shlex.quote(finding.key)} it goes on; the review before the run could not see this.",
        )
        raise error

    return Guard(runner.context.dialect, consent.accepted | consent.given, decide, runner.database.name)


def agreed(finding: Finding, ask: Asker | None) -> bool:
    """Whether a person says yes; nobody does where there is nobody."""
    if ask is None:
        return False
    from ..autogenerate.answers import Question

    where = f"[{finding.database}] " if finding.database else ""
    fails = " The statement would fail." if finding.would_fail else ""
    return bool(ask(Question(f"{where}{words(finding)}.{fails} Go on?", f"--accept {finding.key}", (f"at {finding.place}",))))


def refusal(
    blocked: Sequence[Finding], name: str, command: Sequence[str], given: Collection[str] = (), unknown: Collection[str] = ()
) -> Refused:
    """The error that names each danger once, and how to consent.

    name: how a user starts us. command: what was typed then. given: what was agreed to already. unknown: those among them
    that are about nothing that was found.
    """
    from ..hazards import consent

    blocked = list({(each.database, each.revision, each.key): each for each in reversed(blocked)}.values())[::-1]
    failing = [each for each in blocked if each.would_fail]
    is_mixed = 0 < len(failing) < len(blocked)
    lines = [
        f"  {f'[{each.database}] ' if each.database else ''}{each.revision}  {words(each)}"
        f"\n    {'would fail ' if is_mixed and each.would_fail else ''}at {each.place}"
        for each in blocked[:MOST_LISTED]
    ]
    more = [f"  … and {len(blocked) - MOST_LISTED} more"] if len(blocked) > MOST_LISTED else []
    more += [f"  Nothing that is seen ahead is called {key}." for key in sorted(unknown)]
    keys = list(dict.fromkeys(each.key for each in blocked if not (is_mixed and each.would_fail)))
    useful = sorted(key for key in given if key not in unknown or may_be_met(key))
    flags = " ".join(f"--accept {shlex.quote(key)}" for key in [*useful, *keys])
    verb = command[0]
    again = f"{name} {shlex.join(command)}"
    if len(flags) > MOST_CHARACTERS:
        shows = f"'{name} plan{' --down' if verb == 'downgrade' else ''}' shows them all"
        flags = f"--accept CODE:OBJECT, once for each of the {len(keys)} names in brackets ({shows}),"
    writes = f"'{name} review --accept CODE:OBJECT --because …' writes it into the revision"
    if verb == "downgrade":  # which review does not look at
        writes = f'in the revision, {consent.NAME} = {{{consent.quoted(keys[0])}: "why"}} says it for good'
    hint = f"{again} {flags} goes on this once; {writes}."
    if is_mixed:
        hint = f"Mend what would fail first; then {hint}"
    elif failing:
        hint = f"Mend that first; {again} {flags} tries it all the same."
    return Refused(
        "\n".join([f"This {'needs your consent' if len(failing) < len(blocked) else 'would fail'}:", *lines, *more]),
        state="Nothing has been run.",
        hint=hint,
        data={"findings": [each.as_data() for each in blocked]},
    )


def may_be_met(key: str) -> bool:
    """Whether a name that is about nothing that was found may be met in the middle of the run, by a rule that looks again."""
    from ..hazards.review import rules

    parts = key.split(":")
    return any(rules()[code].is_watched for code in parts[:2] if code in rules())


def words(finding: Finding) -> str:
    """A finding in one line, with its name in brackets."""
    return f"{finding.message}  [{finding.key}]"
