"""Several databases of one application."""

from __future__ import annotations

import pytest

from kit import on

NOTE = """
class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
"""
LOG = """
class Log(db.Model):
    __bind_key__ = "logs"
    id = db.Column(db.Integer, primary_key=True)
"""


@pytest.fixture
def logs(database, new_database):
    return new_database(database.kind)


def bind(project, **databases):
    urls = {name: found.url for name, found in databases.items()}
    project.config = f'app.config["SQLALCHEMY_BINDS"] = {urls!r}'


@pytest.mark.parametrize("init", [[], ["--multidb"]])
def test_every_bind_with_models_is_migrated(project, logs, init):
    bind(project, logs=logs)
    project.app(NOTE + LOG)
    project.ok("init", *init)
    project.ok("migrate", "-m", "first").says("table note: new", "[logs] table log: new")
    project.ok("upgrade").says("[logs] upgrade")
    assert (project.database.tables(), logs.tables()) == (["note"], ["log"])
    assert project.database.version() == logs.version() == [project.head]
    project.ok("check")
    project.ok("downgrade")
    assert (project.database.tables(), logs.tables()) == ([], [])


@on("sqlite")
def test_current_names_the_databases(project, logs):
    bind(project, logs=logs)
    project.start(NOTE + LOG)
    head = project.head
    assert project.ok("current").out == f"{head} (head)  first  [default]\n{head} (head)  first  [logs]\n"


@on("sqlite")
def test_an_empty_revision_has_functions_for_all(project, logs):
    bind(project, logs=logs)
    project.app(NOTE + LOG)
    project.ok("init")
    project.ok("revision", "-m", "seed", "--rev-id", "5eed")
    text = project.files()["5eed_seed.py"]
    for name in ("upgrade_", "downgrade_", "upgrade_logs", "downgrade_logs"):
        assert f"def {name}():\n    pass\n" in text


@on("sqlite")
def test_a_bind_without_models_is_left_alone(project, logs):
    """Another application's database, from which this one reads."""
    logs.run("create table theirs (id integer)")
    bind(project, logs=logs)
    project.start(NOTE)
    assert logs.names() == ["theirs"]
    project.ok("check")


@on("sqlite")
def test_a_bind_that_comes_later(project, logs):
    """Revisions from the time when there was one database run on that one only."""
    project.start(NOTE)
    bind(project, logs=logs)
    project.app(NOTE + LOG)
    project.ok("migrate", "-m", "logs")
    project.ok("upgrade")
    assert (project.database.tables(), logs.tables()) == (["note"], ["log"])
    assert project.database.version() == logs.version() == [project.head]
    project.ok("downgrade", "base")
    assert (project.database.tables(), logs.tables()) == ([], [])
    project.ok("upgrade")
    project.ok("check")


@on("sqlite")
def test_a_bind_that_goes(project, logs):
    """Its revisions run for the database that is left."""
    bind(project, logs=logs)
    project.start(NOTE + LOG)
    project.config = ""
    project.app(NOTE)
    project.ok("check")
    project.ok("downgrade", "base")
    project.ok("upgrade")
    assert project.database.tables() == ["note"]


@on("sqlite")
def test_binds_that_are_one_database_are_refused_before_anything_happens(project):
    bind(project, logs=project.database)
    project.app(NOTE + LOG)
    project.ok("init")
    project.refused("migrate", "-m", "first").says("The binds 'default' and 'logs' are the same database")
    project.revision("pass", id="aaaa", parameters="engine_name=''")
    project.refused("upgrade").says("The binds 'default' and 'logs' are the same database")


@on("postgresql", "mariadb")
def test_one_database_is_recognised_by_its_place_not_by_the_user(project, database):
    other_user = database.address.set(username="somebody").render_as_string(hide_password=False)
    project.config = f'app.config["SQLALCHEMY_BINDS"] = {{"logs": {other_user!r}}}'
    project.app(NOTE + LOG)
    project.ok("init")
    result = project.refused("migrate", "-m", "first")
    result.says("The binds 'default' and 'logs' are the same database")
    assert "secret" not in result.text


@on("sqlite")
def test_what_runs_on_one_database_stays_when_another_one_fails(project, logs):
    bind(project, logs=logs)
    project.start(NOTE + LOG)
    project.revision(
        "op.add_column('log' if engine_name else 'note', sa.Column('name', sa.String(5)))", id="aaaa", parameters="engine_name"
    )
    logs.run("alter table log add column name varchar(5)")
    project.flask("upgrade").exits(1).says("duplicate column name", "Nothing of this revision is left in logs")
    assert project.database.version() == ["aaaa"]
    logs.run("alter table log drop column name")
    project.ok("upgrade")
    assert logs.version() == ["aaaa"]


@on("sqlite")
def test_an_env_py_for_one_database_says_which_it_leaves_out(project, logs):
    bind(project, logs=logs)
    project.app(NOTE + LOG)
    project.ok("init")
    project.write(
        "migrations/env.py",
        """
        from alembic import context
        from flask import current_app
        db = current_app.extensions["migrate"].db
        with db.engine.connect() as connection:
            context.configure(connection=connection, target_metadata=db.metadata)
            with context.begin_transaction():
                context.run_migrations()
        """,
    )
    project.write(
        "migrations/script.py.mako",
        """
        from alembic import op
        import sqlalchemy as sa
        revision = ${repr(up_revision)}
        down_revision = None
        def upgrade():
            ${upgrades}
        """,
    )
    project.ok("migrate", "-m", "first").says("Not compared: the bind 'logs' has models (log)")
    project.ok("upgrade")
    project.refused("check").says("Not compared: the bind 'logs'")


@on("sqlite")
def test_the_script_has_every_database(project, logs):
    bind(project, logs=logs)
    project.start(NOTE + LOG)
    out = project.ok("upgrade", "--sql").out
    default, _, other = out.partition("-- Database: logs\n")
    assert default.startswith("-- Database: default\n")
    assert "CREATE TABLE note" in default
    assert "CREATE TABLE log" in other
