"""plan and review, and the consent that upgrade and downgrade want."""

from __future__ import annotations

import json
import subprocess

import pytest

from kit import Project, on

PERSON = """
class Person(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(50))
"""
DROP = """
with op.batch_alter_table("person") as batch_op:
    batch_op.drop_column("name")
"""
KEY = "drop-column-loses-data:person.name"


@pytest.fixture
def person(project: Project) -> Project:
    project.app(PERSON)
    project.ok("init")
    project.ok("migrate", "--rev-id", "aaaa")
    project.ok("upgrade")
    project.database.run("insert into person (id, name) values (1, 'Ada'), (2, null)")
    return project


def found(project: Project, *args: str) -> list[dict[str, object]]:
    listed = json.loads(project.flask("review", "--format", "json", *args).out)["findings"]
    return [each for each in listed if each["accepted"] is None]


# -- consent


def test_values_are_not_dropped_without_consent(person):
    person.revision(DROP, id="bbbb")
    person.refused("upgrade").says("1 value of person.name would be lost", KEY, "migrations/versions/bbbb_by_hand.py:19")
    person.refused("upgrade", "--accept", "drop-column-loses-data:person.other").says(KEY)
    person.ok("upgrade", "--accept", KEY)
    assert person.database.columns("person") == ["id"]


def test_a_backup_is_not_made_of_what_is_refused(person):
    person.revision(DROP, id="bbbb")
    person.refused("upgrade", "--backup=before.backup")
    assert not (person.folder / "before.backup").exists()


def test_what_has_no_values_needs_no_consent(person):
    person.database.run("update person set name = null")
    person.revision(DROP, id="bbbb")
    person.ok("upgrade")


def test_a_new_database_never_asks(person, new_database):
    person.revision(
        "op.bulk_insert(sa.table('person', sa.column('id'), sa.column('name')), [{'id': 1, 'name': 'x'}])" + DROP, id="bbbb"
    )
    person.database.run("drop table person")
    person.ok("stamp", "base")
    person.ok("upgrade")


def test_what_the_run_has_made_itself_may_go(person):
    person.revision(
        "op.create_table('aside', sa.Column('id', sa.Integer))\nop.execute('insert into aside values (1)')", id="bbbb"
    )
    person.revision("op.drop_table('aside')", id="cccc")
    person.ok("upgrade")


def test_a_downgrade_wants_consent_too(person):
    assert person.refused("downgrade").says("2 rows of person would be lost", "drop-table-loses-data:person")
    person.agreed("downgrade")
    assert "person" not in person.database.tables()


def test_consent_in_the_revision(person):
    person.revision(DROP, id="bbbb")
    person.ok("review", "--accept", KEY, "--because", 'nobody "needs" it')
    text = (person.versions / "bbbb_by_hand.py").read_text()
    assert f'accepts = {{\n    "{KEY}": "nobody \\"needs\\" it",\n}}\n' in text
    person.ok("review", "-v").says("accepted", 'nobody "needs" it')
    person.ok("upgrade")


@on("postgresql", "mariadb")
def test_a_unique_column_with_one_default_for_all(person):
    person.revision('op.add_column("person", sa.Column("z", sa.Integer, server_default="1", unique=True))')
    person.database.run("insert into person (id) values (98), (99)")
    person.refused("upgrade").says("person.z: every row would get the same default, and it must be unique  [unique-fails:person]")


def test_consent_is_no_edit_of_an_applied_revision(person):
    path = next(person.versions.glob("aaaa*"))
    path.write_text(path.read_text() + '\naccepts = {"drop-table-loses-data:x": "y"}\n')
    assert person.ok("upgrade").text == ""


@on("sqlite")
def test_consent_that_cannot_be_read(person):
    path = person.versions / f"{person.revision(DROP, id='bbbb')}_by_hand.py"
    path.write_text(path.read_text() + "\naccepts = dict(x=1)\n")
    person.refused("upgrade").says("plain dictionary", "bbbb_by_hand.py:")


@on("sqlite")
def test_consent_to_what_is_no_finding(person):
    person.refused("review", "--accept", "drop-table-loses-data:person").says("No finding is called")


def test_migrate_says_it_and_prepares_the_consent(person):
    person.app(PERSON.replace("    name = db.Column(db.String(50))\n", ""))
    person.ok("migrate", "--rev-id", "bbbb").says("1 value of person.name would be lost")
    path = next(person.versions.glob("bbbb*"))
    assert f'# accepts = {{\n#     "{KEY}": "why nobody needs it",\n# }}' in path.read_text()
    person.refused("upgrade")
    person.ok("review", "--accept", KEY, "--because", "gone")
    assert "# accepts" not in path.read_text()
    person.ok("upgrade")


@pytest.mark.parametrize(("policy", "code", "words"), [("'off'", 0, ""), ("'warn'", 0, KEY), ("{'danger': 'block'}", 1, KEY)])
@on("sqlite")
def test_the_policy(person, policy, code, words):
    person.keywords = f", policy={policy}"
    person.app(PERSON)
    person.revision(DROP, id="bbbb")
    person.flask("upgrade").exits(code).says(words)


@pytest.mark.parametrize("policy", ["'never'", "{'danger': 'perhaps'}", "{'dangers': 'off'}", "3"])
@on("sqlite")
def test_a_policy_that_makes_no_sense(person, policy):
    person.keywords = f", policy={policy}"
    person.app(PERSON)
    person.revision(DROP, id="bbbb")
    person.refused("upgrade", code=2).says("policy", "block, warn or off")


# -- what is seen


@pytest.mark.parametrize(
    ("up", "key"),
    [
        ("op.drop_table('person')", "drop-table-loses-data:person"),
        ("op.execute('DROP TABLE person')", "drop-table-loses-data:person"),
        ("op.execute(sa.text('drop table if exists person'))", "drop-table-loses-data:person"),
        ("op.get_bind().execute(sa.text('drop table person'))", "drop-table-loses-data:person"),
        ("op.execute('ALTER TABLE person DROP COLUMN name')", KEY),
        ("op.execute('DELETE FROM person')", "delete-without-condition:person"),
        ("op.execute(sa.table('person').delete())", "delete-without-condition:person"),
        ("op.rename_table('person', 'people')\nop.drop_table('people')", "drop-table-loses-data:person"),
        ("if op.get_bind().dialect.name:\n    op.drop_table('person')", "drop-table-loses-data:person"),
        ("list(op.get_bind().execute(sa.text('select 1')))", "not-seen:bbbb"),
        ("sa.inspect(op.get_bind()).get_view_names()", "not-seen:bbbb"),
        ("raise ValueError('no')", "not-seen:bbbb"),
        ("op.execute('WITH gone AS (DELETE FROM person RETURNING id) SELECT * FROM gone')", "delete-without-condition:person"),
    ],
)
def test_what_a_review_sees(person, up, key):
    person.revision(up, id="bbbb")
    before = person.database.state()
    assert key in [each["key"] for each in found(person)]
    person.ok("plan")
    assert person.database.state() == before


@on("sqlite")
def test_the_session_of_the_application_is_out_of_reach(person):
    person.revision(
        """
        from flask import current_app
        session = current_app.extensions["sqlalchemy"].session
        session.execute(sa.text("delete from person"))
        session.commit()
        """,
        id="bbbb",
    )
    assert [each["key"] for each in found(person)] == ["not-seen:bbbb"]
    assert len(person.database.rows("person")) == 2


@on("sqlite")
def test_a_line_may_be_ignored(person):
    person.revision("op.drop_table('person')  # whimbrel: ignore[drop-table-loses-data] archived", id="bbbb")
    assert found(person) == []
    person.ok("upgrade")


@on("sqlite")
def test_a_line_of_the_downgrade_may_be_ignored(person):
    drop = "op.drop_table('person')  # whimbrel: ignore[drop-table-loses-data] archived"
    person.revision("op.execute('select 1')", drop, id="bbbb")
    assert "ignores" not in person.ok("review").text
    person.ok("upgrade")
    person.ok("downgrade")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "op.drop_table('person')  # Whimbrel: ignore",
            "has '# Whimbrel: ignore', which ignores nothing: write # whimbrel: ignore[",
        ),
        ("op.drop_table('person')  # whimbrel: ignore [drop-table-loses-data]", "which ignores nothing"),
        ("op.drop_table('person')  # whimbrel: ignore[drop-table-loses-data:person]", "which ignores nothing"),
        ("op.drop_table(  \n    'person'  # whimbrel: ignore[drop-table-loses-data]\n)", "which finds nothing there"),
        ("# whimbrel: ignore[drop-table-loses-data]\nop.drop_table('person')", "which finds nothing there"),
    ],
)
@on("sqlite")
def test_comments_that_ignore_nothing_are_told(person, line, words):
    person.revision(line, id="bbbb")
    person.flask("review").exits(1).says(words)


@pytest.mark.parametrize(
    "up",
    [
        "if len(sa.inspect(op.get_bind()).get_columns('person')) > 1:\n    op.drop_column('person', 'name')",
        "if op.get_bind().execute(sa.text('select 1')).scalar():\n    op.execute('alter table person drop column name')",
    ],
)
def test_what_is_dropped_under_a_condition_needs_consent_too(person, up):
    person.revision(up, id="bbbb")
    person.refused("upgrade").says(KEY)
    person.ok("upgrade", "--accept", KEY)
    assert person.database.columns("person") == ["id"]


def test_and_on_the_way_down(person):
    person.revision("pass", "if sa.inspect(op.get_bind()).has_table('person'):\n    op.drop_table('person')", id="bbbb")
    person.ok("upgrade")
    person.refused("downgrade").says("drop-table-loses-data:person")


# -- plan


def test_a_plan_of_nothing(person):
    assert person.ok("plan").out == "Nothing to do.\n"


def test_a_plan_says_what_would_run(person):
    person.revision("op.create_table('pet', sa.Column('id', sa.Integer, primary_key=True))", id="bbbb", message="pets")
    person.ok("plan").says("upgrade  bbbb  pets", "CREATE TABLE pet")
    person.ok("plan", "--down").says("downgrade  aaaa", "DROP TABLE person", "2 rows of person would be lost")
    data = json.loads(person.ok("plan", "--format", "json").out)
    assert [each["revision"] for each in data[0]["revisions"]] == ["bbbb"]
    assert data[0]["revisions"][0]["steps"][0]["operations"] == ["CreateTableOp"]


@on("postgresql")
def test_a_plan_says_locks_and_sizes(person):
    person.database.run("insert into person select n, 'x' from generate_series(10, 5000) n")
    person.database.run("analyze person")
    person.revision("op.create_index('ix', 'person', ['name'])", id="bbbb")
    person.ok("plan").says("locks person against writes", "builds an index", "4,993 rows")


TYPES = [
    ("varchar(10)", "varchar(20)", ""),
    ("varchar(20)", "varchar(10)", "rewrite"),
    ("varchar(20)", "text", ""),
    ("text", "varchar(20)", "rewrite"),
    ("text", "varchar", ""),
    ("char(5)", "text", "rewrite"),
    ("integer", "bigint", "rewrite"),
    ("numeric(8,2)", "numeric(10,2)", ""),
    ("numeric(8,2)", "numeric(10,3)", "rewrite"),
    ("numeric(8,2)", "numeric", ""),
    ("timestamp", "timestamptz", ""),
    ("timestamp(3)", "timestamptz(3)", "rewrite"),
    ("timestamp(3)", "timestamp", ""),
    ("timestamp", "timestamp(0)", "rewrite"),
    ("date", "timestamp", "rewrite"),
    ("json", "jsonb", "rewrite"),
    ("cidr", "inet", ""),
]


@on("postgresql")
def test_changes_of_types_are_judged_as_the_server_does_them(project):
    """Each is tried, and the file of the table looked at."""
    project.app("")
    project.ok("init")
    for old, new, work in TYPES:
        with project.database.engine.begin() as connection:
            connection.exec_driver_sql("set time zone 'UTC'")
            connection.exec_driver_sql(f"create table tried (c {old})")
            before = connection.exec_driver_sql("select pg_relation_filenode('tried')").scalar()
            connection.exec_driver_sql(f"alter table tried alter column c type {new} using c::{new}")
            is_rewritten = before != connection.exec_driver_sql("select pg_relation_filenode('tried')").scalar()
            connection.exec_driver_sql("drop table tried")
        assert is_rewritten == bool(work), (old, new)
    columns = ", ".join(f"c{n} {old}" for n, (old, _, _) in enumerate(TYPES))
    project.database.run(f"create table typed ({columns})")
    project.database.run("insert into typed default values")
    alter = "\n".join(f"op.execute('alter table typed alter column c{n} type {new}')" for n, (_, new, _) in enumerate(TYPES))
    project.revision(alter, id="bbbb")
    steps = json.loads(project.ok("plan", "--format", "json").out)[0]["revisions"][0]["steps"]
    assert [step["effects"][0]["work"] for step in steps] == [work for _, _, work in TYPES]


@on("postgresql")
def test_a_domain_with_constraints_writes_the_table_anew(person):
    person.database.run("create domain free as integer")
    person.database.run("create domain positive as integer check (value > 0)")
    with person.database.engine.connect() as connection:
        for name, is_rewritten in (("free", False), ("positive", True)):
            before = connection.exec_driver_sql("select pg_relation_filenode('person')").scalar()
            connection.exec_driver_sql(f"alter table person add column c_{name} {name}")
            assert (before != connection.exec_driver_sql("select pg_relation_filenode('person')").scalar()) == is_rewritten
        connection.rollback()
    person.revision("for name in ('free', 'positive'):\n    op.execute(f'ALTER TABLE person ADD COLUMN c {name}')", id="bbbb")
    steps = json.loads(person.ok("plan", "--format", "json").out)[0]["revisions"][0]["steps"]
    assert [step["effects"][0]["work"] for step in steps] == ["", "rewrite"]


# -- review


@on("sqlite")
def test_a_review_without_a_database(person):
    person.revision(DROP, id="bbbb")
    person.flask("review", "bbbb", "--dialect", "postgresql", "--rows", "person=1_000").exits(1).says(KEY)
    person.ok("review", "bbbb", "--dialect", "postgresql", "--rows", "person=0")
    person.ok("review", "bbbb", "--dialect", "mysql", "--ignore", "drop-column-loses-data")
    person.revision("op.create_index('ix', 'person', ['id'])", id="cccc")
    person.ok("review", "cccc", "--dialect", "postgresql", "--rows", "person=100000000").says("index-blocks-writes", "3 minutes")
    person.refused("review", "--dialect", "dbase", code=2).says("dbase")
    person.refused("review", "--rows", "person=1", code=2).says("--dialect")
    person.refused("review", "--dialect", "sqlite", "--rows", "person", code=2).says("--rows users=1000000")
    person.refused("review", "--select", "nothing", code=2).says("no rule 'nothing'")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("github", f"::error file=migrations/versions/bbbb_by_hand.py,line=19,title={KEY.replace(':', '%3A')}::"),
        ("markdown", f"| **danger** | 1 value of person.name would be lost (`{KEY}`)"),
        ("sarif", '"ruleId": "drop-column-loses-data"'),
        ("text", "danger"),
    ],
)
@on("sqlite")
def test_the_formats(person, form, words):
    person.revision(DROP, id="bbbb")
    person.flask("review", "--format", form).exits(1).says(words)
    person.ok("plan", "--format", form).says(words)
    person.ok("heads", "--format", form)


@on("sqlite", "postgresql")
def test_values_that_would_break_a_line_are_quoted(person):
    person.database.run("update person set name = :name", name="one\n| \x1b[31mtwo")
    person.revision("op.create_index('ix', 'person', ['name'], unique=True)", id="bbbb")
    text = person.flask("review").exits(1).out
    assert "person (name): 1 value there more than once: 'one\\n| \\x1b[31mtwo'  [unique-fails:person]\n" in text
    table = person.flask("review", "--format", "markdown").exits(1).out.splitlines()
    assert all(line.startswith("| ") and line.count("|") == 5 for line in table[2:])


def git(*words: str) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@x", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *author, *words], check=True, capture_output=True)


@pytest.fixture
def repository(person: Project) -> Project:
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    return person


@on("sqlite")
def test_files_ranges_and_what_git_says_was_added(repository):
    person = repository
    person.revision("op.drop_table('person')", id="bbbb")
    person.revision("op.execute('delete from person')", id="cccc")
    both = ["drop-table-loses-data:person", "delete-without-condition:person"]
    without = ("--dialect", "sqlite", "--rows", "person=3")
    assert sorted(each["key"] for each in found(person, "--since", "HEAD", *without)) == sorted(both[:1])
    assert [each["key"] for each in found(person, "migrations/versions/bbbb_by_hand.py", *without)] == both[:1]
    assert [each["key"] for each in found(person, "bbbb:cccc", *without)] == both[1:]
    person.refused("review", "--since", "nowhere", code=2).says("git does not know")
    person.refused("review", "migrations/versions/none.py", code=2).says("not a revision")


@pytest.mark.parametrize(
    "setting",
    [("diff.relative", "true"), ("diff.renames", "copies"), ("status.showUntrackedFiles", "no")],
    ids=lambda each: each[0],
)
@on("sqlite")
def test_what_was_added_is_found_with_any_settings_of_git(repository, setting):
    repository.revision("pass", id="bbbb")
    git("add", ".")
    git("commit", "-q", "-m", "second")
    git("config", *setting)
    repository.revision("pass  # the same", id="cccc")
    assert json.loads(repository.flask("review", "--since", "HEAD", "--format", "json").out)["revisions"] == ["cccc"]
    git("add", ".")
    assert json.loads(repository.flask("review", "--since", "HEAD~1", "--format", "json").out)["revisions"] == ["bbbb", "cccc"]


@on("sqlite")
def test_what_was_added_is_found_in_a_hook(repository, monkeypatch):
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    repository.revision("op.drop_table('person')", id="bbbb")
    assert [each["revision"] for each in found(repository, "--since", "HEAD")] == ["bbbb"]


@on("sqlite")
def test_what_was_added_is_found_in_every_folder_of_revisions(repository):
    path = repository.folder / "migrations" / "alembic.ini"
    path.write_text(
        path.read_text().replace(
            "[alembic]", "[alembic]\nversion_locations = migrations/versions more\npath_separator = space", 1
        )
    )
    repository.revision("op.drop_table('person')", id="bbbb")
    repository.write("more/bbbb.py", (repository.versions / "bbbb_by_hand.py").read_text())
    (repository.versions / "bbbb_by_hand.py").unlink()
    assert [each["place"] for each in found(repository, "--since", "HEAD")] == ["more/bbbb.py:18"]


@on("sqlite")
def test_what_another_branch_has_changed_was_not_added_here(repository):
    git("checkout", "-q", "-b", "feature")
    repository.revision("op.drop_table('person')", id="bbbb")
    git("add", ".")
    git("commit", "-q", "-m", "second")
    git("checkout", "-q", "-")
    first = next(repository.versions.glob("aaaa*"))
    first.write_text(first.read_text() + "# formatted\n")
    git("commit", "-q", "-a", "-m", "format")
    git("branch", "trunk")
    git("checkout", "-q", "feature")
    assert json.loads(repository.flask("review", "--since", "trunk", "--format", "json").out)["revisions"] == ["bbbb"]


@on("sqlite")
def test_a_commit_that_a_shallow_clone_does_not_have(repository):
    repository.refused("review", "--since", "origin/main", code=2).says("git does not know", "fetch-depth: 0")


@on("sqlite")
def test_nothing_runs_on_any_database_before_all_were_judged(project, tmp_path):
    project.config = f"app.config['SQLALCHEMY_BINDS'] = {{'other': 'sqlite:///{tmp_path / 'other.db'}'}}"
    other = 'class Tag(db.Model):\n    __bind_key__ = "other"\n    id = db.Column(db.Integer, primary_key=True)\n'
    project.app(PERSON + other)
    project.ok("init")
    project.ok("migrate")
    project.ok("upgrade")
    project.database.run("insert into person (id, name) values (1, 'Ada')")
    with project.loaded.app.app_context(), project.loaded.db.engines["other"].begin() as connection:
        connection.exec_driver_sql("insert into tag values (1)")
    text = project.files()[next(iter(project.files()))]
    body = "def upgrade_():\n    op.add_column('person', sa.Column('x', sa.Integer))\n\n\ndef downgrade_():\n    pass\n\n\n"
    body += "def upgrade_other():\n    op.drop_table('tag')\n\n\ndef downgrade_other():\n    pass\n"
    head = (
        text[: text.index("def upgrade_()")]
        .replace(f'"{project.head}"', '"bbbb"')
        .replace("down_revision = None", f'down_revision = "{project.head}"')
    )
    project.write("migrations/versions/bbbb_more.py", head + body)
    project.refused("upgrade").says("1 row of tag would be lost", "Nothing has been run.")
    assert project.database.columns("person") == ["id", "name"]
    project.agreed("upgrade")
    assert project.database.columns("person") == ["id", "name", "x"]


PET = """
class Pet(db.Model):
    id = db.Column(db.Integer, primary_key=True)

class OtherPet(db.Model):
    __bind_key__ = "other"
    __tablename__ = "pet"
    id = db.Column(db.Integer, primary_key=True)
"""
DROP_PET = "op.drop_table('pet')"
OF_PET = "drop-table-loses-data:pet"


@pytest.fixture
def pets(project: Project, tmp_path) -> Project:
    """Two databases with a table pet each, and a revision that drops both."""
    project.config = f"app.config['SQLALCHEMY_BINDS'] = {{'other': 'sqlite:///{tmp_path / 'other.db'}'}}"
    project.app(PET)
    project.ok("init")
    project.ok("migrate", "--rev-id", "aaaa")
    project.ok("upgrade")
    project.database.run("insert into pet values (1)")
    with project.loaded.app.app_context(), project.loaded.db.engines["other"].begin() as connection:
        connection.exec_driver_sql("insert into pet values (1)")
    bodies = "".join(
        f"def {verb}_{name}():\n    {DROP_PET if verb == 'upgrade' else 'pass'}\n\n\n"
        for name in ("", "other")
        for verb in ("upgrade", "downgrade")
    )
    first = next(iter(project.files().values()))
    head = (
        first[: first.index("def upgrade_()")]
        .replace('"aaaa"', '"bbbb"')
        .replace("down_revision = None", 'down_revision = "aaaa"')
    )
    project.write("migrations/versions/bbbb_no_pets.py", head + bodies)
    return project


@on("sqlite")
def test_one_name_for_things_of_two_databases_is_consent_to_neither(pets):
    both = [f"default:{OF_PET}", f"other:{OF_PET}"]
    pets.refused("upgrade").says(*both)
    pets.refused("upgrade", "--accept", OF_PET).says(*both)
    refused = pets.refused("upgrade", "--accept", f"other:{OF_PET}")
    assert both[0] in refused.text
    assert f"[{both[1]}]" not in refused.text
    assert [each["key"] for each in found(pets, "--select", "drop-table-loses-data")] == both
    assert [word for word in both if word in pets.ok("plan").text] == both
    pets.agreed("upgrade")
    assert "pet" not in pets.database.tables()


@on("sqlite")
def test_each_database_is_judged_without_one_too(pets):
    both = [f"default:{OF_PET}", f"other:{OF_PET}"]
    paper = ("bbbb", "--dialect", "sqlite", "--select", "drop-table-loses-data")
    assert [each["key"] for each in found(pets, *paper)] == both
    pets.flask("review", *paper, "--accept", both[1], "--because", "gone").exits(1)
    assert [each["key"] for each in found(pets, *paper)] == both[:1]


@on("sqlite")
def test_functions_that_only_help_are_no_databases(person):
    person.revision("upgrade_names()\nupgrade_rows()", id="bbbb")
    path = person.versions / "bbbb_by_hand.py"
    helpers = "def upgrade_names():\n    op.drop_column('person', 'name')\n\n\ndef upgrade_rows():\n    op.drop_table('person')\n"
    path.write_text(f"{path.read_text()}\n\n{helpers}")
    keys = [each["key"] for each in found(person, "bbbb", "--dialect", "sqlite") if each["severity"] == "danger"]
    assert keys == [KEY, "drop-table-loses-data:person"]


@on("sqlite")
def test_consent_in_the_revision_names_the_database(pets):
    pets.refused("review", "--accept", OF_PET, "--because", "old").says("No finding is called", f"other:{OF_PET}")
    pets.flask("review", "--accept", f"other:{OF_PET}", "--because", "old").exits(1)
    assert f'"other:{OF_PET}": "old"' in pets.files()["bbbb_no_pets.py"]
    pets.refused("upgrade", "--accept", OF_PET)
    pets.ok("review", "--accept", f"default:{OF_PET}", "--because", "old")
    assert pets.ok("review").err == ""
    pets.ok("upgrade")


@on("sqlite")
def test_a_name_that_one_database_has_needs_no_database(pets):
    with pets.loaded.app.app_context(), pets.loaded.db.engines["other"].begin() as connection:
        connection.exec_driver_sql("delete from pet")
    pets.ok("upgrade", "--accept", OF_PET)


@on("postgresql", "mariadb")
def test_what_a_programs_rule_adds_gives_way_to_another_finding(person):
    person.keywords = ", review_limit=0"
    person.app(PERSON)
    up = "op.alter_column('person', 'name', existing_type=sa.String(50), type_=sa.Integer())"
    person.revision(up, "raise NotImplementedError", id="bbbb")
    lock = {"postgresql": "type-rewrite", "mariadb": "table-copy"}[person.database.kind]
    assert [each["code"] for each in found(person)] == ["type-change-fails", lock]


@pytest.mark.parametrize(
    ("up", "words"),
    [
        ("op.alter_column('person', 'name', nullable=False)", "programs that still write nulls into person.name fail"),
        ("op.create_index('ux', 'person', ['name'], unique=True)", "programs that still write the same name twice fail"),
        ("op.alter_column('person', 'name', nullable=True)", "programs that read person.name meet nulls"),
        ("op.alter_column('person', 'name', server_default=None, existing_nullable=False)", "leave person.name out of an INSERT"),
        (
            "op.add_column('person', sa.Column('age', sa.Integer, nullable=False, server_default='1'))\n"
            "op.alter_column('person', 'age', server_default=None)",
            "programs that leave person.age out of an INSERT fail",
        ),
        (
            "op.alter_column('person', 'name', server_default=None, existing_nullable=False,"
            " existing_server_default=sa.func.now())",
            "programs that leave person.name out of an INSERT fail",
        ),
        ("op.execute('ALTER TABLE person ALTER name DROP NOT NULL')", "programs that read person.name meet nulls"),
        ("op.execute('CREATE TABLE new (id integer NOT NULL)')\nop.alter_column('new', 'id', nullable=True)", None),
        ("op.alter_column('person', 'name', server_default=None, existing_nullable=True)", None),
        (
            "op.add_column('person', sa.Column('age', sa.Integer, server_default='1'))\n"
            "op.alter_column('person', 'age', server_default=None)",
            None,
        ),
    ],
)
@on("sqlite")
def test_what_programs_may_meet_is_said_without_a_database_too(person, up, words):
    person.revision(up, id="bbbb")
    said = [each["message"] for each in found(person, "bbbb", "--dialect", "postgresql", "--rows", "person=9")]
    assert [each for each in said if "programs" in each] == [each for each in said if words and words in each]
    assert words is None or any("programs" in each for each in said)
