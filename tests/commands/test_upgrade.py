"""Up and down."""

from __future__ import annotations

import pytest

from kit import on

TAG = "op.create_table('tag', sa.Column('id', sa.Integer, primary_key=True))"
LIST = "op.create_table('list', sa.Column('id', sa.Integer, primary_key=True))"


@pytest.fixture
def two(project):
    """A project with the revisions aaaa and bbbb, each with a table."""
    project.app("")
    project.ok("init")
    project.revision(TAG, "op.drop_table('tag')", id="aaaa", message="add tags")
    project.revision(LIST, "op.drop_table('list')", id="bbbb", message="add lists")
    return project


def lines(result):
    """What was printed, without the times."""
    return [line.rpartition("  (")[0] for line in result.out.splitlines()]


def test_each_revision_has_a_line_with_its_duration(two):
    result = two.ok("upgrade")
    assert lines(result) == ["upgrade  aaaa  add tags", "upgrade  bbbb  add lists"]
    assert result.out.splitlines()[0].endswith(" ms)")
    assert two.database.tables() == ["list", "tag"]
    assert two.database.version() == ["bbbb"]


def test_with_nothing_to_do_nothing_is_printed(two):
    two.ok("upgrade")
    assert two.ok("upgrade").text == ""
    assert two.ok("upgrade", "aaaa").text == ""


def test_downgrade_without_an_argument_is_one_step(two):
    two.ok("upgrade")
    assert lines(two.ok("downgrade")) == ["downgrade  bbbb  add lists"]
    assert two.database.tables() == ["tag"]
    assert two.database.version() == ["aaaa"]


@pytest.mark.parametrize(
    ("start", "target", "tables"),
    [
        ("", "aaaa", ["tag"]),
        ("", "aa", ["tag"]),
        ("", "+1", ["tag"]),
        ("", "+2", ["list", "tag"]),
        ("", "head", ["list", "tag"]),
        ("", "heads", ["list", "tag"]),
        ("", "head-1", ["tag"]),
        ("aaaa", "+1", ["list", "tag"]),
        ("", "aaaa+1", ["list", "tag"]),
    ],
)
@on("sqlite")
def test_where_an_upgrade_may_go(two, start, target, tables):
    if start:
        two.ok("upgrade", start)
    two.ok("upgrade", target)
    assert two.database.tables() == tables


@pytest.mark.parametrize(
    ("target", "tables"), [("-1", ["tag"]), ("-2", []), ("base", []), ("aaaa", ["tag"]), ("head-1", ["tag"])]
)
@on("sqlite")
def test_where_a_downgrade_may_go(two, target, tables):
    two.ok("upgrade")
    two.ok("downgrade", target)
    assert two.database.tables() == tables


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["upgrade", "nope"], "There is no revision 'nope'"),
        (["upgrade", "+3"], "+3 from base goes above the head: there are only 2 revisions on that way."),
        (["upgrade", "-1"], "'-1' is below the current revision: upgrade goes up."),
        (["downgrade", "+1"], "'+1' is above the current revision: downgrade goes down."),
        (["downgrade"], "There is nothing to undo"),
        (["downgrade", "bbbb"], "bbbb has not been applied to this database"),
    ],
)
@on("sqlite")
def test_where_they_cannot_go(two, arguments, words):
    two.refused(*arguments).says(words)


@on("sqlite")
def test_a_range_needs_sql(two):
    two.refused("upgrade", "aaaa:bbbb", code=2).says("'aaaa:bbbb' is a range, which only --sql takes", "flask db upgrade bbbb")


def test_a_failed_revision_has_a_place_and_leaves_what_it_says(two):
    two.ok("upgrade")
    two.revision("op.execute('select nope from tag')", id="cccc", message="a mistake")
    result = two.refused("upgrade")
    result.says("Error: Revision cccc (a mistake) failed on upgrade:", "in: select nope from tag")
    result.says("at migrations/versions/cccc_a_mistake.py:18", "Next: Mend the cause, then run 'flask db upgrade' again.")
    result.says("Nothing of this revision is left in the database.")


@on("sqlite", "postgresql")
def test_what_a_failed_revision_did_before_is_undone(two):
    two.ok("upgrade")
    two.database.run("insert into tag (id) values (1)")
    two.revision(
        """
        op.add_column('tag', sa.Column('n', sa.Integer))
        op.execute('update tag set n = 5')
        op.drop_table('list')
        raise OSError('power cut')
        """,
        id="cccc",
    )
    two.refused("upgrade").says("OSError: power cut", "cccc_by_hand.py:21")


def test_revisions_before_a_failed_one_stay(project):
    project.app("")
    project.ok("init")
    project.revision(TAG, id="aaaa")
    project.revision("raise ValueError('no')", id="bbbb")
    result = project.flask("upgrade").exits(1)
    assert project.database.version() == (["aaaa"] if project.database.kind == "mariadb" else [])
    if project.database.kind != "mariadb":
        # On a new database some revisions share a transaction, and are announced when it is committed.
        assert result.out == ""
        project.database.run("create table other (id integer)")
        project.flask("upgrade").exits(1).says("upgrade  aaaa", "aaaa is the last one that ran")
        assert project.database.version() == ["aaaa"]


def test_a_revision_that_cannot_be_loaded_stops_before_anything_runs(two):
    two.write("migrations/versions/cccc.py", "import no_such_module\nrevision = 'cccc'\ndown_revision = 'bbbb'\n")
    result = two.refused("upgrade")
    result.says("Revision cccc cannot be loaded: ModuleNotFoundError", "Nothing has been run.", "migrations/versions/cccc.py:1")


@on("sqlite")
@pytest.mark.parametrize("text", ["", "downgrade = NotImplemented", "downgrade = None"])
def test_a_revision_without_a_downgrade_is_a_sentence(project, text):
    project.app("")
    project.ok("init")
    project.write("migrations/versions/aaaa.py", f"revision = 'aaaa'\ndown_revision = None\ndef upgrade(): pass\n{text}\n")
    project.ok("upgrade")
    project.refused("downgrade").says("Revision aaaa", "has no downgrade(): it cannot be undone.", "migrations/versions/aaaa.py")


@on("sqlite")
def test_a_downgrade_with_other_parameters_is_a_sentence(project):
    project.app("")
    project.ok("init")
    project.write(
        "migrations/versions/aaaa.py",
        "revision = 'aaaa'\ndown_revision = None\ndef upgrade(): pass\ndef downgrade(force): pass\n",
    )
    project.ok("upgrade")
    project.refused("downgrade").says("its downgrade() takes (force), and env.py gives no arguments", "aaaa.py:4")


@on("sqlite")
def test_a_revision_that_asks_for_a_connection_when_it_is_imported(two):
    """heads and history read it; upgrade gives it its connection."""
    two.revision("CONNECTION.execute(sa.text('insert into tag (id) values (7)'))", id="cccc", message="import time")
    path = two.versions / "cccc_import_time.py"
    path.write_text(path.read_text().replace("revision =", "CONNECTION = op.get_bind()\nrevision =", 1))
    two.ok("heads").says("cccc")
    two.ok("history").says("cccc")
    two.ok("upgrade")
    assert two.database.rows("tag") == [(7,)]


@on("sqlite")
def test_progress_is_said_when_asked_for(two):
    assert two.ok("upgrade", "-v").err == "running upgrade of aaaa …\nrunning upgrade of bbbb …\n"


def test_quiet(two):
    assert two.ok("upgrade", "-q").text == ""
    assert two.database.version() == ["bbbb"]


def test_two_branches_and_their_merge_run_up_and_down(project):
    project.app("")
    project.ok("init")
    for name, after in [("base", None), ("left", "base0"), ("right", "base0")]:
        table = f"op.create_table('{name}', sa.Column('id', sa.Integer, primary_key=True))"
        project.revision(table, f"op.drop_table('{name}')", id=f"{name}0", after=after, message=name)
    project.refused("upgrade").says("left0", "right0", "heads")
    project.ok("upgrade", "heads")
    assert project.database.version() == ["left0", "right0"]
    project.ok("merge", "-m", "join", "--rev-id", "merged")
    project.ok("upgrade")
    assert project.database.version() == ["merged"]
    project.ok("downgrade", "left0")
    assert project.database.version() == ["left0", "right0"]
    project.refused("downgrade").says("'-1' is ambiguous", "downgrade left0@-1")
    project.ok("downgrade", "left0@-1")
    assert project.database.version() == ["right0"]
    project.ok("downgrade", "base")
    assert project.database.tables() == []
    assert project.database.version() == []


def test_dependencies_between_branches(project):
    project.app("")
    project.ok("init")
    project.revision(TAG, "op.drop_table('tag')", id="tags", after=None, labels=("tagging",))
    project.revision(
        "op.create_table('use', sa.Column('tag_id', sa.Integer, sa.ForeignKey('tag.id')))",
        "op.drop_table('use')",
        id="uses",
        after=None,
        depends_on="tagging",
    )
    project.ok("upgrade", "uses")
    assert project.database.version() == ["uses"]
    assert project.database.tables() == ["tag", "use"]
    project.ok("current").says("uses (head)", "tags (tagging) (effective head)")
    project.ok("downgrade", "tagging@base")
    assert project.database.tables() == []


def test_the_script_is_printed_and_nothing_else(two):
    out = two.ok("upgrade", "--sql").out
    assert "CREATE TABLE tag" in out
    assert "-- Running upgrade aaaa -> bbbb" in out
    assert "INSERT INTO alembic_version (version_num) VALUES ('aaaa')" in out
    assert "upgrade  aaaa" not in out
    assert two.database.names() == []


def test_the_script_of_a_range_and_of_a_downgrade(two):
    out = two.ok("upgrade", "--sql", "aaaa:bbbb").out
    assert "CREATE TABLE list" in out
    assert "tag" not in out
    down = two.ok("downgrade", "--sql", "bbbb:base").out
    assert down.index("DROP TABLE list") < down.index("DROP TABLE tag")
    assert "DELETE FROM alembic_version" in down
    assert "DROP TABLE list" in two.ok("downgrade", "--sql").out
    two.refused("downgrade", "--sql", "base", code=2).says("must know where it starts")


def test_the_script_can_be_run(two):
    script = two.ok("upgrade", "--sql").out
    for statement in script.replace("BEGIN;", "").replace("COMMIT;", "").split(";"):
        if statement.strip() and not all(line.startswith("--") for line in statement.strip().splitlines()):
            two.database.run(statement)
    assert two.database.version() == ["bbbb"]
    two.ok("upgrade")
    two.ok("downgrade", "base")


def test_every_keyword_of_migrate_holds_in_the_script_too(project):
    project.keywords = ", version_table='my_version'"
    project.app("")
    project.ok("init")
    project.revision(TAG, id="aaaa")
    assert "my_version" in project.ok("upgrade", "--sql").out
    assert "alembic_version" not in project.ok("upgrade", "--sql").out
    project.ok("upgrade")
    assert project.database.version("my_version") == ["aaaa"]


@on("postgresql")
def test_the_schema_of_the_version_table_holds_in_the_script_too(project):
    project.database.run("create schema ops")
    project.keywords = ", version_table_schema='ops'"
    project.app("")
    project.ok("init")
    project.revision(TAG, id="aaaa")
    assert "CREATE TABLE ops.alembic_version" in project.ok("upgrade", "--sql").out
    project.ok("upgrade")
    assert project.database.run("select version_num from ops.alembic_version") == [("aaaa",)]


def test_a_database_at_a_revision_that_has_no_file(two):
    two.ok("upgrade")
    (two.versions / "bbbb_add_lists.py").unlink()
    two.database.run("update alembic_version set version_num = 'elsewhere'")  # where the journal knows nothing of
    for command in ("upgrade", "downgrade", "current", "migrate", "check"):
        two.refused(command).says("The database is at revision elsewhere, and there is no file for it.", "Restore its file")


def test_tag_and_x_arguments_reach_env_py(two):
    env = two.folder / "migrations" / "env.py"
    env.write_text(env.read_text() + "\nprint('SEEN', context.get_tag_argument(), context.get_x_argument(as_dictionary=True))\n")
    two.ok("upgrade", "--tag", "t1", "-x", "tenant=a", "-x", "flag").says("SEEN t1 {'tenant': 'a', 'flag': ''}")


def test_data_migrations_commit(two):
    two.revision(
        """
        op.bulk_insert(sa.table('tag', sa.column('id', sa.Integer)), [{'id': 1}, {'id': 2}])
        op.get_bind().execute(sa.text('insert into list (id) select id + 10 from tag'))
        from sqlalchemy.orm import Session
        with Session(bind=op.get_bind()) as session:
            session.execute(sa.text('delete from tag where id = 2'))
            session.commit()
        """,
        id="cccc",
    )
    two.ok("upgrade")
    assert two.database.rows("tag") == [(1,)]
    assert two.database.rows("list") == [(11,), (12,)]
    assert two.database.version() == ["cccc"]


@pytest.mark.parametrize(
    ("define", "kind"), [("async def upgrade():\n    pass", "a coroutine"), ("def upgrade():\n    yield", "a generator")]
)
@on("sqlite")
def test_a_function_that_a_call_does_not_run(project, define, kind):
    project.app("")
    project.ok("init")
    path = project.versions / f"{project.revision(id='aaaa')}_by_hand.py"
    path.write_text(path.read_text().replace("def upgrade():\n    pass", define))
    for command in ("plan", "upgrade"):
        project.refused(command).says(f"its upgrade() is {kind}, which a call does not run", "aaaa_by_hand.py:17", "run_async")
