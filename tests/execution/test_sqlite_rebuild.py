"""SQLite tables are built anew from their own text: what a revision does not name stays letter for letter."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteTypeCompiler

from kit import Project, on

pytestmark = on("sqlite")

ACCEPTED = ("--accept", "type-change-fails:t.a")
BATCH = "with op.batch_alter_table({0!r}, recreate='always') as batch:\n    {1}"
KEYS_ON = """
with app.app_context():
    sa.event.listen(db.engine, "connect", lambda connection, record: connection.execute("PRAGMA foreign_keys=ON"))
"""
RICH = """CREATE TABLE "odd table" ( -- a remark, with a comma
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        name VARCHAR(20) COLLATE NOCASE CONSTRAINT once UNIQUE ON CONFLICT REPLACE,
        [the qty] INTEGER DEFAULT (1 + 2) CHECK ("the qty" > 0 AND 'a,b)' <> '('),
        `half` AS ("the qty" / 2.0) STORED,
        note VARCHAR(5) DEFAULT 'it''s', /* the last one */
        parent INTEGER REFERENCES "odd table" (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT pair UNIQUE (name, note), CHECK (length(note) < 9)
    )"""


def sql_of(project: Project, name: str) -> str:
    return project.database.run("select sql from sqlite_master where name = :name", name=name)[0][0]


def everything_but(project: Project, table: str) -> list[tuple]:
    return project.database.run(
        "select type, name, sql from sqlite_master where name <> :name and name not like 'sqlite%' and name not like 'whimbrel%'"
        " order by name",
        name=table,
    )


@pytest.fixture
def shop(project: Project) -> Project:
    project.app("")
    project.ok("init")
    project.revision("pass", id="base")
    project.ok("upgrade")
    return project


def batch(project: Project, table: str, *calls: str) -> None:
    project.revision(BATCH.format(table, "\n    ".join(f"batch.{call}" for call in calls)), id="bbbb")
    project.ok("upgrade", *(word for name in "abc" for word in ("--accept", f"drop-column-loses-data:{table}.{name}")))


def test_only_the_named_definition_changes(shop):
    shop.database.run(RICH)
    shop.database.run('create index ix on "odd table" (lower(name), note desc) where note is not null')
    shop.database.run('create trigger t after insert on "odd table" begin\n  select 1; -- here\nend')
    shop.database.run('create view v as select name, half from "odd table"')
    shop.database.run("insert into \"odd table\" (name, \"the qty\") values ('a', 7), ('b', 8), ('c', 9)")
    shop.database.run("delete from \"odd table\" where name = 'c'")
    rows, others = shop.database.rows("odd table"), everything_but(shop, "odd table")
    batch(shop, "odd table", "alter_column('note', type_=sa.String(9), existing_type=sa.String(5))")
    assert sql_of(shop, "odd table") == RICH.replace("VARCHAR(5)", "VARCHAR(9)")
    assert shop.database.rows("odd table") == rows
    assert everything_but(shop, "odd table") == others
    shop.database.run("insert into \"odd table\" (name) values ('d')")
    assert shop.database.run("select id from \"odd table\" where name = 'd'") == [(4,)]
    assert len(shop.database.run("select * from v")) == 3


@pytest.mark.parametrize(
    ("call", "old", "new"),
    [
        ("alter_column('a', nullable=False)", "a INT", "a INT NOT NULL"),
        ("alter_column('b', nullable=True)", "b TEXT NOT NULL", "b TEXT"),
        ("alter_column('b', server_default='x')", "DEFAULT 'q'", "DEFAULT 'x'"),
        ("alter_column('b', server_default=None)", " DEFAULT 'q'", ""),
        ("alter_column('a', server_default=sa.text('0'))", "a INT", "a INT DEFAULT 0"),
        ("alter_column('a', type_=sa.BigInteger())", "a INT", "a BIGINT"),
        ("drop_constraint('c1')", ", CONSTRAINT c1 CHECK (a > 0)", ""),
        ("drop_column('c')", ", c REAL UNIQUE", ""),
        ("alter_column('c', new_column_name='d')", "c REAL", "d REAL"),
    ],
)
def test_each_change(shop, call, old, new):
    sql = "CREATE TABLE t (a INT, b TEXT NOT NULL DEFAULT 'q', c REAL UNIQUE, CONSTRAINT c1 CHECK (a > 0))"
    shop.database.run(sql)
    shop.database.run("insert into t values (1, 'x', 1.5)")
    batch(shop, "t", call)
    assert " ".join(sql_of(shop, "t").replace('"t" (', "t (").split()) == sql.replace(old, new)
    assert len(shop.database.rows("t")) == 1


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("create_unique_constraint('u', ['a', 'b'])", "CONSTRAINT u UNIQUE (a, b)"),
        ("create_check_constraint('k', 'a > 0')", "CONSTRAINT k CHECK (a > 0)"),
        (
            "create_foreign_key('f', 'o', ['a'], ['id'], ondelete='CASCADE')",
            "CONSTRAINT f FOREIGN KEY(a) REFERENCES o (id) ON DELETE CASCADE",
        ),
        ("add_column(sa.Column('n', sa.Integer), insert_after='a')", "a INT, n INTEGER, b TEXT"),
        ("create_primary_key('p', ['a'])", "CONSTRAINT p PRIMARY KEY (a)"),
    ],
)
def test_each_addition(shop, call, expected):
    shop.database.run("create table o (id integer primary key)")
    shop.database.run("CREATE TABLE t (a INT, b TEXT)")
    shop.database.run("insert into t values (1, 'x')")
    batch(shop, "t", call)
    assert expected in " ".join(sql_of(shop, "t").split()).replace(" ,", ",")
    assert shop.database.run("select a, b from t") == [(1, "x")]


def test_a_constraint_without_a_name_is_found_by_the_naming_convention(shop):
    shop.database.run("create table o (id integer primary key)")
    shop.database.run("CREATE TABLE t (a INT UNIQUE, b INT REFERENCES o (id), UNIQUE (a, b))")
    convention = {"uq": "uq_%(table_name)s_%(column_0_N_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s"}
    names = ("uq_t_a", "uq_t_a_b", "fk_t_b")
    calls = "\n    ".join(f"batch.drop_constraint({name!r})" for name in names)
    shop.revision(f"with op.batch_alter_table('t', naming_convention={convention!r}) as batch:\n    {calls}", id="bbbb")
    shop.ok("upgrade")
    assert " ".join(sql_of(shop, "t").split()) == 'CREATE TABLE "t" (a INT, b INT)'


@pytest.mark.parametrize("rule", ["", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON DELETE RESTRICT"])
def test_rows_that_reference_the_table_stay(project, rule):
    project.app(KEYS_ON)
    project.ok("init")
    project.database.run("create table author (id integer primary key, name varchar(5))")
    project.database.run(f"create table book (id integer primary key, a integer references author (id){rule})")
    project.database.run("insert into author values (1, 'Ada')")
    project.database.run("insert into book values (7, 1)")
    project.revision(BATCH.format("author", "batch.alter_column('name', type_=sa.String(9))"))
    project.ok("upgrade")
    assert project.database.rows("book") == [(7, 1)]
    assert "REFERENCES author (id)" in sql_of(project, "book").replace("references", "REFERENCES")


def test_a_batch_that_the_source_does_not_show(project):
    """It is found when it comes, and the revision starts again without foreign keys."""
    project.app(KEYS_ON)
    project.ok("init")
    project.write(
        "helper.py",
        "def widen(op, sa):\n    with op.batch_alter_table('a') as b:\n        b.alter_column('n', type_=sa.String(9))\n",
    )
    project.database.run("create table a (id integer primary key, n varchar(5))")
    project.database.run("create table b (a integer references a (id) on delete cascade)")
    project.database.run("insert into a values (1, 'x')")
    project.database.run("insert into b values (1)")
    project.revision("import sys; sys.path.insert(0, '.'); import helper; helper.widen(op, sa)")
    project.ok("upgrade")
    assert project.database.rows("b") == [(1,)]


def test_columns_can_exchange_their_names(shop):
    shop.database.run("create table t (a int, b text)")
    shop.database.run("create index ix on t (a)")
    shop.database.run("insert into t values (1, 'x')")
    batch(shop, "t", "alter_column('a', new_column_name='b')", "alter_column('b', new_column_name='a')")
    assert shop.database.columns("t") == ["b", "a"]
    assert shop.database.run("select b, a from t") == [(1, "x")]


def test_a_column_takes_the_name_of_one_that_is_dropped(shop):
    shop.database.run("create table t (a int, b text)")
    shop.database.run("insert into t values (1, 'x')")
    batch(shop, "t", "drop_column('a')", "alter_column('b', new_column_name='a')")
    assert shop.database.rows("t") == [("x",)]
    assert shop.database.columns("t") == ["a"]


def test_an_index_stays_where_a_column_is_dropped_and_added_again(shop):
    shop.database.run("create table t (a int, b int)")
    shop.database.run("create index ix on t (b)")
    batch(shop, "t", "drop_column('b')", "add_column(sa.Column('b', sa.Integer, sa.Computed('a * 2')))")
    assert sql_of(shop, "ix") == "CREATE INDEX ix on t (b)"


def test_a_view_that_needs_a_dropped_column_stops_it(shop):
    shop.database.run("create table t (a int, b int)")
    shop.database.run("create view v as select b from t")
    shop.revision(BATCH.format("t", "batch.drop_column('b')"))
    shop.refused("upgrade").says("The view v needs what this revision takes away from t", "Drop it first")


def test_a_trigger_that_needs_a_dropped_column_stops_it(shop):
    shop.database.run("create table t (a int, b int)")
    shop.database.run("create trigger g after insert on t begin update t set b = 1; end")
    shop.revision(BATCH.format("t", "batch.drop_column('b')"))
    shop.refused("upgrade").says("A trigger of t needs what this revision takes away from t")


def test_rows_keep_their_number(shop):
    shop.database.run("create table t (a text)")
    shop.database.run("insert into t (rowid, a) values (5, 'x'), (9000000000, 'y')")
    batch(shop, "t", "alter_column('a', type_=sa.String(9))")
    assert shop.database.run("select rowid, a from t") == [(5, "x"), (9000000000, "y")]


@pytest.mark.parametrize(
    ("values", "type_", "is_fine"),
    [
        (["1", "-5", None], "Integer()", True),
        (["007"], "Integer()", False),
        (["1.0"], "Integer()", False),
        (["abc"], "Integer()", False),
        (["1.50", "2"], "Numeric(10, 2)", True),
        (["12345678901234567890.5"], "Numeric(10, 2)", False),
        (["01.5"], "Float()", False),
        (["2020-01-01"], "Date()", True),
        (["x" * 50], "String(9)", True),
        (["1e5"], "DateTime()", False),
        (["2020"], "Date()", False),
        (["2020-01-02", "x"], "Date()", False),
        (["2020-01-02 10:00:00", "2020-01-02T10:00:00.500"], "DateTime()", True),
        (["2020-01-02 10:00:00", "soon"], "DateTime()", False),
        (["2020-02-31 10:00:00"], "DateTime()", False),
        (["now"], "DateTime()", False),
        (["10:00:00"], "DateTime()", False),
        (["1 day"], "Interval()", False),
        ([b"2020-01-02"], "Date()", False),
        (["2020/01/02"], "dialects.sqlite.DATE(storage_format='%(year)d/%(month)d/%(day)d', regexp='(.+)/(.+)/(.+)')", True),
        (["10:00:00"], "Time()", True),
        (["2020-01-02"], "Time()", False),
        (["1.50"], "JSON()", False),
        (['{"a": 1}', '"x"', "12"], "JSON()", True),
        (['{"a": 1}', "{a: 1}"], "JSON()", False),
        (["[NaN]"], "JSON()", True),
        ([b"\xff"], "JSON()", False),
        (["12345678123456781234567812345678"], "Uuid()", True),
        (["12345678-1234-5678-1234-567812345678"], "Uuid()", False),
        (["12345678123456781234567812345678", "x" * 32], "Uuid(as_uuid=False)", False),
        *[(["12345678-1234-5678-1234-567812345678"], "UUID()", False)][: hasattr(SQLiteTypeCompiler, "visit_UUID")],
        ([bytes(16)], "Uuid()", False),
    ],
)
def test_what_a_type_change_may_do(shop, values, type_, is_fine):
    shop.database.run("create table t (a varchar(10))")
    for value in values:
        shop.database.run("insert into t values (:value)", value=value)
    shop.revision(BATCH.format("t", f"batch.alter_column('a', type_=sa.{type_})"))
    if is_fine:
        shop.ok("upgrade")
        assert shop.database.run("select count(*), count(a) from t") == [(len(values), len([v for v in values if v]))]
    else:
        shop.refused("upgrade").says("1 value of t.a would not survive", "Nothing has been run.")
        shop.ok("upgrade", *ACCEPTED)
        assert shop.database.run("select count(a) from t") == [(len(values),)]


@pytest.mark.parametrize(
    ("old", "new", "is_fine"),
    [
        ("Integer()", "DateTime()", False),
        ("Integer()", "Uuid()", False),
        ("DateTime()", "Time()", False),
        ("Date()", "DateTime()", True),
        ("Integer()", "JSON()", True),
    ],
)
def test_values_that_sqlalchemy_cannot_read_as_their_new_type(shop, old, new, is_fine):
    value = {"Integer()": 1700000000, "DateTime()": "2020-01-02 00:00:00.000000", "Date()": "2020-01-02"}[old]
    shop.database.run(f"create table t (a {old.removesuffix('()')})")
    shop.database.run("insert into t values (:value)", value=value)
    shop.revision(BATCH.format("t", f"batch.alter_column('a', type_=sa.{new})"))
    if is_fine:
        shop.ok("upgrade")
    else:
        shop.refused("upgrade").says("1 value of t.a would not survive", "Nothing has been run.")


def test_a_type_of_the_application_may_store_uuids_as_it_likes(shop):
    shop.database.run("create table t (a varchar(36))")
    shop.database.run("insert into t values ('12345678-1234-5678-1234-567812345678')")
    shop.revision(
        "import uuid\nclass Guid(sa.types.TypeDecorator):\n    impl, python_type = sa.CHAR(36), uuid.UUID\n"
        + BATCH.format("t", "batch.alter_column('a', type_=Guid())")
    )
    shop.ok("upgrade")


def test_memory_databases_and_copy_from_keep_working(shop):
    shop.database.run("create table t (a int, b text)")
    shop.database.run("create trigger g after insert on t begin select 1; end")
    shop.database.run("insert into t values (1, 'x')")
    shop.revision(
        "table = sa.Table('t', sa.MetaData(), sa.Column('a', sa.Integer), sa.Column('b', sa.Text))\n"
        "with op.batch_alter_table('t', copy_from=table) as batch:\n    batch.alter_column('a', type_=sa.BigInteger())"
    )
    shop.ok("upgrade")
    assert shop.database.rows("t") == [(1, "x")]
    assert sql_of(shop, "g") == "CREATE TRIGGER g after insert on t begin select 1; end"


def test_the_pragma_is_as_it_was(project):
    project.app(KEYS_ON)
    project.ok("init")
    project.database.run("create table t (a int)")
    project.revision(BATCH.format("t", "batch.alter_column('a', type_=sa.BigInteger())"))
    project.ok("upgrade")
    with project.loaded.app.app_context():
        assert project.loaded.db.session.execute(sa.text("PRAGMA foreign_keys")).scalar() == 1


@pytest.mark.parametrize(
    ("declared", "value", "is_fine"), [("bigint", 2**53 + 1, False), ("numeric", 0.5, True), ("bigint", 7, True)]
)
def test_numbers_that_become_floats(shop, declared, value, is_fine):
    shop.database.run(f"create table t (a {declared})")
    shop.database.run("insert into t values (:value)", value=value)
    shop.revision(BATCH.format("t", "batch.alter_column('a', type_=sa.Float())"))
    if is_fine:
        shop.ok("upgrade")
    else:
        shop.refused("upgrade").says("1 value of t.a would not survive", "Nothing has been run.")
    assert shop.database.rows("t") == [(value,)]
    if not is_fine:
        shop.ok("upgrade", *ACCEPTED)


def test_values_are_looked_at_where_alembic_builds_the_table_too(shop):
    shop.database.run("create table t (a varchar(10), b integer)")
    shop.database.run("insert into t values ('007', 1)")
    call = "batch.alter_column('a', type_=sa.Integer())"
    shop.revision(f"with op.batch_alter_table('t', table_args=(sa.CheckConstraint('b > 0'),)) as batch:\n    {call}")
    shop.refused("upgrade").says("1 value of t.a would not survive")
    shop.ok("upgrade", *ACCEPTED)
    assert shop.database.rows("t") == [(7, 1)]


def test_a_function_is_no_column(shop):
    shop.database.run("create table t (id integer primary key, date text, made text, length int, check (length(made) > 0))")
    shop.database.run("create index ix on t (date(made))")
    before = sql_of(shop, "ix")
    batch(shop, "t", "drop_column('date')", "drop_column('length')")
    assert sql_of(shop, "ix") == before
    assert "check (length(made) > 0)" in sql_of(shop, "t")


def test_constraints_without_a_comma_between_them(shop):
    shop.database.run("create table t (a int, b int, constraint u unique (a) constraint c check (a > 0) check (b > 0))")
    batch(shop, "t", "drop_constraint('u')")
    assert " ".join(sql_of(shop, "t").split()) == 'CREATE TABLE "t" (a int, b int,constraint c check (a > 0) check (b > 0))'
