"""A long statement says how long it has been running, and how far it is."""

from __future__ import annotations

import io
import threading

import pytest

from kit import on
from whimbrel.commands.upgrade import upgrade
from whimbrel.dialects import Dialect
from whimbrel.events import Progressed
from whimbrel.extension import flask_project
from whimbrel.reports._status import Status

TABLE = "op.create_table('item', sa.Column('id', sa.Integer, primary_key=True), sa.Column('text', sa.String(200)))"
LONG = {
    "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000000) select count(*) from n",
    "postgresql": "select pg_sleep(0.5)",
    "mariadb": "select sleep(0.5)",
}
FILL = {
    "postgresql": "insert into item select i, md5(i::text) from generate_series(1, 1500000) i",
    "mariadb": "insert into item select seq, md5(seq) from seq_1_to_500000",
}
# Both report it while it lasts; MariaDB for what copies a table.
BUILD = {
    "postgresql": "create index ix_item on item (text)",
    "mariadb": "alter table item modify text varchar(190), algorithm=copy",
}


@pytest.fixture
def every(monkeypatch):
    """Look twenty times a second."""
    monkeypatch.setattr("whimbrel.execution.progress.EVERY", 0.05)


def run(project, statement):
    """Run a revision with one statement; what was told of its progress."""
    project.app("")
    project.ok("init")
    project.revision(f"op.execute({statement!r})", id="aaaa")
    return told(project)


def told(project):
    found = []
    with project.loaded.app.app_context():
        upgrade(flask_project(), on_event=found.append)
    return [event for event in found if isinstance(event, Progressed)]


@pytest.mark.usefixtures("every")
def test_a_long_statement_tells_how_long(project):
    found = run(project, LONG[project.database.kind])
    assert found
    assert {event.revision for event in found} == {"aaaa"}
    assert all(event.statement == " ".join(LONG[project.database.kind].split()) for event in found)
    assert [event.seconds for event in found] == sorted(event.seconds for event in found)
    assert found[-1].fraction is None


@on("postgresql", "mariadb")
@pytest.mark.usefixtures("every")
def test_what_the_server_tells_is_told(project):
    project.app("")
    project.ok("init")
    project.revision(TABLE, id="aaaa")
    project.ok("upgrade")
    project.database.run(FILL[project.database.kind])
    project.revision(f"op.execute({BUILD[project.database.kind]!r})", id="bbbb")
    fractions = [event.fraction for event in told(project) if event.fraction is not None]
    assert fractions
    assert all(0 <= fraction <= 1 for fraction in fractions)


@pytest.mark.usefixtures("every")
def test_an_observer_that_fails_does_not_stop_the_run(project, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("no progress to be had")

    for kind in {type(project.database.engine.dialect).name, "mysql"}:
        monkeypatch.setattr(f"whimbrel.dialects.{kind}.dialect.progress", fail)
    assert run(project, LONG[project.database.kind])
    assert project.database.version() == ["aaaa"]


@pytest.mark.usefixtures("every")
def test_nothing_is_left_running(project):
    run(project, LONG[project.database.kind])
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("whimbrel")] == []


@pytest.mark.usefixtures("every")
def test_nothing_is_left_running_after_a_failure(project):
    project.app("")
    project.ok("init")
    project.revision("op.execute('select * from nowhere')", id="aaaa")
    project.flask("upgrade").exits(1)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("whimbrel")] == []


def test_a_short_run_asks_nothing(project, monkeypatch):
    asked = []
    monkeypatch.setattr(Dialect, "progress", lambda *arguments: asked.append(1))
    assert run(project, "select 1") == []
    assert asked == []


class Terminal(io.StringIO):
    def isatty(self):
        return True


def at(seconds, fraction=None, statement="create index ix on item (text)"):
    return Progressed("", "aaaa", statement, seconds, fraction, "scanning" if fraction is not None else "")


def test_a_terminal_has_one_line_that_is_written_over(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    out = Terminal()
    status = Status(out)
    status.show(at(1.2))
    status.show(at(75, 0.425))
    status.clear()
    status.clear()
    first, second = (
        "aaaa  running for 1 s: create index ix on item (text)",
        "aaaa  running for 1 min 15 s  scanning  42%: create index …",
    )
    assert out.getvalue() == f"\r\x1b[K{first}\r\x1b[K{second[:59]}\r\x1b[K"


def test_elsewhere_there_is_a_plain_line_now_and_then():
    out = io.StringIO()
    status = Status(out)
    for second in range(1, 200):
        status.show(at(second))
    lines = out.getvalue().splitlines()
    assert [line.split(":")[0].partition("for ")[2] for line in lines] == ["10 s", "30 s", "1 min 0 s", "2 min 0 s", "3 min 0 s"]
    assert "\r" not in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_the_next_statement_begins_anew():
    out = io.StringIO()
    status = Status(out)
    for statement in ("one", "two"):
        for second in range(1, 12):
            status.show(at(second, statement=statement))
    assert out.getvalue() == "aaaa  running for 10 s: one\naaaa  running for 10 s: two\n"


@on("sqlite")
@pytest.mark.usefixtures("every")
def test_quiet_and_json_say_nothing_of_it(project, monkeypatch):
    monkeypatch.setattr("whimbrel.reports._status.FIRST", 0.01)
    project.app("")
    project.ok("init")
    project.revision(f"op.execute({LONG['sqlite']!r})", id="aaaa")
    assert "running for" in project.ok("upgrade").err
    project.ok("downgrade")
    assert project.ok("upgrade", "-q").text == ""
    project.ok("downgrade")
    assert project.ok("upgrade", "--format", "json").err == ""
