"""env.py files that do more than the templates: both tools give them the same, and get the same from them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from apps import PLAIN_FIRST, PLAIN_SECOND
from twins import PlainTwins, on

pytestmark = pytest.mark.dropin

INI = """
[alembic]
script_location = %(here)s/migrations
prepend_sys_path = .
path_separator = os
sqlalchemy.url = $URL
"""
ENV = """
from alembic import context
from alembic.script import ScriptDirectory
from sqlalchemy import engine_from_config, pool, text
from models import Base

config = context.config


def note(*facts):
    with open("seen.txt", "a") as seen:
        print(*facts, file=seen)

{more}

def run(connection=None, **options):
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, {options} **options)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run(url=config.get_main_option("sqlalchemy.url"), literal_binds=True)
else:
    connectable = engine_from_config(config.get_section(config.config_ini_section), "sqlalchemy.", poolclass=pool.NullPool)
    with connectable.connect() as connection:
        {before}
        run(connection)
"""
OWN_ENGINE = """
import os
from alembic import context
from sqlalchemy import create_engine
from models import Base

with create_engine(os.environ["URL"]).begin() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    context.run_migrations()
"""
ROUND = """
revision --autogenerate -m second --rev-id a2
upgrade a2
check
current
downgrade -1
stamp head
stamp a1
upgrade head
"""


@pytest.fixture
def project(plain_twins) -> Callable[..., PlainTwins]:
    """Makes a project whose env.py does more. more: before anything else. options: of configure(). before: the run."""

    def make(more: str = "", options: str = "", before: str = "pass") -> PlainTwins:
        twins = plain_twins()
        twins.made_by(twins.theirs, "init -t generic migrations")
        twins.write("models.py", PLAIN_FIRST)
        twins.write("alembic.ini", INI)
        twins.write("migrations/env.py", ENV.format(more=more, options=options, before=before))
        return twins

    return make


def goes_round(twins: PlainTwins, x: str = "") -> None:
    """Two revisions, up and down again."""
    twins.run(f"{x} revision --autogenerate -m first --rev-id a1\n{x} upgrade head")
    twins.write("models.py", PLAIN_SECOND)
    twins.run("\n".join(f"{x} {line}" for line in ROUND.strip().splitlines()))
    assert {"author", "book"} <= {fact.rpartition(".")[2].removeprefix("database: rows of ") for fact in twins.sides[0].state()}


@on("sqlite", "mariadb")
def test_a_version_table_of_another_name(project):
    twins = project(options='version_table="applied",')
    goes_round(twins)
    assert twins.sides[0].databases[""].version("applied") == ["a2"]


@on("postgresql")
def test_a_version_table_in_another_schema(project):
    twins = project(options='version_table="applied", version_table_schema="ops",')
    twins.sql("create schema ops")
    goes_round(twins)
    assert twins.sides[0].databases[""].run("select * from ops.applied") == [("a2",)]


@on("postgresql")
def test_a_search_path_for_each_tenant(project):
    before = """tenant = context.get_x_argument(as_dictionary=True)["tenant"]
        connection.execute(text(f'set search_path to "{tenant}"'))
        connection.commit()
        connection.dialect.default_schema_name = tenant"""
    twins = project(before=before)
    twins.sql("create schema north")
    twins.sql("create schema south")
    goes_round(twins, "-x tenant=north")
    twins.run("""
        -x tenant=south upgrade a1
        -x tenant=north downgrade a1
        -x tenant=south upgrade head
    """)
    versions = "select * from north.alembic_version union all select * from south.alembic_version"
    assert twins.sides[0].databases[""].run(versions) == [("a1",), ("a2",)]


@on("postgresql")
def test_objects_and_names_that_are_left_out(project):
    more = """
def include_object(object, name, type_, reflected, compare_to):
    return not (type_ == "table" and name.startswith("legacy_"))


def include_name(name, type_, parent_names):
    return name != "spatial_ref_sys"
"""
    twins = project(more, "include_object=include_object, include_name=include_name,")
    twins.sql("create table legacy_orders (id integer)")
    twins.sql("create table spatial_ref_sys (id integer)")
    goes_round(twins)


@on("mariadb")
def test_an_engine_of_its_own(project):
    twins = project()
    twins.write("migrations/env.py", OWN_ENGINE)
    goes_round(twins)


@on("sqlite")
def test_x_arguments_and_a_tag(project):
    more = """
given = context.get_x_argument(as_dictionary=True)
note(given, context.get_x_argument(), context.get_tag_argument(), context.is_offline_mode())
"""
    twins = project(more, 'version_table="version_of_" + given.get("tenant", "nobody"),')
    twins.table("a1")
    twins.run("""
        -x tenant=a -x more upgrade head --tag v1
        -x tenant=a current
        -x tenant=a downgrade base --tag=v2
        -x tenant=b upgrade head --sql --tag v3
        stamp head --tag v4
    """)
    assert twins.read("seen.txt").splitlines()[0] == "{'tenant': 'a', 'more': ''} ['tenant=a', 'more'] v1 False"


@on("sqlite")
def test_what_env_py_can_ask(project):
    more = """
def asked(name):
    try:
        return getattr(context, name)()
    except Exception as error:
        return type(error).__name__

for name in ("get_starting_revision_argument", "get_revision_argument", "get_head_revision", "get_head_revisions"):
    note(name, asked(name))
typed = vars(config.cmd_opts)
note(typed["cmd"][0].__name__, [typed.get(name) for name in ("revision", "revisions", "sql", "tag", "purge", "name")])
note(config.config_file_name, config.get_main_option("script_location"), context.script.dir)
note([script.revision for script in context.script.walk_revisions()], context.script.get_current_head())
"""
    twins = project(more)
    twins.table("a1")
    twins.table("a2", "a1")
    twins.run("""
        upgrade +1
        upgrade a1:head --sql
        upgrade head
        downgrade -1
        downgrade a2:a1 --sql
        stamp a2
        current
    """)
    assert "upgrade ['+1', None, False, None, None, 'alembic']" in twins.read("seen.txt")


@on("sqlite")
def test_sequential_ids(project):
    more = """
def number(context, revision, directives):
    head = ScriptDirectory.from_config(context.config).get_current_head()
    directives[0].rev_id = f"{int(head or 0) + 1:04}"
"""
    twins = project(more, "process_revision_directives=number,")
    twins.edit("alembic.ini", "path_separator", "revision_environment = true\npath_separator")
    twins.run("""
        revision --autogenerate -m first
        upgrade head
        revision -m by-hand
        upgrade head
    """)
    twins.write("models.py", PLAIN_SECOND)
    twins.run("""
        revision --autogenerate -m second
        upgrade head
    """)
    assert twins.version == ["0003"]


@on("sqlite")
def test_callbacks_on_every_step(project):
    more = """
def applied(*, ctx, step, heads, run_args, **others):
    note(step.is_upgrade, step.is_stamp, step.is_migration, step.up_revision_id, step.up_revision_ids)
    for ids in (step.down_revision_ids, step.source_revision_ids, step.destination_revision_ids):
        note(sorted(ids))
    for revisions in (step.up_revisions, step.down_revisions, step.source_revisions, step.destination_revisions):
        note(sorted(each.revision for each in revisions))
    note(sorted(heads), run_args, others, sorted(ctx.get_current_heads()))
"""
    twins = project(more, "on_version_apply=applied,")
    twins.table("a1")
    twins.table("b1", "a1")
    twins.table("c1", "a1")
    twins.table("d1", ("b1", "c1"))
    twins.run("""
        upgrade head
        downgrade b1
        stamp d1
        stamp b1
        stamp base
    """)
    assert len(twins.read("seen.txt").splitlines()) == 9 * 8


def test_a_transaction_for_each_revision(project):
    twins = project(options="transaction_per_migration=True,")
    twins.table("a1")
    twins.revision("a2", "a1", up="op.execute(\"insert into t_a1 values (1, 'x')\")", down="op.execute('delete from t_a1')")
    twins.revision("a3", "a2", up="op.execute('insert into nowhere values (1)')")
    twins.run("""
        !upgrade head
        upgrade a2
    """)
    assert twins.version == ["a2"]


@on("postgresql")
def test_a_block_that_commits_by_itself(project):
    twins = project(options="transaction_per_migration=True,")
    twins.table("a1")
    up = """
        op.execute("insert into t_a1 values (1, 'x')")
        with op.get_context().autocommit_block():
            op.execute('create index concurrently ix_name on t_a1 (name)')
        op.execute("insert into t_a1 values (2, 'y')")
    """
    twins.revision("a2", "a1", up=up, down="op.drop_index('ix_name')")
    twins.table("a3", "a2")
    twins.run("""
        upgrade head
        downgrade a1
        upgrade a1:head --sql
    """)
    assert twins.version == ["a1"]
