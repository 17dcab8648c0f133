"""What an application tells ``Migrate()`` and ``@migrate.configure``: it holds for both tools."""

from __future__ import annotations

import pytest
from apps import FIRST, FLASK, SECOND
from twins import on

pytestmark = pytest.mark.dropin

MADE = "migrate = Migrate(app, db)"


def app(arguments: str = "", *, before: str = "", after: str = "") -> str:
    """An application whose Migrate has more arguments. before, after: what is written around it."""
    return FLASK.replace(MADE, f"{before}\nmigrate = Migrate(app, db{arguments})\n{after}")


@on("postgresql")
def test_where_the_version_table_is(flask_twins):
    twins = flask_twins(app(", version_table='applied', version_table_schema='ops'") + FIRST)
    twins.sql("create schema ops")
    twins.made_by(twins.theirs, "init")
    twins.run("""
        migrate -m first --rev-id a1
        upgrade
        check
        downgrade
        stamp head
    """)
    assert twins.sides[0].databases[""].run("select * from ops.applied") == [("a1",)]


@on("sqlite")
def test_another_folder_and_another_name_for_the_commands(flask_twins):
    twins = flask_twins(app(", 'database/history', 'schema'") + FIRST)
    twins.group = "schema"
    twins.made_by(twins.theirs, "init")
    twins.made_by(twins.theirs, "init -d elsewhere --package")
    twins.run("""
        migrate -m first --rev-id a1
        upgrade
        -d elsewhere revision -m second --rev-id b1
        stamp --directory elsewhere --purge b1
    """)
    assert twins.version == ["b1"]


@on("postgresql")
def test_how_models_are_compared(flask_twins):
    before = """
def include_object(object, name, type_, reflected, compare_to):
    return not (type_ == "table" and name.startswith("legacy_"))


def compare_type(context, inspected_column, metadata_column, inspected_type, metadata_type):
    return False
"""
    made = app(", include_object=include_object, compare_type=compare_type, compare_server_default=True", before=before)
    twins = flask_twins(made + FIRST)
    twins.sql("create table legacy_orders (id integer)")
    twins.made_by(twins.theirs, "init")
    twins.run("""
        migrate -m first --rev-id a1
        upgrade
    """)
    twins.write("app.py", made + SECOND)
    twins.run("""
        migrate -m second --rev-id a2
        upgrade
        check
    """)
    assert twins.tables == ["author", "book", "legacy_orders"]


@on("sqlite")
def test_sequential_ids(flask_twins):
    before = """
from alembic.script import ScriptDirectory


def number(context, revision, directives):
    if directives[0].upgrade_ops.is_empty():
        directives[:] = []
    else:
        head = ScriptDirectory.from_config(context.config).get_current_head()
        directives[0].rev_id = f"{int(head or 0) + 1:04}"
"""
    made = app(", process_revision_directives=number", before=before)
    twins = flask_twins(made + FIRST)
    twins.made_by(twins.theirs, "init")
    twins.run("""
        migrate -m first
        upgrade
        migrate -m nothing
    """)
    twins.write("app.py", made + SECOND)
    twins.run("""
        migrate -m second
        upgrade
    """)
    assert twins.version == ["0002"]


@on("sqlite")
def test_a_config_that_the_application_changes(flask_twins):
    after = """

@migrate.configure
def configure(config):
    folder = os.path.join(os.getcwd(), "migrations")
    config.set_main_option("version_locations", os.pathsep.join(os.path.join(folder, name) for name in ("one", "two")))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s-%%(slug)s")
    config.attributes["greeting"] = "hello"
    return config
"""
    twins = flask_twins(app(after=after) + FIRST)
    twins.made_by(twins.theirs, "init")
    note = "open('seen.txt', 'a').write(config.attributes['greeting'] + ' ')"
    twins.edit("migrations/env.py", "config = context.config\n", f"config = context.config\n{note}\n")
    twins.table("a1", folder="migrations/one")
    twins.table("b1", folder="migrations/two", depends_on="a1")
    twins.run("""
        upgrade heads
        revision -m more --rev-id a2 --head a1
        revision -m more --rev-id b2 --head b1
        upgrade heads
        downgrade base
    """)
    assert "migrations/two/b2-more.py" in twins.sides[0].files()
    assert twins.read("seen.txt") == "hello hello hello "


def test_a_connection_in_the_attributes(flask_twins):
    after = """

@migrate.configure
def configure(config):
    config.attributes["connection"] = app.config.get("CONNECTION")
    return config
"""
    twins = flask_twins(app(after=after) + FIRST)
    twins.made_by(twins.theirs, "init")
    twins.edit("migrations/env.py", "connectable = get_engine()", "connectable = config.attributes['connection']")
    twins.edit("migrations/env.py", "with connectable.connect() as connection:", "for connection in [connectable]:")
    twins.table("a1")
    twins.revision(
        "a2", "a1", up="op.execute(\"insert into t_a1 values (1, 'x')\")", down="op.execute('delete from t_a1 where id = 1')"
    )
    twins.python("""
        from app import app, db
        from flask_migrate import downgrade, upgrade

        with app.app_context(), db.engine.begin() as connection:
            app.config["CONNECTION"] = connection
            upgrade()
            assert connection.exec_driver_sql("select count(*) from t_a1").scalar() == 1
    """)
    assert twins.version == ["a2"]
    twins.python("""
        from app import app, db
        from flask_migrate import downgrade

        with app.app_context(), db.engine.connect() as connection, connection.begin() as transaction:
            app.config["CONNECTION"] = connection
            downgrade()
            transaction.rollback()
    """)
    assert twins.version == ["a2"]
