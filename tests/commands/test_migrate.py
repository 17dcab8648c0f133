"""New revision files: what the models and the database differ in, or empty ones."""

from __future__ import annotations

import re

import pytest

from kit import on

NOTE = """
class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.String(50))
"""
MORE = NOTE + "    done = db.Column(db.Boolean)\n"


def test_migrate_says_what_it_found_and_which_file_it_wrote(project):
    project.app(NOTE)
    project.ok("init")
    result = project.ok("migrate", "-m", "Add notes!", "--rev-id", "ab12")
    assert result.out == "  table note: new, with id, text\nCreated migrations/versions/ab12_add_notes.py\n"


def test_nothing_new_writes_no_file(project):
    project.start(NOTE)
    before = project.files()
    assert project.ok("migrate", "-m", "again").out == "No changes in schema detected.\n"
    assert project.files() == before


def test_looking_at_a_database_changes_nothing_in_it(project):
    project.app(NOTE)
    project.ok("init")
    project.ok("migrate", "-m", "first")
    project.flask("check")
    project.ok("current")
    assert project.database.names() == []


def test_a_change_goes_up_and_down(project):
    project.start(NOTE)
    project.app(MORE)
    project.ok("migrate", "-m", "done").says("note: column done added")
    project.ok("upgrade")
    assert project.database.columns("note") == ["id", "text", "done"]
    project.ok("check")
    project.ok("downgrade")
    assert project.database.columns("note") == ["id", "text"]


def test_pending_revisions_come_first(project):
    project.app(NOTE)
    project.ok("init")
    project.ok("migrate", "-m", "first", "--rev-id", "ab12")
    project.app(MORE)
    result = project.refused("migrate", "-m", "second")
    assert result.err == (
        "Error: Target database is not up to date: 1 revision is pending.\n"
        "  ab12  first\n"
        "Next: Run 'flask db upgrade' first; else what they do would be written a second time.\n"
    )


@on("sqlite")
def test_an_empty_revision_asks_no_database(project):
    project.app(NOTE)
    project.ok("init")
    project.ok("revision", "-m", "seed", "--rev-id", "5eed")
    assert not (project.folder / project.database.address.database).exists()
    text = project.files()["5eed_seed.py"]
    assert "def upgrade():\n    pass\n" in text
    assert "down_revision = None\n" in text


@on("sqlite")
def test_a_revision_without_a_message(project):
    project.app(NOTE)
    project.ok("init")
    project.ok("revision", "--rev-id", "ab12")
    assert list(project.files()) == ["ab12_.py"]
    assert project.files()["ab12_.py"].startswith('"""empty message\n')


@on("sqlite")
def test_ids_are_twelve_hexadecimal_digits(project):
    project.app(NOTE)
    project.ok("init")
    project.ok("revision", "-m", "one")
    assert re.fullmatch(r"[0-9a-f]{12}_one\.py", next(iter(project.files())))


@on("sqlite")
def test_a_branch_label_and_dependencies_are_written(project):
    project.app(NOTE)
    project.ok("init")
    project.ok("revision", "-m", "a", "--rev-id", "aaaa")
    project.ok("revision", "-m", "b", "--rev-id", "bbbb", "--head", "base", "--branch-label", "reports", "--depends-on", "aaaa")
    text = project.files()["bbbb_b.py"]
    assert 'down_revision = None\nbranch_labels = ("reports",)\ndepends_on = "aaaa"\n' in text
    project.ok("revision", "-m", "c", "--rev-id", "cccc", "--head", "reports@head")
    assert 'down_revision = "bbbb"' in project.files()["cccc_c.py"]


@pytest.fixture
def two(project):
    """A project with the revisions aaaa and bbbb."""
    project.app(NOTE)
    project.ok("init")
    project.revision(id="aaaa", labels=("main",))
    project.revision(id="bbbb")
    return project


@on("sqlite")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rev-id", "aaaa"], "There is a revision aaaa already"),
        (["--rev-id", "a-b"], "'a-b' cannot be a revision id"),
        (["--rev-id", "x" * 33], "has 33 characters, and the version table takes 32"),
        (["--head", "aaaa"], "aaaa is not a head: bbbb comes after it already"),
        (["--head", "nope"], "There is no revision 'nope'"),
        (["--branch-label", "main"], "The branch label 'main' is taken by revision aaaa"),
        (["--branch-label", "a:b"], "'a:b' cannot be a branch label"),
        (["--depends-on", "nope"], "There is no revision 'nope'"),
        (["--version-path", "elsewhere"], "elsewhere is not a version location"),
    ],
)
def test_what_cannot_be_written_is_refused(two, arguments, words):
    two.refused("revision", "-m", "c", *arguments).says(words, "Next:" if "location" not in words else "those are")


@on("sqlite")
def test_splice_begins_a_branch_where_there_is_no_head(two):
    two.ok("revision", "-m", "c", "--rev-id", "cccc", "--head", "aaaa", "--splice")
    assert two.ok("heads").out == "bbbb (main) (head)  by hand\ncccc (main) (head)  c\n"


@on("sqlite")
def test_with_two_heads_one_must_be_named(two):
    two.revision(id="cccc", after="aaaa")
    two.refused("revision", "-m", "d").says("bbbb", "cccc", "merge heads")
    two.ok("revision", "-m", "d", "--head", "cccc")


@on("sqlite")
def test_a_file_that_is_there_is_never_written_over(two):
    two.write("migrations/versions/cccc_c.py", "# notes that happen to have this name\nrevision='zzzz'\ndown_revision='bbbb'\n")
    two.refused("revision", "-m", "c", "--rev-id", "cccc").says("cccc_c.py exists already")


@on("sqlite")
def test_a_template_that_fails_is_shown_with_its_line(two):
    two.write("migrations/script.py.mako", "one\n${nonsense.attribute}\n")
    two.refused("revision", "-m", "c", code=2).says("The template of new revisions failed", "script.py.mako:2")


@on("sqlite")
def test_a_template_without_labels_loses_none(two):
    two.write("migrations/script.py.mako", "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n")
    two.refused("revision", "-m", "c", "--branch-label", "x", code=2).says("no line for branch_labels", "${repr(branch_labels)}")


@on("sqlite")
def test_settings_of_the_ini_file_are_obeyed(two):
    (two.folder / "more").mkdir()
    two.write(
        "migrations/alembic.ini",
        """
        [alembic]
        file_template = %%(year)d_%%(rev)s_%%(slug)s
        truncate_slug_length = 8
        timezone = UTC
        version_locations = migrations/versions more
        """,
    )
    two.ok("revision", "-m", "a very long message", "--rev-id", "cccc", "--version-path", "more")
    (path,) = (two.folder / "more").glob("*.py")
    assert re.fullmatch(r"20\d\d_cccc_a_very_\.py", path.name)
    assert "+00:00" in path.read_text()
    assert two.ok("heads").out.startswith("cccc (main) (head)")


@on("sqlite")
def test_several_version_locations_need_a_choice_for_a_first_revision(project):
    project.app(NOTE)
    project.ok("init")
    project.write("migrations/alembic.ini", "[alembic]\nversion_locations = a b\n")
    project.refused("revision", "-m", "x").says("several version locations: a, b", "--version-path")


@on("sqlite")
def test_post_write_hooks_run(two):
    two.write(
        "migrations/alembic.ini",
        f"""
        [alembic]
        [post_write_hooks]
        hooks = mark
        mark.type = exec
        mark.executable = {__import__("sys").executable}
        mark.options = -c "import sys; open(sys.argv[1], 'a').write('# marked')" REVISION_SCRIPT_FILENAME
        """,
    )
    two.ok("revision", "-m", "c", "--rev-id", "cccc")
    assert two.files()["cccc_c.py"].endswith("# marked")


@on("sqlite")
def test_sql_and_comparing_do_not_go_together(two):
    two.refused("migrate", "--sql", code=2).says("--sql", "cannot compare")
    two.refused("revision", "--sql", code=2).says("revision_environment")


@on("postgresql", "mariadb")
def test_an_id_may_be_as_long_as_the_version_table_takes(project):
    project.start(NOTE)
    long = "x" * 40
    project.app(MORE)
    project.refused("migrate", "--rev-id", long).says("has 40 characters, and the version table takes 32")
    project.database.run(
        "alter table alembic_version alter column version_num type varchar(64)"
        if project.database.kind == "postgresql"
        else "alter table alembic_version modify version_num varchar(64) not null"
    )
    project.ok("migrate", "--rev-id", long)
    project.ok("upgrade")
    assert project.database.version() == [long]


@on("postgresql", "mariadb")
def test_an_id_that_is_too_long_is_refused_before_anything_runs(project):
    project.start(NOTE)
    project.revision("op.create_table('tag', sa.Column('id', sa.Integer, primary_key=True))", id="y" * 33)
    project.refused("upgrade").says("y" * 33, "has 33 characters", "takes 32")
