"""env.py belongs to the project: whatever it does, what ran is committed, or it is an error."""

from __future__ import annotations

import py_compile
from importlib.util import cache_from_source

import pytest

from kit import on

TABLE = "op.create_table('{0}', sa.Column('id', sa.Integer, primary_key=True))"
ENV = """
from alembic import context
from flask import current_app
from sqlalchemy import create_engine, text

db = current_app.extensions["migrate"].db
arguments = current_app.extensions["migrate"].configure_args
engine = db.engine
"""
CONFIGURE = "context.configure(connection=connection, target_metadata=db.metadata, **arguments)"

COMMITS = {
    "the usual way": f"""
with engine.connect() as connection:
    {CONFIGURE}
    with context.begin_transaction():
        context.run_migrations()
""",
    "a statement before configure": f"""
with engine.connect() as connection:
    connection.execute(text("select 1"))
    {CONFIGURE}
    with context.begin_transaction():
        context.run_migrations()
""",
    "a statement before the run": f"""
with engine.connect() as connection:
    {CONFIGURE}
    with context.begin_transaction():
        connection.execute(text("select 1"))
        context.run_migrations()
""",
    "no transaction at all": f"""
with engine.connect() as connection:
    {CONFIGURE}
    context.run_migrations()
""",
    "a transaction of its own": f"""
with engine.begin() as connection:
    {CONFIGURE}
    context.run_migrations()
""",
    "a transaction of its own, and ours in it": f"""
with engine.connect() as connection, connection.begin():
    {CONFIGURE}
    with context.begin_transaction():
        context.run_migrations()
""",
    "a transaction in a variable": f"""
connection = engine.connect()
transaction = connection.begin()
try:
    {CONFIGURE}
    context.run_migrations()
    transaction.commit()
finally:
    connection.close()
""",
    "a commit of its own": f"""
with engine.connect() as connection:
    {CONFIGURE}
    context.run_migrations()
    connection.commit()
""",
    "autocommit": f"""
with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
    {CONFIGURE}
    with context.begin_transaction():
        context.run_migrations()
""",
    "one transaction, kept by name": f"""
with engine.connect() as connection:
    {CONFIGURE}
    with context.begin_transaction() as transaction:
        context.run_migrations()
""",
    "a transaction for each revision": """
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=db.metadata, transaction_per_migration=True, **arguments)
    with context.begin_transaction():
        context.run_migrations()
""",
    "an engine of its own": f"""
engine = create_engine(engine.url)
with engine.connect() as connection:
    {CONFIGURE}
    with context.begin_transaction():
        context.run_migrations()
""",
    "through the migration context": f"""
with engine.connect() as connection:
    {CONFIGURE}
    with context.get_context().begin_transaction():
        context.run_migrations()
""",
}
LOSES = {
    "a transaction that nobody ends": f"""
connection = engine.connect()
transaction = connection.begin()
{CONFIGURE}
context.run_migrations()
connection.close()
""",
    "a rollback": f"""
with engine.connect() as connection:
    transaction = connection.begin()
    {CONFIGURE}
    context.run_migrations()
    transaction.rollback()
""",
}


@pytest.fixture
def two(project):
    """A project with two revisions, each with a table."""
    project.app("")
    project.ok("init")
    for id in ("aaaa", "bbbb"):
        project.revision(TABLE.format(id[0]), f"op.drop_table('{id[0]}')", id=id)
    return project


@pytest.mark.parametrize("way", COMMITS)
def test_what_env_py_runs_is_committed(two, way):
    two.write("migrations/env.py", ENV + COMMITS[way])
    two.ok("upgrade")
    assert two.database.tables() == ["a", "b"]
    assert two.database.version() == ["bbbb"]
    two.ok("downgrade", "base")
    assert two.database.tables() == []
    assert two.database.version() == []
    two.ok("stamp", "--unchecked", "aaaa")
    assert two.database.version() == ["aaaa"]


@on("sqlite", "postgresql")
@pytest.mark.parametrize("way", LOSES)
def test_work_that_is_not_there_is_an_error(two, way):
    two.write("migrations/env.py", ENV + LOSES[way])
    two.refused("upgrade").says("did not commit it", "nothing of it is in the database", "context.begin_transaction()")


@on("postgresql")
def test_a_dry_run_is_no_error_and_changes_nothing(two):
    env = f"""
with engine.connect() as connection:
    {CONFIGURE}
    with context.begin_transaction() as transaction:
        context.run_migrations()
        if "dry-run" in context.get_x_argument():
            transaction.rollback()
"""
    two.write("migrations/env.py", ENV + env)
    before = two.database.state()
    two.ok("upgrade", "-x", "dry-run")
    assert two.database.state() == before
    two.ok("upgrade")
    assert two.database.version() == ["bbbb"]


@on("sqlite")
def test_a_transaction_of_the_caller_is_left_to_the_caller(two):
    """Tests share a connection with env.py and roll everything back."""
    env = f"""
connection = context.config.attributes["connection"]
{CONFIGURE}
with context.begin_transaction():
    context.run_migrations()
"""
    two.write("migrations/env.py", ENV + env)
    import whimbrel

    app, db, migrate = two.loaded.app, two.loaded.db, two.loaded.migrate
    with app.app_context(), db.engine.connect() as connection:
        transaction = connection.begin()

        @migrate.configure
        def share(config):
            config.attributes["connection"] = connection
            return config

        outcome = whimbrel.upgrade()
        assert outcome.revisions == ("aaaa", "bbbb")
        assert connection.exec_driver_sql("select version_num from alembic_version").scalars().all() == ["bbbb"]
        transaction.rollback()
    assert two.database.names() == []


@on("postgresql")
def test_one_schema_for_each_tenant(two):
    env = f"""
for tenant in ("red", "green"):
    with engine.connect() as connection:
        connection.execute(text(f"create schema if not exists {{tenant}}"))
        connection.execute(text(f"set search_path to {{tenant}}"))
        connection.commit()
        connection.dialect.default_schema_name = tenant
        {CONFIGURE}
        with context.begin_transaction():
            context.run_migrations()
"""
    two.write("migrations/env.py", ENV + env)
    two.ok("upgrade")
    tables = two.database.run("select schemaname, tablename from pg_tables where schemaname in ('red', 'green') order by 1, 2")
    assert tables == [(tenant, table) for tenant in ("green", "red") for table in ("a", "alembic_version", "b")]


@on("postgresql")
def test_a_setting_for_the_transaction_holds_for_all_revisions(two):
    env = f"""
with engine.connect() as connection:
    {CONFIGURE}
    with context.begin_transaction():
        context.execute("set local work_mem = '7MB'")
        context.run_migrations()
"""
    two.write("migrations/env.py", ENV + env)
    check = "assert op.get_bind().execute(sa.text('show work_mem')).scalar() == '7MB'"
    two.revision(check, id="cccc")
    two.revision(check, id="dddd")
    two.ok("upgrade")
    assert two.database.version() == ["dddd"]


def test_the_error_of_a_revision_is_ours_even_if_env_py_catches_it(two):
    two.write(
        "migrations/env.py",
        ENV
        + COMMITS["the usual way"].replace("\n", "\n    ").replace("\n    with engine", "\ntry:\n    with engine", 1)
        + "\nexcept Exception:\n    pass\n",
    )
    two.revision("raise KeyError('lost?')", id="cccc")
    two.flask("upgrade").exits(1).says("Revision cccc", "KeyError: 'lost?'")


def test_an_error_of_env_py_has_a_place(two):
    two.write("migrations/env.py", ENV + "\nnonsense = 1 / 0\n")
    two.refused("upgrade", code=2).says("migrations/env.py failed: ZeroDivisionError", "at migrations/env.py:9")


def test_an_env_py_that_is_gone(two):
    (two.folder / "migrations" / "env.py").unlink()
    two.refused("upgrade", code=2).says("There is no env.py in migrations", "flask db init")


@pytest.mark.parametrize("name", ["env.pyc", cache_from_source("env.py")])
@on("sqlite")
def test_an_env_py_without_its_source(two, name):
    source = two.folder / "migrations" / "env.py"
    py_compile.compile(str(source), str(two.folder / "migrations" / name))
    source.unlink()
    two.ok("upgrade")
    assert two.database.version() == ["bbbb"]


@on("sqlite")
def test_configure_says_where_a_script_goes(two):
    two.app("""
        @migrate.configure
        def configure(config):
            config.output_buffer = open("script.sql", "w")
            return config
    """)
    assert two.ok("upgrade", "--sql").out == ""
    assert "CREATE TABLE" in (two.folder / "script.sql").read_text()


def test_an_env_py_with_a_syntax_error(two):
    two.write("migrations/env.py", "def (:\n")
    two.refused("upgrade", code=2).says("migrations/env.py failed: invalid syntax", "env.py:1")


@on("sqlite")
def test_an_env_py_without_models_cannot_compare(two):
    two.ok("upgrade")
    two.write("migrations/env.py", ENV + COMMITS["the usual way"].replace("target_metadata=db.metadata, ", ""))
    two.refused("migrate").says("does not provide a MetaData object")


@on("sqlite")
def test_hooks_of_env_py_are_called(two):
    env = """
def applied(ctx, step, heads, run_args):
    print("APPLIED", step.up_revision_id, step.is_upgrade, sorted(heads), run_args, step.up_revision.doc)

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=db.metadata, on_version_apply=applied)
    with context.begin_transaction():
        context.run_migrations(engine_name="")
"""
    two.write("migrations/env.py", ENV + env)
    out = two.ok("upgrade").out
    assert "APPLIED aaaa True ['aaaa'] {'engine_name': ''} by hand\n" in out
    assert "APPLIED bbbb True ['bbbb'] {'engine_name': ''} by hand\n" in out
    assert "APPLIED bbbb False ['aaaa']" in two.ok("downgrade").out


@on("sqlite")
def test_a_hook_may_rewrite_what_is_written(project):
    """The recipe for sequential ids, with Alembic's ScriptDirectory."""
    project.app("""
        class Note(db.Model):
            id = db.Column(db.Integer, primary_key=True)
    """)
    project.ok("init")
    env = """
from alembic.script import ScriptDirectory

def sequential(context, revision, directives):
    script = ScriptDirectory.from_config(context.config)
    directives[0].rev_id = f"{int(script.get_current_head() or 0) + 1:04}"

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=db.metadata, process_revision_directives=sequential)
    with context.begin_transaction():
        context.run_migrations()
"""
    project.write("migrations/env.py", ENV + env)
    project.ok("migrate", "-m", "first")
    project.ok("upgrade")
    project.app("""
        class Note(db.Model):
            id = db.Column(db.Integer, primary_key=True)
            n = db.Column(db.Integer)
    """)
    project.ok("migrate", "-m", "second")
    assert list(project.files()) == ["0001_first.py", "0002_second.py"]
    project.ok("upgrade")


@on("sqlite")
def test_include_object_is_obeyed(project):
    project.app("""
        class Note(db.Model):
            id = db.Column(db.Integer, primary_key=True)
        class Other(db.Model):
            id = db.Column(db.Integer, primary_key=True)
    """)
    project.ok("init")
    env = """
def wanted(object, name, type_, reflected, compare_to):
    return name != "other"

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=db.metadata, include_object=wanted)
    with context.begin_transaction():
        context.run_migrations()
"""
    project.write("migrations/env.py", ENV + env)
    project.ok("migrate", "-m", "first")
    project.ok("upgrade")
    assert project.database.tables() == ["note"]
    project.ok("check")


@on("sqlite")
def test_a_revision_may_run_another_command(two):
    """alembic.context and alembic.op are as before when it has ended."""
    two.revision(
        """
        import whimbrel
        assert whimbrel.heads()[0].id == "cccc"
        whimbrel.current()
        op.create_table('c', sa.Column('id', sa.Integer, primary_key=True))
        """,
        id="cccc",
    )
    two.ok("upgrade")
    assert two.database.tables() == ["a", "b", "c"]


def test_an_autocommit_block_keeps_its_meaning(two):
    two.revision(
        """
        op.execute("insert into a (id) values (1)")
        with op.get_context().autocommit_block():
            op.execute("insert into a (id) values (2)")
        op.execute("insert into a (id) values (3)")
        """,
        id="cccc",
    )
    two.ok("upgrade")
    assert two.database.rows("a") == [(1,), (2,), (3,)]
    assert two.database.version() == ["cccc"]


def test_an_autocommit_block_before_a_failure_stays(two):
    two.ok("upgrade")
    two.revision(
        """
        with op.get_context().autocommit_block():
            op.execute("insert into a (id) values (2)")
        op.execute("insert into a (id) values (3)")
        raise RuntimeError("late")
        """,
        id="cccc",
    )
    two.flask("upgrade").exits(3).says("insert into a (id) values (2)", "flask db resume")
    assert two.database.rows("a") == [(2,)]
    assert two.database.version() == ["bbbb"]


ADDRESS = """
from alembic import context
from flask import current_app

context.configure(url=str(current_app.config["SQLALCHEMY_DATABASE_URI"]))
with context.begin_transaction():
    context.run_migrations()
"""


def test_an_env_py_without_a_connection_is_told(two):
    two.write("migrations/env.py", ADDRESS)
    for command in ("upgrade", "current", "check", "plan"):
        two.refused(command, code=2).says("env.py has configured no connection", "context.configure(connection=connection, …)")
    two.ok("upgrade", "--sql").says("CREATE TABLE")


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("sys.exit(0)", "env.py has ended the program."),
        ("sys.exit(3)", "env.py has ended the program with 3."),
        ("sys.exit('no database')", "env.py has ended the program: no database."),
    ],
)
def test_an_env_py_that_ends_the_program_is_told(two, how, says):
    text = (two.folder / "migrations" / "env.py").read_text()
    two.write("migrations/env.py", f"import sys\n{how}\n{text}")
    for command in ("upgrade", "current", "check", "migrate", "plan"):
        two.refused(command, code=2).says(says)


def test_an_env_py_that_ends_the_program_when_all_is_done_has_done_it(two):
    text = (two.folder / "migrations" / "env.py").read_text()
    two.write("migrations/env.py", f"{text}\nimport sys\nsys.exit(0)\n")
    two.ok("upgrade").says("upgrade")
    two.ok("current").says("(head)")


@on("postgresql")
def test_many_tables_do_not_fill_the_lock_table_of_the_server(project):
    """1,600 tables in one transaction are "out of shared memory" with the settings that PostgreSQL comes with."""
    project.app("")
    project.ok("init")
    for n in range(60):
        tables = "\n".join(f"op.execute('create table t{n}_{m} (id serial primary key, note text)')" for m in range(30))
        project.revision(tables, id=f"r{n:03}")
    project.ok("upgrade")
    assert len(project.database.tables()) == 1800
