"""What revision, migrate, merge and check have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Refused, RevisionNotFound, UsageError
from ..events import Listener, Noticed
from ..lines import Line, line
from ..project import Project, display_path, is_true
from ..revisions.index import forget, history
from ..revisions.read import read_revision

if TYPE_CHECKING:
    from .._alembic import RunContext
    from ..autogenerate.answers import Answers
    from ..autogenerate.modules import ModelModule
    from ..autogenerate.revise import Compare, Draft
    from ..execution.env import Database
    from ..hazards.finding import Finding
    from ..revisions.revision import Revision

ONE_SCREEN = 30  # lines


@dataclass(frozen=True)
class Written:
    """The revision files that were written (none where nothing has changed), and what they change, in words."""

    paths: tuple[Path, ...]
    changes: tuple[str, ...] = ()
    operations: tuple[dict[str, Any], ...] = ()
    """The same for machines."""
    findings: tuple[Finding, ...] = ()
    """What is hazardous in them."""

    @property
    def path(self) -> Path | None:
        """The file, where there is one."""
        return self.paths[0] if self.paths else None

    @property
    def revisions(self) -> tuple[str, ...]:
        """The ids of the new revisions."""
        return tuple(read_revision(path)[0].id for path in self.paths)

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """The changes and the files."""
        yield from few(self.changes, verbose=verbose)
        for path in self.paths:
            yield line("Created ", (display_path(path), "path"))
        for each in self.findings:
            yield line((each.severity, "bad" if each.severity == "danger" else "strong"), f"  {each.message}  [{each.key}]")
        if not self.paths:
            yield line("No changes in schema detected.")

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        made = {"paths": list(map(display_path, self.paths)), "revisions": list(self.revisions)}
        return {
            **made,
            "changes": list(self.changes),
            "operations": list(self.operations),
            "findings": [each.as_data() for each in self.findings],
        }


def few(changes: Iterable[str], *, verbose: bool) -> Iterator[Line]:
    """Changes on one screen; verbose: all of them."""
    listed = list(changes)
    shown = listed if verbose or len(listed) <= ONE_SCREEN else listed[: ONE_SCREEN - 1]
    for change in shown:
        yield line("  ", change)
    if len(shown) < len(listed):
        yield line((f"  … and {len(listed) - len(shown)} more (-v shows all)", "dim"))


def revise(
    project: Project,
    arguments: Mapping[str, Any],
    *,
    autogenerate: bool,
    sql: bool = False,
    on_event: Listener,
    said: Answers | None = None,
) -> Written:
    """Write a new revision file: empty, or with what the models and the database differ in.

    said: what was answered ahead of time. arguments: those of Alembic's ``command.revision``.
    Raises PendingChanges where the database is not at the head.
    """
    from ..autogenerate.write import Writer
    from ..execution.env import open_scripts

    environment = autogenerate or is_true(project.option("revision_environment"))
    if sql and autogenerate:
        raise UsageError("--sql writes a script for revisions that exist, and cannot compare: it sees no database.")
    if sql and not environment:
        raise UsageError("--sql has no meaning here, unless revision_environment is set.")
    graph = history(project)
    options = {name: value for name, value in arguments.items() if value is not None} | {"sql": sql}
    if autogenerate:
        options["autogenerate"] = True
    writer = Writer(project, graph)
    if arguments.get("rev_id"):
        replace(writer, longest=None).refuse_id(arguments["rev_id"])  # before a database is asked
    if environment:
        draft, longest = compared(project, arguments, autogenerate, sql, options, on_event, said)
        writer = replace(writer, longest=longest)
    else:
        from ..autogenerate.revise import Draft

        draft = Draft(
            *open_scripts(project, **options),
            graph,
            {**arguments, "sql": sql},
            comparing(project, said),
            project.settings.revision_ids,
        )
    changes = tuple(draft.changes()) if autogenerate else ()
    operations = tuple(draft.as_data()) if autogenerate else ()
    if autogenerate and not any(True for _ in draft.operations()):
        return Written(())
    draft.context.script_directory.write = writer  # type: ignore[attr-defined]
    written = draft.write()
    forget(project)
    return Written(tuple(written), changes, operations)


def compared(
    project: Project,
    arguments: Mapping[str, Any],
    autogenerate: bool,
    sql: bool,
    options: dict[str, Any],
    on_event: Listener,
    said: Answers | None = None,
) -> tuple[Draft, int | None]:
    """Run env.py and compare every database with its models; also how long a revision id may be on all of them."""
    from ..autogenerate.revise import Draft
    from ..dialects import dialect_of
    from ..execution.env import Task, run_environment
    from ..execution.table import VersionTable
    from ..revisions.revision import ID_LENGTH

    drafts: list[Draft] = []
    limits: list[int] = []
    notices: list[str] = []

    def prepare(config: Any, scripts: Any) -> dict[str, Any]:
        drafts.append(
            Draft(
                config,
                scripts,
                history(project),
                {**arguments, "sql": sql},
                comparing(project, said),
                project.settings.revision_ids,
            )
        )
        context = drafts[0].context
        return {"template_args": context.template_args, "revision_context": context}

    def work(database: Database) -> None:
        table = VersionTable(database.context)

        def concerns(id: str) -> bool:
            return not database.knows_nothing_of(history(project)[id], "upgrade")

        current = table.read()
        if said is not None:
            said.is_for_several = "engine_name" in database.arguments
        if autogenerate and not sql:
            notices.extend(said_by_journal(project, database, current))
        try:
            drafts[0].compare(database.context, current, autogenerate=autogenerate, concerns=concerns)
        except Refused as error:
            error.message = "\n".join([*notices, error.message])
            raise
        if dialect_of(database.context.dialect.name).checks_length:
            limits.append(table.longest() or ID_LENGTH)

    done = run_environment(project, Task(work, as_sql=sql, options=options, prepare=prepare))
    if said is not None:
        said.refuse_unused()
    if autogenerate:
        notices += uncompared(project, [database.context.opts.get("target_metadata") for database in done])
    for text in [*notices, *(f"Not compared: {each}." for each in drafts[0].not_compared)]:
        on_event(Noticed(text))
    return drafts[0], min(limits, default=None)


def comparing(project: Project, said: Answers | None) -> Compare:
    """What compares one database with its models. said: None where nothing shall be asked."""
    from ..autogenerate.answers import Answers
    from ..autogenerate.compare import Comparison
    from ..autogenerate.detect import Known
    from ..autogenerate.guard import Guard
    from ..autogenerate.modules import not_imported
    from ..autogenerate.revise import Compared
    from ..execution.journal import Names
    from ..revisions import paths
    from ..revisions.touched import all_enums, all_words, created

    known = said or Answers(is_no_rename=True, is_asked=False)

    def missing() -> list[ModelModule]:
        return not_imported(project.surroundings.roots()[:1], project.layout.script)

    @cache
    def revisions() -> list[Revision]:
        graph = history(project)
        return [graph[id] for id in paths.upgrade(graph, "heads", ())]

    guard = Guard(lambda: created(revisions()), missing, known.allow_drop, project.command)
    said_before = Known(cache(lambda: all_words(revisions())), cache(lambda: all_enums(revisions())))

    def compare(context: RunContext) -> Compared:
        made = Comparison(
            context,
            known,
            guard,
            said_before,
            project.command,
            Names(context.own_names).include,
            project.settings.extensions,
            leaves_defaults=project.surroundings.context_defaults().get("compare_server_default") is False,
        )
        compared, upgrade = made.run()
        return Compared(compared, upgrade, tuple(made.not_compared))

    return compare


def said_by_journal(project: Project, database: Database, current: Collection[str]) -> Iterator[str]:
    """In words which applied revisions were edited. Raises HalfApplied and RevisionNotFound where nothing can be compared."""
    from ..execution.half_applied import refuse_half_applied
    from ..execution.journals import journal_of
    from ..execution.kept import edited, kept_revisions, was_edited, without_file

    journal, graph = journal_of(database.context), history(project)
    refuse_half_applied(journal.half_applied(), project)
    kept = kept_revisions(graph, journal, [id for id in current if id not in graph])
    for text in without_file(kept, journal, project.command):
        raise RevisionNotFound(
            f"The database is at revision {kept[0].id}, and there is no file for it: what it did would be undone.", hint=text
        )
    for revision in edited(graph, journal, current):
        yield was_edited(revision).message


def uncompared(project: Project, compared: list[Any]) -> Iterator[str]:
    """In words which databases of the application have models and were not looked at."""
    seen = [id(each) for metadata in compared for each in (metadata if isinstance(metadata, (list, tuple)) else [metadata])]
    tables = {table.key for metadata in compared for table in getattr(metadata, "tables", {}).values()}
    for name, metadata in project.surroundings.metadatas().items():
        missing = [] if id(metadata) in seen else sorted(table for table in metadata.tables if table not in tables)
        if missing:
            which = f"bind '{name}'" if name else "default database"
            yield (
                f"Not compared: the {which} has models ({', '.join(missing[:5])}), and env.py runs the migrations for other"
                f" databases only. A new env.py from '{project.command} init' runs them for every bind."
            )
