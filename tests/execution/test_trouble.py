"""What cannot work is said on one screen: what, why, what next, and never a password."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from kit import Database, Project, on

NOTE = """
class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
"""


@pytest.fixture
def elsewhere(project):
    """Make the application use another URL."""

    def use(url: sa.URL):
        project.app(NOTE)
        project.ok("init")
        project.revision("pass", id="aaaa")
        project.source = project.source.replace(repr(project.database.url), repr(url.render_as_string(hide_password=False)))
        project.module = None
        return project

    return use


def refused(project):
    """Every command that needs the database says the same."""
    for command in (["upgrade"], ["current"], ["migrate", "-m", "x"], ["check"], ["stamp", "head"]):
        result = project.flask(*command).exits(2)
        assert len(result.text.splitlines()) <= 5, result
        assert "s3cret" not in result.text
        assert "Traceback" not in result.text
    return result


@on("sqlite")
@pytest.mark.parametrize("driver", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_server_that_is_down(elsewhere, driver):
    project = elsewhere(sa.URL.create(driver, "me", "s3cret", "127.0.0.1", 1, "shop"))
    refused(project).says("No connection to", "me:***@127.0.0.1:1/shop", "No server listens there", "nothing has been changed")


@on("sqlite")
@pytest.mark.parametrize("driver", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_host_that_nobody_knows(elsewhere, driver):
    project = elsewhere(sa.URL.create(driver, "me", "s3cret", "no-such-host.invalid", 1, "shop"))
    refused(project).says("no-such-host.invalid")


@on("postgresql", "mariadb")
def test_a_wrong_password(elsewhere, database):
    project = elsewhere(database.address.set(password="s3cret%@:/"))
    refused(project).says("The server refused the user name or the password.")


@on("postgresql", "mariadb")
def test_a_database_that_does_not_exist(elsewhere, database):
    project = elsewhere(database.address.set(database="nowhere"))
    refused(project).says("There is no database of that name", "nowhere")


@on("sqlite")
def test_a_file_in_a_folder_that_does_not_exist(elsewhere, tmp_path):
    project = elsewhere(sa.URL.create("sqlite", database=str(tmp_path / "no" / "folder" / "x.db")))
    refused(project).says("its folder must exist")


@on("sqlite")
def test_a_file_that_is_no_database(elsewhere, tmp_path):
    (tmp_path / "text.db").write_text("this is a text, and not a database at all" * 100)
    project = elsewhere(sa.URL.create("sqlite", database=str(tmp_path / "text.db")))
    project.refused("upgrade", code=2).says("The file is not an SQLite database.", "Check the database URL")


@on("sqlite")
def test_a_driver_that_is_not_installed(project):
    env = """
    from alembic import context
    from sqlalchemy import create_engine
    with create_engine("postgresql+psycopg2cffi://x@localhost/y").connect() as connection:
        pass
    """
    project.app(NOTE)
    project.ok("init")
    project.write("migrations/env.py", env)
    project.refused("upgrade", code=2).says("The database driver 'psycopg2cffi' is not installed", "pip install psycopg2cffi")


@on("sqlite")
@pytest.mark.parametrize("url", ["nonsense", "oracel://x/y"])
def test_a_url_that_makes_no_sense(project, url):
    project.app(NOTE)
    project.ok("init")
    project.write("migrations/env.py", f"from sqlalchemy import create_engine\ncreate_engine({url!r})\n")
    project.refused("upgrade", code=2).says("The database URL cannot be used")


@on("postgresql", "mariadb")
def test_special_characters_in_a_password(project, database):
    user, password = f"odd_{database.address.database}", "p%40@ss%d/:#"
    if database.kind == "postgresql":
        database.run(f"create role {user} login superuser password '{password}'")
        last = [f"reassign owned by {user} to {database.address.username}", f"drop role {user}"]
    else:
        with database.engine.connect() as connection:
            connection.exec_driver_sql(f"create user {user} identified by '{password.replace('%', '%%')}'")
        database.run(f"grant all on *.* to {user}")
        last = [f"drop user {user}"]
    try:
        project.database = Database(database.kind, database.address.set(username=user, password=password))
        project.start(NOTE)
        project.ok("check")
        project.ok("current", "-v")
    finally:
        with project.loaded.app.app_context():
            project.loaded.db.engine.dispose()
        for sql in last:
            database.run(sql)


def test_a_long_statement_is_cut(project):
    project.app("")
    project.ok("init")
    project.revision("op.execute('select ' + ', '.join(f'column_number_{n}' for n in range(500)) + ' from nothing')", id="aaaa")
    result = project.flask("upgrade").exits(1)
    assert len(result.text) < 2500
    assert "…" in result.text


@on("sqlite")
def test_the_traceback_is_there_for_who_wants_it(project):
    project.app("")
    project.ok("init")
    project.revision("raise KeyError('deep')", id="aaaa")
    assert "Traceback" not in project.flask("upgrade").text
    project.flask("upgrade", "--traceback").exits(1).says(
        "Traceback (most recent call last)", "KeyError: 'deep'", "Error: Revision"
    )


@on("sqlite")
def test_another_working_directory(project, tmp_path, monkeypatch):
    project.start(NOTE)
    monkeypatch.chdir(tmp_path)
    project.ok("current").says(project.head)
    project.ok("downgrade")


@pytest.fixture
def guest(project: Project) -> Iterator[Project]:
    """A project with a pending revision, whose user may read everything but the journal; and not the rows of person."""
    owner = project.database
    project.start(NOTE)
    project.revision("op.execute('create table person (id integer)')", id="aaaa")
    project.ok("upgrade")
    project.revision("op.execute('alter table person add column age integer')", id="bbbb")
    user = f"guest_{owner.address.database}"[:32]
    if owner.kind == "postgresql":
        rights = [f"create role {user} login password 'secret'", f"grant select on alembic_version to {user}"]
        last = [f"drop owned by {user}", f"drop role {user}"]
    else:
        rights = [f"create user {user} identified by 'secret'"]
        rights += [f"grant select on {table} to {user}" for table in ("alembic_version", "person", "note")]
        last = [f"drop user {user}"]
    for sql in rights:
        owner.run(sql)
    project.database = Database(owner.kind, owner.address.set(username=user, password="secret"))
    project.app(NOTE)
    try:
        yield project
    finally:
        with project.loaded.app.app_context():
            project.loaded.db.engine.dispose()
        for sql in last:
            owner.run(sql)


@on("postgresql", "mariadb")
def test_who_may_not_read_the_journal_can_look(guest):
    said = "The user of the database may not read the journal"
    guest.ok("plan").says(said, "What it says of earlier runs is not known.", "bbbb")
    guest.ok("review").says(said)
    guest.ok("current", "-v").says(said)


@on("postgresql", "mariadb")
def test_who_may_not_read_the_journal_cannot_run(guest):
    guest.flask("upgrade").exits(1).says(
        "may not read the journal", "Next: Have its owner grant that: GRANT ", "SELECT", " TO guest_"
    )


@on("postgresql")
def test_a_table_that_may_not_be_counted_has_a_size(guest):
    (step,) = json.loads(guest.ok("plan", "--format", "json").out)[0]["revisions"][0]["steps"]
    assert (step["rows"], step["bytes"]) == (None, 0)
