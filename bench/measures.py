"""What is measured: each measure runs both tools by turns and gives the seconds of every run."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import projects
import sqlalchemy as sa

TOOLS = ("flask_migrate", "whimbrel")
IMPORT = """
import sys, time
import flask, flask_sqlalchemy
started = time.perf_counter()
import {package}
print(time.perf_counter() - started)
assert "{package}" != "whimbrel" or not any(name.startswith("alembic") for name in sys.modules)
"""
WEB = """
import time
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
started = time.perf_counter()
from {package} import Migrate
Migrate(Flask("app"), SQLAlchemy())
print(time.perf_counter() - started)
"""
CREATE_ALL = """
from app import app, db
with app.app_context():
    for table in db.metadata.sorted_tables:  # in transactions of their own: a server holds so many locks only
        table.create(db.engine)
"""

QUERIES = """
import click.testing
import sqlalchemy as sa
from app import app, db
count = 0

def note(*_):
    global count
    count += 1

with app.app_context():
    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    result = app.test_cli_runner().invoke(args=["db", "check"])
assert result.exit_code == 0, result.output
print(count)
"""

PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-m", "flask", "db", "upgrade"], check=True, capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


@dataclass
class Row:
    """One line of the result. goal: the most that Whimbrel may take, as a part of what Flask-Migrate takes.

    above: the same in seconds more than the other column has, where that is the import of the application.
    """

    name: str
    goal: float | None
    above: float | None = None
    seconds: dict[str, list[float]] = field(default_factory=lambda: {tool: [] for tool in TOOLS})

    def median(self, tool: str) -> float:
        return statistics.median(self.seconds[tool])

    @property
    def ratio(self) -> float:
        return self.median("whimbrel") / self.median("flask_migrate")


class Bench:
    """Where and how the tools are run."""

    def __init__(self, python: Path, folder: Path, runs: int, *, quick: bool, postgresql: Callable[[], sa.URL]) -> None:
        self.python = python
        self.folder = folder
        self.runs = runs
        self.quick = quick
        self.postgresql = postgresql
        # Both may keep their bytecode, as on any machine.
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FLASK_", "WHIMBREL_"))}
        self.env["XDG_CACHE_HOME"] = str(folder / "cache")

    # -- measures: each is a name for --only

    def imports(self) -> Iterator[Row]:
        """What a web process pays that has Flask and SQLAlchemy already."""
        for name, goal, source in (("import", 0.1, IMPORT), ("import and Migrate(app, db)", None, WEB)):
            row = Row(name, goal)
            self.by_turns(row, lambda tool, source=source: float(self.run(self.folder, "-c", source.format(package=tool))))
            yield row

    def heads(self) -> Iterator[Row]:
        """The end of the history: reads files only."""
        return self.commands("heads")

    def history(self) -> Iterator[Row]:
        """The whole history."""
        return self.commands("history")

    def current(self) -> Iterator[Row]:
        """Where the database is."""
        return self.commands("current")

    def upgrade(self) -> Iterator[Row]:
        """An upgrade that has nothing to do."""
        return self.commands("upgrade")

    def sqlite(self) -> Iterator[Row]:
        """All revisions on an empty SQLite database."""
        yield self.tables("SQLite", 0.7, self.new_file)

    def postgres(self) -> Iterator[Row]:
        """All revisions on an empty PostgreSQL database."""
        yield self.tables("PostgreSQL", 0.9, self.new_database)

    def check(self) -> Iterator[Row]:
        """Models and database that do not differ."""
        for tables in (50, 500) if self.quick else (50, 500, 2000):
            folders = {tool: self.folder / f"{tool}-check-{tables}" for tool in TOOLS}
            for tool, folder in folders.items():
                projects.write_models(folder, "flask_migrate", tables)
                self.flask(folder, "sqlite://", "init")
                projects.write_models(folder, tool, tables)
            for kind, new in (("SQLite", self.new_file), ("PostgreSQL", self.new_database)):
                url = new()
                self.run(folders["whimbrel"], "-c", CREATE_ALL, DATABASE_URL=url)
                row = Row(f"check, {tables:,} tables, {kind}", 0.5 if tables >= 500 else None)
                self.by_turns(row, lambda tool, folders=folders, url=url: self.timed(folders[tool], url, "check"))
                yield row
                yield self.queries(f"its queries, {tables:,} tables, {kind}", folders, url)

    def queries(self, name: str, folders: dict[str, Path], url: str) -> Row:
        """How many statements ``check`` executes."""
        row = Row(name, None)
        for tool in TOOLS:
            row.seconds[tool].append(float(self.run(folders[tool], "-c", QUERIES, DATABASE_URL=url).splitlines()[-1]))
        return row

    def rebuild(self) -> Iterator[Row]:
        """SQLite: another type for a column of a table with a million rows."""
        folders = {tool: self.folder / f"{tool}-rebuild" for tool in TOOLS}
        for tool, folder in folders.items():
            projects.write_app(folder, "flask_migrate")
            self.flask(folder, "sqlite://", "init")
            projects.write_app(folder, tool)
            projects.write_rebuild(folder)
        row = Row("rebuild of 1,000,000 rows, SQLite", 1.2)

        def measure(tool: str) -> float:
            url = self.new_file()
            self.flask(folders[tool], url, "upgrade", "aaaa")
            return self.timed(folders[tool], url, "upgrade")

        self.by_turns(row, measure)
        yield row
        yield self.memory(folders)

    def plan(self) -> Iterator[Row]:
        """What 500 pending revisions would do; the nearest that Flask-Migrate has is the script."""
        changes, first = self.projects(500, projects.write_changes), projects.identifier(0)
        for kind, folders, url in (("SQLite", self.projects(500), self.new_file()), ("PostgreSQL", changes, self.new_database())):
            if folders is changes:
                self.flask(folders["whimbrel"], url, "upgrade", first)
            for command in ("plan", "review"):
                row = Row(f"{command} of 500, {kind}, vs --sql", None)
                words = {"flask_migrate": ("upgrade", "--sql"), "whimbrel": (command,)}
                self.by_turns(row, lambda tool, words=words, at=(folders, url): self.timed(at[0][tool], at[1], *words[tool]))
                yield row
                row = Row(f"{command} of 500, {kind}, vs import", None, above=3.0)
                self.by_turns(row, lambda tool, command=command, at=(folders, url): self.beside_import(tool, *at, command))
                yield row

    def beside_import(self, tool: str, folders: dict[str, Path], url: str, command: str) -> float:
        """The seconds of a command, or, in the place of the other tool, of the import of the application."""
        if tool == "whimbrel":
            return self.timed(folders[tool], url, command)
        started = time.perf_counter()
        self.run(folders["whimbrel"], "-c", "import app", DATABASE_URL=url)
        return time.perf_counter() - started

    def memory(self, folders: dict[str, Path]) -> Row:
        """The most memory that the same command ever had, in MB; rows are copied inside of SQLite."""
        row = Row("its memory, in MB", 1.1)
        for tool in TOOLS:
            url = self.new_file()
            self.flask(folders[tool], url, "upgrade", "aaaa")
            row.seconds[tool].append(float(self.run(folders[tool], "-c", PEAK, DATABASE_URL=url)))
        return row

    # -- how they are made

    def commands(self, command: str) -> Iterator[Row]:
        for length in (1, 1000) if self.quick else (1, 1000, 5000):
            url = self.new_file()
            folders = self.projects(length)
            self.flask(folders["whimbrel"], url, "stamp", "--unchecked", "head")
            row = Row(f"{command}, {length:,} revision{'s' if length > 1 else ''}", self.goal(command, length))
            self.by_turns(row, lambda tool, folders=folders, url=url: self.timed(folders[tool], url, command))
            yield row

    def goal(self, command: str, length: int) -> float | None:
        if length == 5000:
            return 0.2 if command == "current" else 0.5
        return 1.0 if length == 1 else None

    def tables(self, kind: str, goal: float, new: Callable[[], str]) -> Row:
        length = 200 if self.quick else 1000
        folders = self.projects(length)
        row = Row(f"upgrade of {length:,} revisions, {kind}", None if self.quick else goal)
        self.by_turns(row, lambda tool: self.timed(folders[tool], new(), "upgrade"))
        return row

    def by_turns(self, row: Row, measure: Callable[[str], float]) -> None:
        """A B A B …, after one run of each that fills the caches and is not counted."""
        for tool in TOOLS:
            measure(tool)
        for _ in range(self.runs):
            for tool in TOOLS:
                row.seconds[tool].append(measure(tool))

    def projects(self, length: int, write: Callable[[Path, int], None] = projects.write_history) -> dict[str, Path]:
        """Two projects that differ in one line of app.py."""
        folders = {tool: self.folder / f"{tool}-{write.__name__}-{length}" for tool in TOOLS}
        for tool, folder in folders.items():
            if not folder.exists():
                projects.write_app(folder, "flask_migrate")
                self.flask(folder, "sqlite://", "init")
                projects.write_app(folder, tool)
                write(folder, length)
        return folders

    def new_file(self) -> str:
        path = self.folder / "bench.db"
        path.unlink(missing_ok=True)
        return f"sqlite:///{path}"

    def new_database(self) -> str:
        server = self.postgresql()
        engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.execute(sa.text("drop database if exists bench with (force)"))
            connection.execute(sa.text("create database bench"))
        return server.set(database="bench").render_as_string(hide_password=False)

    def timed(self, folder: Path, url: str, *words: str) -> float:
        """The seconds of one command, from the start of Python to its end."""
        started = time.perf_counter()
        self.flask(folder, url, *words)
        return time.perf_counter() - started

    def flask(self, folder: Path, url: str, *words: str) -> str:
        return self.run(folder, "-m", "flask", "db", *words, DATABASE_URL=url)

    def run(self, folder: Path, *words: str, **env: str) -> str:
        done = subprocess.run([self.python, *words], cwd=folder, env={**self.env, **env}, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout


MEASURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "import": Bench.imports,
    "heads": Bench.heads,
    "history": Bench.history,
    "current": Bench.current,
    "upgrade": Bench.upgrade,
    "sqlite": Bench.sqlite,
    "postgresql": Bench.postgres,
    "check": Bench.check,
    "rebuild": Bench.rebuild,
    "plan": Bench.plan,
}
