"""A revision that stops half-way: nothing else runs, and it can be finished, undone or marked."""

from __future__ import annotations

import pytest

from kit import Project, on

BIRD = """
op.create_table("bird", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))
op.create_table("gate", sa.Column("id", sa.Integer, primary_key=True))
op.execute("insert into bird (name) values ('ruff'), ('knot')")
op.execute("insert into gate values (1)")
"""
SHUT = 'op.execute("insert into gate values (1)")'  # fails until the gate is open


@pytest.fixture
def birds(project: Project) -> Project:
    project.app("")
    project.ok("init")
    project.revision(BIRD, id="aaaa")
    project.ok("upgrade")
    return project


def stops(project: Project, up: str) -> None:
    """A revision that runs half of its way."""
    project.revision(up, id="bbbb", message="more birds")
    keys = ("drop-column-loses-data:bird.name", "delete-without-condition:bird")
    project.flask("upgrade", *(word for key in keys for word in ("--accept", key))).exits(3)


def open_gate(project: Project) -> None:
    project.database.run("delete from gate")


@on("mariadb")
def test_it_says_what_stays(birds):
    birds.revision(f"op.add_column('bird', sa.Column('age', sa.Integer))\n{SHUT}", id="bbbb", message="more birds")
    result = birds.flask("upgrade").exits(3)
    result.says("Revision bbbb (more birds) failed on upgrade: Duplicate entry", "at migrations/versions/bbbb_more_birds.py:19")
    result.says(
        "It stopped half-way.",
        "(1 statement)",
        "  ALTER TABLE bird ADD COLUMN age INTEGER",
        "'flask db resume --back' undoes it.",
    )


@on("mariadb")
def test_nothing_else_runs(birds):
    stops(birds, f"op.add_column('bird', sa.Column('age', sa.Integer))\n{SHUT}")
    commands = ["upgrade", "downgrade", "stamp head", "migrate", "check", "upgrade bbbb", "plan", "plan --down"]
    for command in map(str.split, commands):
        birds.refused(*command, code=3).says("The upgrade of revision bbbb (more birds) stopped half-way", "flask db resume")
    birds.ok("current").says("aaaa")
    birds.ok("log").says("upgrade started  bbbb")


@on("mariadb")
def test_resume_runs_every_statement_once(birds):
    stops(
        birds,
        f"op.execute(\"update bird set name = concat(name, '!')\")\nop.add_column('bird', sa.Column('age', sa.Integer))\n{SHUT}",
    )
    birds.flask("resume").exits(3).says("Duplicate entry")
    open_gate(birds)
    birds.ok("resume").says("upgrade  bbbb  more birds")
    assert birds.database.rows("bird") == [(1, "ruff!", None), (2, "knot!", None)]
    assert birds.database.version() == ["bbbb"]
    birds.ok("resume").says("Nothing has stopped half-way.")
    assert birds.ok("upgrade").text == ""


@on("mariadb")
def test_the_rest_may_be_mended_before_it_is_resumed(birds):
    stops(birds, "op.add_column('bird', sa.Column('age', sa.Integer))\nop.execute('update bird set nope = 1')")
    path = birds.versions / "bbbb_more_birds.py"
    path.write_text(path.read_text().replace("set nope", "set age"))
    birds.ok("resume")
    assert birds.database.rows("bird") == [(1, "ruff", 1), (2, "knot", 1)]
    assert birds.ok("upgrade").text == ""  # what ran in the end is what the file says


@on("mariadb")
def test_what_has_run_may_not_be_changed(birds):
    stops(birds, f"op.add_column('bird', sa.Column('age', sa.Integer))\n{SHUT}")
    open_gate(birds)
    path = birds.versions / "bbbb_more_birds.py"
    path.write_text(path.read_text().replace("'age'", "'years'"))
    result = birds.refused("resume", code=3)
    result.says(
        "ran:       ALTER TABLE bird ADD COLUMN age", "would run: ALTER TABLE bird ADD COLUMN years", "resume --mark-done"
    )
    birds.ok("resume", "--mark-done").says("bbbb: marked as done")
    assert birds.database.version() == ["bbbb"]


@on("mariadb")
def test_a_half_done_downgrade_is_resumed(birds):
    birds.revision("op.add_column('bird', sa.Column('age', sa.Integer))", f"op.drop_column('bird', 'age')\n{SHUT}", id="bbbb")
    birds.ok("upgrade")
    birds.flask("downgrade").exits(3)
    birds.refused("upgrade", code=3).says("The downgrade of revision bbbb")
    open_gate(birds)
    birds.ok("resume").says("downgrade  bbbb")
    assert birds.database.version() == ["aaaa"]
    birds.ok("upgrade")


@on("mariadb")
def test_data_alone_is_rolled_back(birds):
    birds.revision(f"op.execute('delete from bird where id < 2')\n{SHUT}", id="bbbb")
    birds.refused("upgrade").says("Nothing of this revision is left in the database.")


@on("mariadb")
@pytest.mark.parametrize(
    "up",
    [
        "op.add_column('bird', sa.Column('age', sa.Integer))",
        "op.execute('alter table bird add column age integer')",
        "op.create_index('ix_bird_name', 'bird', ['name'])",
        "op.execute('create index ix_bird_name on bird (name)')",
        "op.create_table('nest', sa.Column('id', sa.Integer, primary_key=True), sa.Column('n', sa.Integer, index=True))",
        "op.execute('create table nest (id integer)')",
        "op.rename_table('bird', 'birds')",
        "op.alter_column('bird', 'name', new_column_name='title', existing_type=sa.String(20))",
        "op.alter_column('bird', 'name', type_=sa.String(40), existing_type=sa.String(20))",
        "op.create_unique_constraint('uq_name', 'bird', ['name'])",
        "op.execute('alter table bird add constraint c check (length(name) > 0)')",
        "with op.batch_alter_table('bird') as batch:\n    batch.add_column(sa.Column('age', sa.Integer))",
    ],
)
def test_back_undoes_each_kind_of_operation(birds, up):
    before = birds.database.state()
    stops(birds, f"{up}\nop.execute('create table other (id integer)')\n{SHUT}")
    birds.ok("resume", "--back").says("bbbb: undone")
    assert birds.database.state() == before
    open_gate(birds)
    birds.ok("upgrade")


@on("mariadb")
@pytest.mark.parametrize(
    ("up", "why"),
    [
        (
            "op.execute('delete from bird where 1 = 1')\nop.execute('create table nest (id integer)')",
            "delete from bird where 1 = 1: it changed rows",
        ),
        ("op.drop_column('bird', 'name')", "DROP COLUMN name: what was in it is gone"),
        ("op.alter_column('bird', 'name', type_=sa.Text())", "does not say what was there before"),
        ("op.execute('alter table bird rename to birds')", "written as SQL"),
    ],
)
def test_back_undoes_nothing_where_it_cannot_undo_all(birds, up, why):
    stops(birds, f"op.create_table('early', sa.Column('id', sa.Integer))\n{up}\nop.execute('drop table nowhere')")
    before = birds.database.state()
    birds.flask("resume", "--back").exits(3).says(why, "nothing has been undone", "resume --mark-undone")
    assert birds.database.state() == before
    birds.ok("resume", "--mark-undone").says("bbbb: marked as undone")
    assert birds.database.version() == ["aaaa"]


@on("mariadb")
def test_back_asks_before_rows_go(birds):
    stops(
        birds,
        f"op.create_table('nest', sa.Column('id', sa.Integer))\nop.create_table('egg', sa.Column('id', sa.Integer))\n{SHUT}",
    )
    birds.database.run("insert into nest values (1), (2)")
    birds.flask("resume", "--back").exits(3).says("would lose 2 rows of nest", "'flask db resume --back --yes' does it.")
    assert birds.database.rows("nest") == [(1,), (2,)]
    birds.ok("resume", "--back", "--yes")
    assert birds.database.tables() == ["bird", "gate"]


@on("postgresql")
def test_parts_on_postgresql(birds):
    up = f"""
        op.add_column('bird', sa.Column('age', sa.Integer))
        op.create_index('ix_bird_name', 'bird', ['name'], postgresql_concurrently=True)
        op.add_column('bird', sa.Column('more', sa.Integer))
        {SHUT}
    """
    before = birds.database.state()
    stops(birds, up)
    assert birds.database.columns("bird") == ["id", "name", "age"]
    birds.ok("resume", "--back")
    assert birds.database.state() == before
    open_gate(birds)
    birds.ok("upgrade")
    assert birds.database.columns("bird") == ["id", "name", "age", "more"]


BUILD = "op.create_index('uq', 'bird', ['name'], unique=True, postgresql_concurrently=True)"
BUILDS = {
    "as it is": BUILD,
    "in a block": f"with op.get_context().autocommit_block():\n    {BUILD}",
    "after a commit": f"op.execute('COMMIT')\n{BUILD}",
}
IS_VALID = "select indisvalid from pg_index where indexrelid = to_regclass('uq')"


@pytest.mark.parametrize("how", BUILDS)
@on("postgresql")
def test_a_concurrent_build_that_fails_and_is_all_there_is_leaves_nothing(birds, how):
    birds.database.run("update bird set name = 'same'")
    birds.revision(BUILDS[how], id="bbbb")
    birds.keywords = ", policy='off'"
    birds.app("")
    birds.flask("upgrade").exits(1).says("could not create unique index", "Nothing of this revision is left in the database.\n")
    assert birds.database.run(IS_VALID) == []
    birds.database.run("delete from bird where id = 1")
    birds.ok("upgrade")
    assert birds.database.run(IS_VALID) == [(True,)]


@on("postgresql")
@pytest.mark.parametrize(
    "statement", ["vacuum bird", "reindex table concurrently bird", "VACUUM (ANALYZE) bird", "-- tidy\nvacuum"]
)
def test_statements_that_refuse_a_transaction_run_outside_of_one(birds, statement):
    birds.revision(f"op.execute('''{statement}''')\nop.create_table('nest', sa.Column('id', sa.Integer))", id="bbbb")
    birds.ok("upgrade")
    assert "nest" in birds.database.tables()


@on("postgresql")
def test_a_value_that_is_added_and_used_in_one_revision(birds):
    birds.revision("op.execute(\"create type mood as enum ('sad')\")\nop.execute('create table moods (m mood)')", id="bbbb")
    birds.ok("upgrade")
    birds.revision(
        "op.execute(\"alter type mood add value 'glad'\")\nop.execute(\"insert into moods values ('glad')\")", id="cccc"
    )
    birds.ok("upgrade")
    assert birds.database.rows("moods") == [("glad",)]


@on("postgresql")
def test_a_raw_commit_is_the_driver_s_too(birds):
    birds.revision("op.execute('COMMIT')\nop.execute('create index concurrently ix on bird (name)')", id="bbbb")
    birds.ok("upgrade")
    assert birds.database.version() == ["bbbb"]


def test_reset_forgets_what_stopped_half_way(birds, monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")
    birds.revision(
        f"with op.get_context().autocommit_block():\n    op.execute('create table nest (id integer)')\n{SHUT}", id="bbbb"
    )
    birds.flask("upgrade").exits(3)
    open_gate(birds)
    (birds.versions / "bbbb_by_hand.py").unlink()
    birds.ok("reset", "--yes")
    assert birds.database.version() == ["aaaa"]
    assert birds.database.tables() == ["bird", "gate"]


DUMPED = """
op.execute("insert into bird (name) values ('dunlin')")
op.execute("LOCK TABLES `bird` WRITE;")
op.execute("/*!40000 ALTER TABLE `bird` DISABLE KEYS */")
op.execute("INSERT INTO bird (name) VALUES ('stint')")
op.add_column('bird', sa.Column('{0}', sa.Integer))
op.execute("{1}")
"""


@pytest.mark.parametrize("last", ["UNLOCK TABLES", "select * from bird"])
@on("mariadb")
def test_a_revision_may_lock_tables(birds, last):
    """As the text of mysqldump does; no other table can be used then, and the journal has to be."""
    birds.revision(DUMPED.format("age", last), id="bbbb")
    birds.ok("upgrade")
    assert [row[1] for row in birds.database.rows("bird")] == ["ruff", "knot", "dunlin", "stint"]
    assert birds.database.version() == ["bbbb"]
    birds.ok("log").says("upgrade  bbbb")


@on("mariadb")
def test_a_revision_that_has_locked_tables_is_resumed(birds):
    birds.revision(DUMPED.format("age", "select * from gate"), id="bbbb")
    birds.flask("upgrade").exits(3).says("Table 'gate' was not locked", "ALTER TABLE bird ADD COLUMN age")
    path = birds.versions / "bbbb_by_hand.py"
    path.write_text(path.read_text().replace("select * from gate", "UNLOCK TABLES"))
    birds.ok("resume")
    assert birds.database.version() == ["bbbb"]
    assert len(birds.database.rows("bird")) == 4


@on("mariadb")
def test_only_one_way_at_a_time(birds):
    birds.refused("resume", "--back", "--mark-done", code=2).says("exclude each other")
