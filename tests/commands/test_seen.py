"""What review sees of a revision that asks the database, copies, renames and builds anew."""

from __future__ import annotations

import json

import pytest

from kit import Project, on

PERSON = """
class Person(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(50))
"""
KEY = "drop-column-loses-data:person.name"
ANEW = "with op.batch_alter_table('person', recreate='always') as batch_op:\n    "
HIDDEN = "list(op.get_bind().execute(sa.text('select 1')))\n"  # what comes after it is not known before the run


@pytest.fixture
def person(project: Project) -> Project:
    project.app(PERSON)
    project.ok("init")
    project.ok("migrate", "--rev-id", "aaaa")
    project.ok("upgrade")
    project.database.run("insert into person (id, name) values (1, 'Ada'), (2, null)")
    return project


def found(project: Project) -> list[dict[str, object]]:
    """Without what is said of the revisions here as a whole: they have no way back."""
    listed = json.loads(project.flask("review", "--format", "json").out)["findings"]
    return [each for each in listed if each["accepted"] is None and each["code"] != "no-way-back"]


@pytest.mark.parametrize(
    "condition",
    [
        "'person' in sa.inspect(op.get_bind()).get_table_names()",
        "sa.inspect(op.get_bind()).has_table('person')",
        "'nick' not in [each['name'] for each in sa.inspect(op.get_bind()).get_columns('person')]",
        "sa.Table('person', sa.MetaData(), autoload_with=op.get_bind()).c.name is not None",
        "sa.engine.reflection.Inspector.from_engine(op.get_bind()).has_table('person')",
    ],
)
def test_the_database_says_what_a_revision_asks_of_its_structure(person, condition):
    person.revision(f"if {condition}:\n    op.drop_table('person')\nelse:\n    op.drop_column('person', 'name')", id="bbbb")
    assert [each["key"] for each in found(person)] == ["drop-table-loses-data:person"]


def test_what_the_run_itself_makes_is_there_for_its_questions(person):
    body = """
    op.create_table('pet', sa.Column('id', sa.Integer))
    op.rename_table('person', 'people')
    there = sa.inspect(op.get_bind()).get_table_names()
    if 'pet' in there and 'people' in there and not sa.inspect(op.get_bind()).has_table('person'):
        op.drop_table('people')
    """
    person.revision(body, id="bbbb")
    assert "drop-table-loses-data:person" in [each["key"] for each in found(person)]


def test_an_inspector_remembers_its_answers_as_the_real_one_does(person):
    body = """
    inspector = sa.inspect(op.get_bind())
    before = len(inspector.get_columns('person')), inspector.has_table('pet')
    op.add_column('person', sa.Column('a', sa.Integer))
    op.create_table('pet', sa.Column('id', sa.Integer))
    if before == (len(inspector.get_columns('person')), inspector.has_table('pet')):
        op.drop_table('person')
    """
    person.revision(body, id="bbbb")
    assert [each["key"] for each in found(person)] == ["drop-table-loses-data:person"]
    person.ok("upgrade", "--accept", "drop-table-loses-data:person")
    assert person.database.tables() == ["pet"]


def test_tables_and_types_that_are_made_on_the_connection_are_seen(person):
    body = """
    meta = sa.MetaData()
    table = sa.Table('person', meta, sa.Column('id', sa.Integer))
    pet = sa.Table('pet', meta, sa.Column('id', sa.Integer))
    sa.Enum('a', 'b', name='letter').create(op.get_bind(), checkfirst=True)
    meta.create_all(op.get_bind())
    pet.drop(op.get_bind())
    table.drop(op.get_bind(), checkfirst=True)
    """
    person.revision(body, id="bbbb")
    assert [each["key"] for each in found(person)] == ["drop-table-loses-data:person"]
    person.ok("upgrade", "--accept", "drop-table-loses-data:person")
    assert person.database.tables() == []


ASKED = """
def columns(name):
    return [each["name"] for each in sa.inspect(op.get_bind()).get_columns(name)]
def indexes(name):
    return [(each["name"], each["column_names"]) for each in sa.inspect(op.get_bind()).get_indexes(name)]
def keys(name):
    return [each["constrained_columns"] for each in sa.inspect(op.get_bind()).get_foreign_keys(name)]
def unique(name):
    return [each["column_names"] for each in sa.inspect(op.get_bind()).get_unique_constraints(name)]
def reflected(*names):
    meta = sa.MetaData()
    meta.reflect(op.get_bind(), only=names, resolve_fks=False)
    return [meta.tables[name].columns.keys() for name in names]
"""


@pytest.mark.parametrize(
    ("done", "condition"),
    [
        ("op.add_column('person', sa.Column('a', sa.Integer))", "columns('person') == ['id', 'name', 'a']"),
        ("op.execute('ALTER TABLE person ADD COLUMN a integer')", "columns('person') == ['id', 'name', 'a']"),
        ("op.drop_column('person', 'name')", "columns('person') == ['id']"),
        ("op.rename_table('person', 'people')", "columns('people') == ['id', 'name']"),
        ("op.rename_table('person', 'a')\nop.add_column('a', sa.Column('b', sa.Date))", "columns('a') == ['id', 'name', 'b']"),
        ("op.create_table('pet', sa.Column('id', sa.Integer), sa.Column('a', sa.Date))", "columns('pet') == ['id', 'a']"),
        (
            "with op.batch_alter_table('person') as batch_op:\n"
            "    batch_op.alter_column('name', new_column_name='title', existing_type=sa.String(50))",
            "columns('person') == ['id', 'title']",
        ),
        (
            "op.create_index('ix', 'person', ['name'])\nop.create_index('ix2', 'person', ['id', 'name'])\n"
            "op.drop_index('ix', 'person')",
            "indexes('person') == [('ix2', ['id', 'name'])] and not sa.inspect(op.get_bind()).has_index('person', 'ix')",
        ),
        (
            "with op.batch_alter_table('person') as batch_op:\n"
            "    batch_op.create_unique_constraint('uq', ['name'])\n"
            "    batch_op.create_foreign_key('fk', 'person', ['id'], ['id'])",
            "unique('person') == [['name']] and keys('person') == [['id']]",
        ),
        (
            "op.create_table('pet', sa.Column('id', sa.Integer, primary_key=True),\n"
            "    sa.Column('a', sa.Integer, sa.ForeignKey('person.id')), sa.Column('b', sa.Integer, unique=True))\n"
            "op.add_column('pet', sa.Column('c', sa.Date))",
            "keys('pet') == [['a']] and unique('pet') == [['b']]"
            " and sa.inspect(op.get_bind()).get_pk_constraint('pet')['constrained_columns'] == ['id']",
        ),
        (
            "op.create_table('pet', sa.Column('id', sa.Integer), sa.UniqueConstraint('id', name='uq'))\n"
            "op.create_index('ix', 'pet', ['id'])\nop.drop_index('ix', 'pet')",
            "unique('pet') == [['id']] and indexes('pet') in ([], [('uq', ['id'])])",
        ),
        (
            "op.create_table('pet', sa.Column('id', sa.Integer))\nop.create_index('ix', 'pet', ['id'], unique=True)\n",
            "unique('pet') in ([], [['id']]) and indexes('pet') == [('ix', ['id'])]",
        ),
        (
            "op.add_column('person', sa.Column('a', sa.Integer))\nop.create_table('pet', sa.Column('id', sa.Integer))",
            "reflected('person', 'pet') == [['id', 'name', 'a'], ['id']]",
        ),
        (
            "op.create_table('pet', sa.Column('id', sa.Integer))",
            "reflected('person', 'pet') == [['id', 'name'], ['id']]",
        ),
        (
            "with op.batch_alter_table('person') as batch_op:\n"
            "    batch_op.add_column(sa.Column('a', sa.Integer, sa.ForeignKey('person.id', name='fk')))",
            "reflected('person') == [['id', 'name', 'a']]",
        ),
        (
            "op.execute('ALTER TABLE person ADD COLUMN a integer')",
            "sa.Table('person', sa.MetaData(), autoload_with=op.get_bind()).c.keys() == ['id', 'name', 'a']",
        ),
    ],
)
def test_what_the_run_has_done_to_a_table_is_in_the_answers(person, done, condition):
    """As much as when it runs: there, too, the condition holds."""
    body = f"{ASKED}\n{done}\nif {condition}:\n    op.create_table('seen', sa.Column('id', sa.Integer))"
    person.revision(body, id="bbbb")
    assert "CREATE TABLE seen" in person.ok("plan").out
    assert "not-seen:bbbb" not in [each["key"] for each in found(person)]
    person.ok("upgrade", "--accept", KEY)
    assert "seen" in person.database.tables()


@pytest.mark.parametrize(
    "asks",
    [
        "op.execute('CREATE TEMP TABLE person (id integer)')\nsa.inspect(op.get_bind()).get_columns('person')",
        "op.execute('CREATE TABLE pet (id integer)')\nsa.inspect(op.get_bind()).get_columns('pet')",
        "op.execute('ALTER TABLE person ADD COLUMN a integer')\nsa.inspect(op.get_bind()).get_columns('person')[-1]['type']",
        "op.create_index('ix', 'person', [sa.text('lower(name)')])\nsa.inspect(op.get_bind()).get_indexes('person')",
    ],
)
@on("sqlite", "postgresql")
def test_what_only_the_server_would_know_is_not_seen(person, asks):
    person.revision(asks, id="bbbb")
    assert "not-seen:bbbb" in [each["key"] for each in found(person)]


def test_a_database_in_which_a_revision_has_run_tells_it_nothing(person):
    person.revision("if not sa.inspect(op.get_bind()).has_table('pet'):\n    op.execute('create table pet (id int)')", id="bbbb")
    person.ok("upgrade")
    assert json.loads(person.flask("review", "bbbb", "--format", "json").out)["findings"][0]["key"] == "not-seen:bbbb"


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("", "would be lost"),
        ("op.execute('create table old as select * from person')", "would be lost, but for what the revision has copied before"),
        ("op.execute('create table old as select 1 as one')", "would be lost"),
        (
            "list(op.get_bind().execute(sa.text('select 1')))",
            "would be lost if it is dropped, and the revision does not keep them elsewhere",
        ),
    ],
)
def test_what_a_revision_may_have_kept_is_not_said_to_be_lost_for_sure(person, before, words):
    person.revision(f"{before}\nop.drop_table('person')", id="bbbb")
    assert [each["message"] for each in found(person) if each["severity"] == "danger"] == [f"2 rows of person {words}"]


@pytest.mark.parametrize("columns", [["nick"], ["nick", "place"]])
def test_columns_that_are_new_and_the_same_in_every_row_cannot_be_unique(person, columns):
    person.revision(
        f"""
        op.add_column('person', sa.Column('nick', sa.String(9), nullable=False, server_default=''))
        op.add_column('person', sa.Column('place', sa.String(9), nullable=False, server_default='here'))
        with op.batch_alter_table('person') as batch_op:
            batch_op.create_unique_constraint('uq', {columns!r})
        """,
        id="bbbb",
    )
    assert [each["key"] for each in found(person)] == ["unique-fails:person"]


def test_a_required_column_without_a_value_for_rows_stops_the_run_before_it_begins(person):
    person.revision("op.add_column('person', sa.Column('nick', sa.String(9), nullable=False))", id="bbbb")
    person.refused("upgrade").says("person has rows, and nick is NOT NULL without a value for them")


@on("postgresql", "mariadb")
def test_a_constraint_that_is_made_anew_keeps_out_what_it_did(person):
    person.database.run("alter table person add constraint ck check (name <> 'x')")
    drop = "op.execute('ALTER TABLE person DROP CONSTRAINT ck')"
    person.revision(drop, id="bbbb")
    assert [each["key"] for each in found(person)] == ["constraint-dropped:person.ck"]
    person.revision(f"{drop}\nop.create_check_constraint('ck', 'person', \"name <> 'y'\")", id="bbbb", after="aaaa")
    assert found(person) == []


def test_a_column_whose_name_another_one_gets_breaks_nobody(person):
    body = "op.alter_column('person', 'name', new_column_name='old', existing_type=sa.String(50))"
    person.revision(f"{body}\nop.add_column('person', sa.Column('name', sa.Text))", id="bbbb")
    assert found(person) == []


@pytest.mark.parametrize(
    "back", ["op.rename_table('people', 'person')", "op.execute('create view person as select * from people')"]
)
def test_a_name_that_is_there_again_in_the_end_breaks_nobody(person, back):
    person.revision("op.rename_table('person', 'people')", id="bbbb")
    assert [each["key"] for each in found(person)] == ["rename-breaks-programs:person"]
    person.revision(f"op.rename_table('person', 'people')\n{back}", id="bbbb", after="aaaa")
    assert found(person) == []


@on("postgresql", "mariadb")
def test_a_batch_that_builds_the_table_anew_keeps_its_rows_and_asks_nobody(person):
    person.revision(f"{ANEW}batch_op.alter_column('name', type_=sa.Text)", id="bbbb")
    assert found(person) == []
    person.ok("upgrade")
    assert len(person.database.rows("person")) == 2


@on("postgresql", "mariadb")
def test_a_batch_that_builds_the_table_anew_cuts_no_values(person):
    person.database.run("update person set name = 'Grace' where name is not null")
    person.revision(f"{HIDDEN}{ANEW}batch_op.alter_column('name', type_=sa.String(2))", id="bbbb")
    person.flask("upgrade").says("would not survive the change to VARCHAR(2)", "Grace")
    assert ("Grace",) in person.database.run("select name from person")


@on("postgresql", "mariadb")
def test_a_batch_that_builds_the_table_anew_and_drops_a_column_needs_consent(person):
    person.revision(f"{HIDDEN}{ANEW}batch_op.drop_column('name')", id="bbbb")
    person.flask("upgrade").says(KEY)
    assert "name" in person.database.columns("person")


@on("sqlite", "mariadb")
def test_the_body_of_a_trigger_is_no_statement_of_the_revision(person):
    body = "begin update person set name = 'x'; delete from person; end"
    person.revision(f'op.execute("""create trigger t after insert on person for each row {body};""")', id="bbbb")
    assert found(person) == []


def test_a_construct_whose_values_have_no_place_in_a_text_is_read(person):
    body = """
    table = sa.table('person', sa.column('id'), sa.column('name'))
    assert not op.get_context().version_table_schema
    op.execute(table.update().where(table.c.id.in_([1, 2])).values(name='x'))
    """
    person.revision(body, id="bbbb")
    assert found(person) == []


@on("postgresql")
def test_rows_that_are_gone_since_the_statistics_were_made_cannot_be_twice(person):
    person.database.run("analyze")
    person.database.run("delete from person where id = 1")
    person.revision("op.add_column('person', sa.Column('nick', sa.String(9), server_default='', unique=True))", id="bbbb")
    assert [each["key"] for each in found(person)] == []
    person.database.run("insert into person (id) values (8), (9)")
    assert [each["key"] for each in found(person)] == ["unique-fails:person"]


@on("postgresql")
def test_a_foreign_key_that_is_made_anew_under_another_name_keeps_out_what_it_did(person):
    person.database.run("create table pet (id integer, owner integer constraint old references person (id))")
    person.database.run("insert into pet values (1, 1)")
    body = """
    op.drop_constraint('old', 'pet')
    op.create_primary_key('pk', 'pet', ['owner', 'id'])
    op.create_foreign_key('new', 'pet', 'person', ['owner'], ['id'])
    """
    person.revision(body, id="bbbb")
    assert found(person) == []


def test_a_new_column_may_be_renamed_at_once(person):
    body = "op.add_column('person', sa.Column('a', sa.Integer))"
    rename = "op.alter_column('person', 'a', new_column_name='b', existing_type=sa.Integer())"
    person.revision(f"{body}\n{rename}", id="bbbb")
    assert found(person) == []


LIGHT = "person = sa.table('person', sa.column('id', sa.Integer), sa.column('name', sa.String))\n"


@pytest.mark.parametrize(
    ("execute", "message"),
    [
        ("sa.text('delete from person where id > :i'), {'i': 0}", "all 2 rows of person meet the condition and would be lost"),
        ("sa.text('delete from person where id = :i'), [{'i': 1}]", "1 of the 2 rows of person would be deleted"),
        ("person.delete().where(person.c.id == sa.bindparam('i')), {'i': 1}", "1 of the 2 rows of person would be deleted"),
        (
            "person.delete().where(person.c.id.in_(sa.bindparam('i', expanding=True))), {'i': [1, 2]}",
            "all 2 rows of person meet the condition and would be lost",
        ),
        ("person.update(), {'name': None}", "1 value of person.name would be lost"),
        (
            "sa.text('delete from person where id = :i'), [{'i': 1}, {'i': 2}]",
            "rows of person that meet a condition would be deleted; how many is not known ahead",
        ),
        (
            "person.delete().where(person.c.id == sa.bindparam('i')), [{'i': 1}, {'i': 2}]",
            "rows of person that meet a condition would be deleted; how many is not known ahead",
        ),
        ("person.insert(), {'id': 3}", None),
        ("person.insert(), [{'id': 3, 'name': 'Bo'}, {'id': 4, 'name': None}]", None),
        ("sa.text('update person set name = :n where id = :i'), [{'n': 'x', 'i': 1}, {'n': 'y', 'i': 2}]", None),
    ],
)
def test_values_that_are_given_with_a_statement(person, execute, message):
    person.revision(f"{LIGHT}op.get_bind().execute({execute})", id="bbbb")
    assert [each["message"] for each in found(person)] == [message] * (message is not None)
    person.agreed("upgrade") if message and "lost" in message else person.ok("upgrade")


@on("postgresql", "mariadb")
def test_an_update_of_one_row_by_its_key_keeps_nobody_waiting(person):
    body = """
    person = sa.table('person', sa.column('id', sa.Integer), sa.column('name', sa.String))
    op.execute(person.update().where(person.c.id == 1).values(name='x'))
    op.execute("UPDATE person SET name = 'x' WHERE person.id = 2")
    """
    person.revision(body, id="bbbb")
    assert "anew" not in person.ok("plan").out


@on("postgresql")
def test_an_update_by_the_key_of_another_table_is_one_of_many_rows(person):
    person.database.run("create table org (id integer primary key)")
    person.revision("op.execute(\"UPDATE person SET name = 'x' FROM org WHERE org.id = 2\")", id="bbbb")
    person.ok("plan").says("locks the rows that it changes in person")


@pytest.mark.parametrize(
    "table", ["sa.Table('person', sa.MetaData(), sa.Column('name', sa.String))", "sa.table('person', sa.column('name'))"]
)
def test_what_a_construct_sets_to_null(person, table):
    person.revision(f"op.execute({table}.update().values(name=None))", id="bbbb")
    assert [each["key"] for each in found(person)] == ["update-loses-data:person.name"]
    person.agreed("upgrade")


MAPPED = """
from sqlalchemy.orm import Session, declarative_base
class Person(declarative_base()):
    __tablename__ = 'person'
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String)
session = Session(op.get_bind())
"""


@pytest.mark.parametrize(
    ("work", "keys"),
    [
        ("session.execute(sa.text('delete from person'))", ["delete-without-condition:person"]),
        ("session.query(Person).delete()", ["delete-without-condition:person"]),
        ("session.execute(sa.update(Person).values(name=None))", ["update-loses-data:person.name"]),
        ("session.execute(sa.insert(Person), [{'id': 8}, {'id': 9}])", []),
        ("session.bulk_insert_mappings(Person, [{'id': 9}])", []),
        ("session.scalars(sa.select(Person)).all()", ["not-seen:bbbb"]),
        ("with session.begin():\n    session.execute(sa.text('delete from person'))", ["delete-without-condition:person"]),
        (
            "with op.get_bind().engine.connect() as other:\n    other.execute(sa.text('delete from person'))",
            ["delete-without-condition:person"],
        ),
    ],
)
def test_sessions_on_the_connection_of_the_revision(person, work, keys):
    person.revision(f"{MAPPED}\n{work}\nsession.commit()", id="bbbb")
    before = person.database.rows("person")
    assert [each["key"] for each in found(person)] == keys
    assert person.database.rows("person") == before


@pytest.mark.parametrize("where", ["if", "else", "try"])
def test_what_stands_in_a_branch_that_is_not_taken_is_not_judged(person, where):
    reads, drops = HIDDEN.strip(), "op.drop_table('person')"
    bodies = {
        "if": f"if op.get_bind().dialect.name:\n    {reads}\nelse:\n    {drops}",
        "else": f"if not op.get_bind().dialect.name:\n    {drops}\nelif op.get_bind():\n    {reads}",
        "try": f"try:\n    if op.get_bind().dialect.name:\n        {reads}\n    else:\n        {drops}\nfinally:\n    pass",
    }
    person.revision(bodies[where], id="bbbb")
    assert [each["key"] for each in found(person)] == ["not-seen:bbbb"]


@pytest.mark.parametrize(
    "body",
    [
        f"if op.get_bind():\n    {HIDDEN}    op.drop_table('person')",
        f"if op.get_bind():\n    {HIDDEN}else:\n    pass\nop.drop_table('person')",
        f"for each in (1, 2):\n    if each == 1:\n        {HIDDEN}    else:\n        op.drop_table('person')",
        f"def once(each):\n    if each == 1:\n        {HIDDEN}    else:\n        op.drop_table('person')\nonce(1)\nonce(2)",
    ],
)
def test_a_branch_that_may_be_taken_later_is_judged(person, body):
    person.revision(body, id="bbbb")
    assert sorted(str(each["key"]) for each in found(person)) == ["drop-table-loses-data:person", "not-seen:bbbb"]


BIND = "bind = op.get_bind()\n"


@pytest.mark.parametrize(
    ("before", "condition"),
    [
        ("", "bind.execute(sa.text('select id from pet')).fetchall() == []"),
        ("", "not [row.id for row in bind.execute(sa.select(sa.table('pet', sa.column('id'))))]"),
        ("", "bind.execute(sa.text('select id from pet where id > :id'), {'id': 1}).first() is None"),
        ("", "bind.scalar(sa.text('select count(*) from pet')) == 0"),
        ("", "bind.execute(sa.text('select p.id from pet p join pet q on p.id = q.id group by p.id')).all() == []"),
        ("op.create_table('new', sa.Column('id', sa.Integer))", "bind.execute(sa.text('select * from new')).all() == []"),
        ("op.rename_table('pet', 'pets')", "bind.scalar(sa.text('select id from pets')) is None"),
        ("op.execute('delete from pet')", "list(bind.scalars(sa.text('select id from pet'))) == []"),
    ],
)
def test_what_is_read_from_a_table_without_rows_is_known(person, before, condition):
    person.database.run("create table pet (id integer primary key)")
    person.revision(f"{BIND}{before}\nif {condition}:\n    op.create_table('seen', sa.Column('id', sa.Integer))", id="bbbb")
    assert "CREATE TABLE seen" in person.ok("plan").out
    assert "not-seen:bbbb" not in [each["key"] for each in found(person)]
    person.ok("upgrade")
    assert "seen" in person.database.tables()


@pytest.mark.parametrize(
    "reads",
    [
        "bind.execute(sa.text('select id from person')).fetchall()",
        "bind.execute(sa.text('select p.id from person p left join pet on true')).fetchall()",
        "bind.scalar(sa.text('select max(id) from pet'))",
        "bind.scalar(sa.text('select exists (select 1 from pet)'))",
        "bind.execute(sa.text('select id from pet union all select id from person')).fetchall()",
        "bind.execute(sa.text('insert into pet values (1)'))\nbind.scalar(sa.text('select id from pet'))",
        "op.bulk_insert(sa.table('pet', sa.column('id')), [{'id': 1}])\nbind.scalar(sa.text('select id from pet'))",
        "op.execute('create table new as select * from person')\nbind.scalar(sa.text('select id from new'))",
        "op.rename_table('person', 'people')\nbind.scalar(sa.text('select id from people'))",
        "bind.execute(sa.text('insert into pet values (1)'))\nbind.scalar(sa.text('select id from pets'))",
    ],
)
def test_what_is_read_from_rows_is_not_seen(person, reads):
    person.database.run("create table pet (id integer primary key)")
    person.database.run("create view pets as select id from pet")
    person.revision(BIND + reads, id="bbbb")
    assert "not-seen:bbbb" in [each["key"] for each in found(person)]


TABLES = {
    "sqlite": "select name from sqlite_master where name = 'person'",
    "postgresql": "select relname from pg_class where relname = 'person' and relkind = 'r'",
    "mariadb": "select table_name from information_schema.tables where table_name = 'person' and table_schema = database()",
}


def test_what_a_catalog_says_is_known(person):
    query = TABLES[person.database.kind]
    body = f"{BIND}if bind.execute(sa.text({query!r})).fetchall() == [('person',)]:\n    op.drop_table('person')"
    person.revision(body, id="bbbb")
    assert [each["key"] for each in found(person)] == ["drop-table-loses-data:person"]
    person.ok("upgrade", "--accept", "drop-table-loses-data:person")
    assert person.database.tables() == []


def test_what_a_catalog_says_after_a_change_is_not_seen(person):
    query = TABLES[person.database.kind]
    body = f"{BIND}op.add_column('person', sa.Column('a', sa.Integer))\nbind.execute(sa.text({query!r})).fetchall()"
    person.revision(body, id="bbbb")
    assert [each["key"] for each in found(person)] == ["not-seen:bbbb"]


@on("sqlite")
def test_what_a_pragma_says_is_known(person):
    body = f"{BIND}if len(bind.execute(sa.text('PRAGMA table_info(person)')).all()) == 2:\n    op.drop_table('person')"
    person.revision(body, id="bbbb")
    assert [each["key"] for each in found(person)] == ["drop-table-loses-data:person"]


@on("postgresql")
def test_a_question_to_a_catalog_changes_nothing(person):
    person.database.run("create sequence numbers")
    person.revision(f"{BIND}bind.execute(sa.text(\"select nextval('numbers') from pg_class limit 1\")).all()", id="bbbb")
    assert [each["key"] for each in found(person)] == ["not-seen:bbbb"]
    assert person.database.run("select is_called from numbers") == [(False,)]
