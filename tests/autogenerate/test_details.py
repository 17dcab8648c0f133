"""Details of columns, indexes and constraints that are easily overlooked: seen once, changed for good, and brought back."""

from __future__ import annotations

import json
import re
from itertools import permutations

import pytest
import sqlalchemy as sa

from kit import Project, on

TABLE = """
from sqlalchemy.dialects import mysql, postgresql
class T(db.Model):
    __tablename__ = "t"
    id = sa.Column(sa.Integer, primary_key=True)
    {}
"""
WHERE = "sqlite_where=sa.text('x > 1'), postgresql_where=sa.text('x > 1')"
NAMES = """
import flask_sqlalchemy
db = flask_sqlalchemy.SQLAlchemy(metadata=sa.MetaData(naming_convention={{
    "uq": "uq_%(table_name)s_%(column_0_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"
}}))
app.extensions.pop("sqlalchemy")
db.init_app(app)
migrate = Migrate(app, db)
"""
CHANGES = {
    "an index becomes unique": ("x = sa.Column(sa.Integer, index=True)", "x = sa.Column(sa.Integer, index=True, unique=True)"),
    "an index is no more unique": ("x = sa.Column(sa.Integer, index=True, unique=True)", "x = sa.Column(sa.Integer, index=True)"),
    "a name of its own becomes unique": (
        "x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', 'x'),)",
        "x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', 'x', unique=True),)",
    ),
    "descending": (
        "x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', x),)",
        "x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', x.desc()),)",
    ),
    "no more descending": (
        "x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', x.desc()),)",
        "x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', x),)",
    ),
    "a descending index goes": (
        "x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', x.desc()),)",
        "x = sa.Column(sa.Integer)",
    ),
    "a default with a colon": (
        "x = sa.Column(sa.String(60), server_default='{\"on\":true}')",
        "x = sa.Column(sa.String(80), server_default='{\"on\":true}')",
    ),
    "another default with a colon": (
        "x = sa.Column(sa.String(60), server_default='{\"on\":true}')",
        "x = sa.Column(sa.String(60), server_default='{\"on\":false}')",
    ),
    "a check with percent signs and colons": (
        "x = sa.Column(sa.String(9))\n    __table_args__ = (sa.CheckConstraint(\"x like 'a%'\", name='c'),)",
        "x = sa.Column(sa.String(9))\n    __table_args__ = (sa.CheckConstraint(\"x like '%a' or x = ' :b'\", name='c'),)",
    ),
    "a check of a column comes": (
        "x = sa.Column(sa.Integer)",
        "x = sa.Column(sa.Integer, sa.CheckConstraint('x > 0', name='c'))",
    ),
    "another check of a column": (
        "x = sa.Column(sa.Integer, sa.CheckConstraint('x > 0'))",
        "x = sa.Column(sa.Integer, sa.CheckConstraint('x > 1'))",
    ),
    "a column with a check comes": (
        "y = sa.Column(sa.Integer)",
        "y = sa.Column(sa.Integer)\n    x = sa.Column(sa.Integer, sa.CheckConstraint('x > 0', name='c'))",
    ),
    "a check of a column goes": (
        "x = sa.Column(sa.Integer, sa.CheckConstraint('x > 0', name='c'))",
        "x = sa.Column(sa.Integer)",
    ),
    "more values of a text": (
        "x = sa.Column(sa.Enum('a', 'b', name='c', native_enum=False, create_constraint=True))",
        "x = sa.Column(sa.Enum('a', 'b', ':c', name='c', native_enum=False, create_constraint=True, length=2))",
    ),
    "a column with a check of its type": (
        "y = sa.Column(sa.Integer)",
        "x = sa.Column(sa.Enum('a', 'b', name='c', native_enum=False, create_constraint=True))\n    y = sa.Column(sa.Integer)",
    ),
    "a foreign key comes": (
        "x = sa.Column(sa.Integer)",
        "x = sa.Column(sa.ForeignKey('t.id', name='k'))",
    ),
    "a foreign key goes": (
        "x = sa.Column(sa.ForeignKey('t.id', name='k'))",
        "x = sa.Column(sa.Integer)",
    ),
}
TWO = "x = sa.Column(sa.Integer)\n    y = sa.Column(sa.Integer)\n    __table_args__ = (sa.UniqueConstraint({}),)"
KEY = """
class T(db.Model):
    __tablename__ = "t"
    {}
"""
KEYS = {
    "another column": (
        "a = sa.Column(sa.BigInteger, primary_key=True)\n    b = sa.Column(sa.Integer, nullable=False)",
        "a = sa.Column(sa.BigInteger)\n    b = sa.Column(sa.Integer, primary_key=True, autoincrement=False)",
    ),
    "a new column": (
        "a = sa.Column(sa.Integer, primary_key=True, comment='it''s')",
        "a = sa.Column(sa.Integer, comment='it''s')\n    b = sa.Column(sa.Integer, primary_key=True)",
    ),
    "one column goes": (
        "a = sa.Column(sa.Integer, primary_key=True)\n    b = sa.Column(sa.Integer, primary_key=True, server_default='0')",
        "a = sa.Column(sa.Integer, primary_key=True, autoincrement=False)",
    ),
    "one column comes": (
        "a = sa.Column(sa.Integer, primary_key=True, autoincrement=False)",
        "a = sa.Column(sa.Integer, primary_key=True)\n    b = sa.Column(sa.Integer, primary_key=True, server_default='0')",
    ),
    "texts": ("a = sa.Column(sa.Integer, primary_key=True)", "a = sa.Column(sa.String(36), primary_key=True)"),
}
CHANGES |= {
    "another order": (TWO.format("'x', 'y'"), TWO.format("'y', 'x'")),
    "another order under a name": (TWO.format("'x', 'y', name='u'"), TWO.format("'y', 'x', name='u'")),
}
ON_MARIADB = {
    "another engine": (
        "x = sa.Column(sa.Integer)\n    __table_args__ = {'mysql_engine': 'InnoDB'}",
        "x = sa.Column(sa.Integer)\n    __table_args__ = {'mysql_engine': 'MyISAM'}",
    ),
    "a collation": ("x = sa.Column(sa.String(9))", "x = sa.Column(sa.String(9, collation='utf8mb4_bin'))"),
    "no collation any more": ("x = sa.Column(sa.String(9, collation='utf8mb4_bin'))", "x = sa.Column(sa.String(9))"),
    "fractions of seconds": ("x = sa.Column(mysql.DATETIME(fsp=3))", "x = sa.Column(sa.DateTime)"),
    "no sign": ("x = sa.Column(sa.Integer)", "x = sa.Column(mysql.INTEGER(unsigned=True))"),
    "a sign": ("x = sa.Column(mysql.BIGINT(unsigned=True), nullable=False)", "x = sa.Column(sa.BigInteger, nullable=False)"),
    "another character set": ("x = sa.Column(mysql.VARCHAR(9, charset='latin1'))", "x = sa.Column(sa.String(9))"),
    "a JSON column is closed": ("x = sa.Column(sa.JSON)", "x = sa.Column(sa.JSON, nullable=False)"),
    "a JSON column goes": ("x = sa.Column(sa.JSON)\n    y = sa.Column(sa.Integer)", "y = sa.Column(sa.Integer)"),
    "a JSON column becomes a text": ("x = sa.Column(sa.JSON)", "x = sa.Column(sa.Text)"),
}
ON_SQLITE = {
    "a collation": ("x = sa.Column(sa.String(9))", "x = sa.Column(sa.String(9, collation='NOCASE'))"),
    "no collation any more": ("x = sa.Column(sa.String(9, collation='NOCASE'))", "x = sa.Column(sa.String(9))"),
    "a length and a collation": (
        "x = sa.Column(sa.String(9, collation='RTRIM'))",
        "x = sa.Column(sa.String(5, collation='NOCASE'))",
    ),
    "a collation goes with a length": ("x = sa.Column(sa.String(9, collation='RTRIM'))", "x = sa.Column(sa.String(5))"),
    "a column with a collation goes": (
        "y = sa.Column(sa.Integer)\n    x = sa.Column(sa.String(9, collation='NOCASE'))",
        "y = sa.Column(sa.Integer)",
    ),
}
ON_TWO = {
    "another condition": (
        f"x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', 'x', {WHERE}),)",
        f"x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', 'x', {WHERE.replace('1', '2')}),)",
    ),
    "no condition any more": (
        f"x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', 'x', {WHERE}),)",
        "x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', 'x'),)",
    ),
}
ON_POSTGRESQL = {
    "a collation": ("x = sa.Column(sa.String(9))", "x = sa.Column(sa.String(9, collation='C'))"),
    "no collation any more": ("x = sa.Column(sa.Text(collation='C'))", "x = sa.Column(sa.Text)"),
    "bits of any number": ("x = sa.Column(postgresql.BIT(5))", "x = sa.Column(postgresql.BIT(varying=True))"),
    "a number of any precision": ("x = sa.Column(sa.Numeric(10, 2))", "x = sa.Column(sa.Numeric)"),
    "fractions of seconds": ("x = sa.Column(postgresql.TIMESTAMP(precision=3))", "x = sa.Column(sa.DateTime)"),
    "included columns": (
        "x = sa.Column(sa.Integer)\n    y = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', 'x'),)",
        "x = sa.Column(sa.Integer)\n    y = sa.Column(sa.Integer)\n"
        "    __table_args__ = (sa.Index('i', 'x', postgresql_include=['y']),)",
    ),
    "checked at the end": (TWO.format("'x', 'y'"), TWO.format("'x', 'y', deferrable=True, initially='DEFERRED'")),
    "checked at once": (TWO.format("'x', 'y', name='u', deferrable=True"), TWO.format("'x', 'y', name='u'")),
    "a constraint that is checked at the end goes": (
        TWO.format("'x', 'y', deferrable=True"),
        "x = sa.Column(sa.Integer)\n    y = sa.Column(sa.Integer)",
    ),
    "a constraint with included columns": (
        "x = sa.Column(sa.Integer)\n    y = sa.Column(sa.Integer)",
        TWO.format("'x', postgresql_include=['y']"),
    ),
    "a constraint with included columns goes": (
        TWO.format("'x', postgresql_include=['y'], deferrable=True, initially='DEFERRED'"),
        "x = sa.Column(sa.Integer)\n    y = sa.Column(sa.Integer)",
    ),
    "a constraint with an included new column": (
        "x = sa.Column(sa.Integer)",
        TWO.format("'x', postgresql_include=['y'], name='Special', deferrable=True"),
    ),
    "what a column is computed from": (
        "x = sa.Column(sa.Integer)\n    y = sa.Column(sa.Integer, sa.Computed('x * 2', persisted=True), index=True)",
        "x = sa.Column(sa.BigInteger)\n    y = sa.Column(sa.Integer, sa.Computed('x * 2', persisted=True), index=True)",
    ),
    "what a column was computed from": (
        "x = sa.Column(sa.Integer)\n    y = sa.Column(sa.Integer, sa.Computed('x * 2', persisted=True))",
        "x = sa.Column(sa.BigInteger)",
    ),
    "a domain comes": (
        "y = sa.Column(sa.Integer)",
        "y = sa.Column(sa.Integer)\n    x = sa.Column(postgresql.DOMAIN('few', sa.Integer, check='value > 0 and value < 9'))",
    ),
    "a domain goes": (
        "x = sa.Column(postgresql.DOMAIN('few', sa.Integer, check='value > 0 and value < 9'))",
        "y = sa.Column(sa.Integer)",
    ),
    "another method": (
        "x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', 'x'),)",
        "x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i', 'x', postgresql_using='hash'),)",
    ),
    "a text becomes an enum with the same default": (
        "x = sa.Column(sa.String(9), server_default='a')",
        "x = sa.Column(sa.Enum('a', 'b', name='e'), server_default='a')",
    ),
    "a column becomes an identity": (
        "x = sa.Column(sa.Integer, nullable=False)",
        "x = sa.Column(sa.Integer, sa.Identity(), nullable=False)",
    ),
    "a default from a new sequence": (
        "x = sa.Column(sa.Integer)",
        "x = sa.Column(sa.Integer, sa.Sequence('s9'), server_default=sa.Sequence('s9').next_value())",
    ),
    "an array of other texts": ("x = sa.Column(sa.ARRAY(sa.Text))", "x = sa.Column(sa.ARRAY(sa.String(5)))"),
}


UNNAMED = """op.create_table(
    "t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("v", sa.Integer), sa.CheckConstraint("v > 0")
)"""


POSTGRESQL = """
    select a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || coalesce(' ' || c.collname, '') || a.attnotnull
           || a.attidentity::text || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_collation c on c.oid = a.attcollation and c.collname <> 'default'
    where a.attrelid = 't'::regclass and a.attnum > 0 and not a.attisdropped
    union select conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where conrelid = 't'::regclass
    union select pg_get_indexdef(indexrelid) from pg_index where indrelid = 't'::regclass
    union select t.typname || string_agg(e.enumlabel, ',' order by e.enumsortorder)
    from pg_type t join pg_enum e on e.enumtypid = t.oid group by t.typname
    order by 1
"""


def facts(project: Project) -> object:
    """All of a table, as its database writes it; without what is written anew in other words."""
    kind = project.database.kind
    if kind == "postgresql":
        return [re.sub(r"::[a-z ]+(\[\])?|[()]", "", line) for (line,) in project.database.run(POSTGRESQL)]
    if kind == "mariadb":
        ((_, text),) = project.database.run("show create table t")
        return sorted(re.sub(r",$| AUTO_INCREMENT=\d+", "", line) for line in text.splitlines())
    query = "select name, sql from sqlite_master where name not like 'whimbrel%' order by name"
    return [
        (name, (sql or "").replace('"', "").replace(" COLLATE BINARY", "").replace("CONSTRAINT t_pkey ", "").split())
        for name, sql in project.database.run(query)
    ]


def there_and_back(project: Project, before: str, after: str, table: str = TABLE) -> None:
    project.start(table.format(before))
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"
    schema = facts(project)
    project.app(table.format(after))
    project.ok("migrate", "-m", "after", "--no-rename")
    assert len(project.files()) == 2, "nothing was seen"
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"
    changed = facts(project)
    assert changed != schema
    project.ok("downgrade")
    assert facts(project) == schema
    project.ok("upgrade")
    assert facts(project) == changed


@pytest.mark.parametrize("what", [*CHANGES])
def test_a_change_is_seen_and_undone(project: Project, what: str):
    there_and_back(project, *CHANGES[what])


@pytest.mark.parametrize("what", [*KEYS])
def test_another_key(project: Project, what: str):
    there_and_back(project, *KEYS[what], table=KEY)


@on("mariadb")
@pytest.mark.parametrize("what", [*ON_MARIADB])
def test_on_mariadb(project: Project, what: str):
    there_and_back(project, *ON_MARIADB[what])


@on("sqlite")
@pytest.mark.parametrize("what", [*ON_SQLITE])
def test_on_sqlite(project: Project, what: str):
    there_and_back(project, *ON_SQLITE[what])


@on("sqlite", "postgresql")
@pytest.mark.parametrize("what", [*ON_TWO])
def test_conditions(project: Project, what: str):
    there_and_back(project, *ON_TWO[what])


@on("postgresql")
@pytest.mark.parametrize("what", [*ON_POSTGRESQL])
def test_on_postgresql(project: Project, what: str):
    is_newer = what.startswith("a domain") or ("constraint" in what and "included" in what)
    if is_newer and tuple(int(part) for part in sa.__version__.split(".")[:3]) < (2, 0, 41):
        pytest.skip("this release of SQLAlchemy does not know of that")
    there_and_back(project, *ON_POSTGRESQL[what])


@on("postgresql")
@pytest.mark.parametrize("index", ["sa.text(\"(x like 'a%')\")", "sa.collate(x, 'C')", "sa.func.lower(x)"])
def test_an_index_over_an_expression_stays_what_it_is(project: Project, index: str):
    project.start(TABLE.format(f"x = sa.Column(sa.String(9))\n    __table_args__ = (sa.Index('i', {index}),)"))
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"


def test_a_renamed_column_keeps_all_it_has(project: Project):
    project.start(TABLE.format("x = sa.Column(sa.String(20), nullable=False, server_default='q')"))
    project.ok("upgrade")
    project.app(TABLE.format("y = sa.Column(sa.String(20), nullable=False, server_default='q')"))
    project.ok("migrate", "--rename", "t.x:y")
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"
    project.database.run("insert into t (id) values (1)")
    assert project.database.rows("t") == [(1, "q")]


def test_a_renamed_key_goes_on_counting(project: Project):
    project.start(TABLE.format("k = sa.Column(sa.Integer)"))
    project.ok("upgrade")
    project.database.run("insert into t (k) values (1)")
    project.app(TABLE.format("k = sa.Column(sa.Integer)").replace("    id =", "    number ="))
    project.ok("migrate", "--rename", "t.id:number")
    project.ok("upgrade")
    project.database.run("insert into t (k) values (2)")
    assert project.database.run("select number, k from t order by 1") == [(1, 1), (2, 2)]


BY_HAND = """
class T(db.Model):
    __tablename__ = "t"
    id = sa.Column(sa.Integer, primary_key=True)
    x = sa.Column(sa.Integer{})
    up = sa.Column(sa.ForeignKey("t.id", ondelete="CASCADE", onupdate="SET NULL", deferrable=True, initially="DEFERRED"))
    on = sa.Column(sa.ForeignKey("t.id"))
"""


@on("sqlite")
def test_a_table_that_somebody_wrote_by_hand(project: Project):
    project.app("")
    project.ok("init")
    key = "references t(id) on delete cascade on update set null deferrable initially deferred"
    table = f'create table t (id integer primary key, x int, up int {key}, "on" int references t)'
    project.revision(f"op.execute({table!r})")
    project.ok("upgrade")
    project.app(BY_HAND.format(""))
    assert project.ok("check").out == "No new upgrade operations detected.\n"
    project.database.run("insert into t (id, x) values (7, 8)")
    project.app(BY_HAND.format(", nullable=False").replace("CASCADE", "RESTRICT"))
    project.ok("migrate")
    project.ok("upgrade")
    project.ok("check")
    project.ok("downgrade")
    ((text,),) = project.database.run("select sql from sqlite_master where name = 't'")
    assert "ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED" in text
    assert project.database.rows("t") == [(7, 8, None, None)]


@on("sqlite")
def test_a_column_without_a_type(project: Project):
    project.app("")
    project.ok("init")
    project.revision("op.execute('create table t (id integer primary key, x, y)')")
    project.ok("upgrade")
    project.database.run("insert into t values (1, 'x', x'00')")
    project.app(KEY.format("id = sa.Column(sa.Integer, primary_key=True)\n    z = sa.Column(sa.String(9))"))
    project.ok("migrate", "--rename", "t.x:z")
    project.agreed("upgrade")
    assert project.database.rows("t") == [(1, "x")]
    project.ok("downgrade")
    assert project.database.run("select id, x, y from t") == [(1, "x", None)]


@on("mariadb")
def test_a_rename_written_by_others_keeps_all_a_column_has(project: Project):
    project.app("")
    project.ok("init")
    project.revision("op.execute(\"create table t (id int auto_increment primary key, x int not null default 7 comment 'c')\")")
    project.revision(
        'op.alter_column("t", "id", new_column_name="number", existing_type=sa.Integer())\n'
        'op.alter_column("t", "x", new_column_name="y", existing_type=sa.Integer())'
    )
    project.ok("upgrade")
    made = project.database.run("show create table t")[0][1]
    assert "`number` int(11) NOT NULL AUTO_INCREMENT" in made
    assert "`y` int(11) NOT NULL DEFAULT 7 COMMENT 'c'" in made


def test_a_naming_convention_is_followed_once(project: Project):
    project.start(NAMES.format() + TABLE.format("x = sa.Column(sa.Integer, unique=True)"))
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"
    assert "uq_t_x" in next(iter(project.files().values()))
    with_check = "x = sa.Column(sa.Integer, unique=True)\n    __table_args__ = (sa.CheckConstraint('x > {}', name='big'),)"
    for number in (1, 2):
        project.app(NAMES.format() + TABLE.format(with_check.format(number)))
        project.ok("migrate")
        project.ok("upgrade")
        assert project.ok("check").out == "No new upgrade operations detected.\n"
    project.ok("downgrade")


def test_a_value_of_the_new_type_fills_a_column(project: Project):
    project.start(TABLE.format("x = sa.Column(sa.Integer)"))
    project.ok("upgrade")
    project.database.run("insert into t values (1, 5)")
    project.database.run("insert into t values (2, null)")
    project.app(TABLE.format("x = sa.Column(sa.String(10), nullable=False)"))
    project.ok("migrate", "--fill", "t.x='n/a'")
    project.ok("upgrade")
    assert project.database.rows("t") == [(1, "5"), (2, "n/a")]


@on("sqlite")
def test_renames_and_fills_of_several_databases(project: Project):
    binds = f'app.config["SQLALCHEMY_BINDS"] = {{"other": "sqlite:///{project.folder}/other.db"}}'
    project.config = binds
    other = 'class O(db.Model):\n    __bind_key__ = "other"\n    id = sa.Column(sa.Integer, primary_key=True)\n    {}\n'
    project.start(TABLE.format("x = sa.Column(sa.Integer)") + other.format("a = sa.Column(sa.Integer)"))
    project.ok("upgrade")
    project.app(
        TABLE.format("y = sa.Column(sa.Integer)")
        + other.format("b = sa.Column(sa.Integer)\n    c = sa.Column(sa.Integer, nullable=False)")
    )
    project.refused("migrate", "--rename", "t.x:y", "--rename", "o.a:b", "--rename", "o.z:y", "--fill", "o.c=1", code=2).says(
        "o.z"
    )
    project.ok("migrate", "--rename", "t.x:y", "--rename", "o.a:b", "--fill", "o.c=1")
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"


@on("sqlite")
@pytest.mark.parametrize("other_name", ["x", "y", "z"])
def test_a_table_of_the_same_name_in_two_databases(project: Project, other_name: str):
    project.config = f'app.config["SQLALCHEMY_BINDS"] = {{"other": "sqlite:///{project.folder}/other.db"}}'
    other = TABLE.replace("class T", "class O").replace("    id =", '    __bind_key__ = "other"\n    id =')
    project.start(TABLE.format("x = sa.Column(sa.Integer)") + other.format("x = sa.Column(sa.Integer)"))
    project.ok("upgrade")
    project.database.run("insert into t (id, x) values (1, 5)")
    project.app(TABLE.format("y = sa.Column(sa.Integer)") + other.format(f"{other_name} = sa.Column(sa.Integer)"))
    project.ok("migrate", *(word for new in {"y", other_name} - {"x"} for word in ("--rename", f"t.x:{new}")))
    project.ok("upgrade")
    project.ok("check")
    assert project.database.run("select y from t") == [(5,)]


def test_defaults_that_shall_not_be_compared(project: Project):
    project.keywords = ", compare_server_default=False"
    project.start(TABLE.format("x = sa.Column(sa.Integer, server_default='1')"))
    project.ok("upgrade")
    project.app(TABLE.format("x = sa.Column(sa.Integer, server_default='2')"))
    assert project.ok("check").out == "No new upgrade operations detected.\n"


@on("mariadb")
def test_a_long_name_is_shortened(project: Project):
    name = "a_rather_long_name_of_a_table_that_fills_the_line"
    model = f'class P(db.Model):\n    __tablename__ = "{name}"\n    id = sa.Column(sa.Integer, primary_key=True)\n    {{}}\n'
    project.start(model.format(f'other_one_id = sa.Column(sa.ForeignKey("{name}.id"))'))
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"


@on("postgresql", "mariadb")
def test_a_check_without_a_name_that_says_something_else(project: Project):
    project.app("")
    project.ok("init")
    project.revision(UNNAMED)
    project.ok("upgrade")
    project.app(TABLE.format("v = sa.Column(sa.Integer)\n    __table_args__ = (sa.CheckConstraint('v > 1'),)"))
    project.ok("migrate")
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"
    found = sa.inspect(project.database.engine).get_check_constraints("t")
    assert [each["sqltext"].replace("`", "") for each in found] == ["v > 1"]


@on("sqlite")
def test_a_check_without_a_name_that_goes_is_told(project: Project):
    project.app("")
    project.ok("init")
    project.revision(UNNAMED)
    project.ok("upgrade")
    project.app(TABLE.format("v = sa.Column(sa.Integer)"))
    project.refused("check").says("the check (v > 0) has no name in the database")


PARENT = """
class P(db.Model):
    __tablename__ = "p"
    id = sa.Column(sa.{0}, primary_key=True, autoincrement=False)


class C(db.Model):
    __tablename__ = "c"
    id = sa.Column(sa.Integer, primary_key=True)
    p_id = sa.Column(sa.ForeignKey("p.id", ondelete="CASCADE"))
"""


@pytest.mark.parametrize("type_", ["BigInteger", "String(10)"])
def test_a_key_and_what_it_points_to_change_together(project: Project, type_: str):
    project.start(PARENT.format("Integer"))
    project.ok("upgrade")
    project.database.run("insert into p values (7)")
    project.database.run("insert into c values (1, 7)")
    project.app(PARENT.format(type_))
    project.ok("migrate")
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"
    assert [str(each) for row in project.database.rows("c") for each in row] == ["1", "7"]
    assert project.database.schema()["c"]["foreign keys"]


@on("postgresql")
def test_a_default_follows_its_value(project: Project):
    enum = "e = sa.Column(sa.Enum('a', {0!r}, name='ee'), server_default={0!r})"
    project.start(TABLE.format(enum.format("b")))
    project.ok("upgrade")
    project.app(TABLE.format(enum.format("c")))
    project.ok("migrate", "--rename", "ee.b:c")
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"
    project.ok("downgrade")
    project.database.run("insert into t (id) values (1)")
    assert project.database.run("select e::text from t") == [("b",)]


@on("postgresql")
def test_an_enum_type_where_its_model_says(project: Project):
    project.app("")
    project.ok("init")
    project.database.run("create schema s1")
    project.app(TABLE.format("e = sa.Column(sa.Enum('a', 'b', name='ee'))\n    __table_args__ = {'schema': 's1'}"))
    project.ok("migrate")
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"
    project.ok("downgrade", "base")


def test_a_value_goes_that_rows_have(project: Project):
    native = project.database.kind == "mariadb"
    enum = f"e = sa.Column(sa.Enum('a', {{0!r}}, name='ee', native_enum={native}))"
    project.start(TABLE.format(enum.format("b")))
    project.ok("upgrade")
    project.database.run("insert into t values (1, 'b')")
    project.app(TABLE.format(enum.format("c")))
    project.flask("check").exits(1)
    project.refused("migrate").says("1 row has 'b' in t.e", "UPDATE t SET e = … WHERE e = 'b'")
    project.database.run("update t set e = 'a'")
    project.ok("migrate")
    project.ok("upgrade")


@on("sqlite")
def test_many_questions_fit_on_a_screen(project: Project):
    def columns(word: str) -> str:
        return "\n    ".join(f"{word}_{n} = sa.Column(sa.String({n + 1}))" for n in range(40))

    project.start(TABLE.format(columns("old")))
    project.ok("upgrade")
    project.app(TABLE.format(columns("new")))
    result = project.refused("migrate").says("… and 30 more; --format json has all of them")
    assert len(result.text.splitlines()) < 25


@on("sqlite")
def test_a_changed_column_as_data(project: Project):
    project.start(TABLE.format("x = sa.Column(sa.String(5))"))
    project.ok("upgrade")
    project.app(TABLE.format("x = sa.Column(sa.String(9), nullable=False, server_default='a')"))
    (change,) = json.loads(project.flask("check", "--format", "json").out or "{}").get("operations", [{}])
    assert (change["modify_type"], change["modify_nullable"], change["modify_server_default"]) == ("VARCHAR(9)", False, "a")


DEPENDENTS = {
    "a condition": "__table_args__ = (sa.Index('i', 'z', postgresql_where=sa.text(\"e = 'a'\")),)",
    "a check": "__table_args__ = (sa.CheckConstraint(\"e = 'a' or z > 0\", name='c'),)",
    "a computed column with an index": "f = sa.Column(sa.Boolean, sa.Computed(\"e = 'a'\", persisted=True), index=True)",
    "nothing": "",
}


@on("postgresql")
@pytest.mark.parametrize("what", [*DEPENDENTS])
def test_what_uses_an_enum_type_uses_the_new_one(project: Project, what: str):
    columns = "z = sa.Column(sa.Integer)\n    e = sa.Column(sa.Enum({}, name='e'))\n    " + DEPENDENTS[what]
    there_and_back(project, columns.format("'a', 'b'"), columns.format("'b', 'a'"))


@on("postgresql")
def test_views_of_an_enum_column_stay(project: Project):
    columns = "e = sa.Column(sa.Enum({}, name='e'))"
    project.start(TABLE.format(columns.format("'a', 'b'")))
    project.ok("upgrade")
    project.revision("op.execute(\"CREATE VIEW known AS SELECT id FROM t WHERE e = 'a'\")", id="view", after=project.head)
    project.ok("upgrade")
    project.database.run("create view other as select e from t where e = 'a' or e in ('b')")
    project.database.run("insert into t values (1, 'a')")
    project.app(TABLE.format(columns.format("'b', 'a'")))
    project.ok("migrate")
    for command in ("upgrade", "downgrade", "upgrade"):
        project.ok(command)
        assert project.database.run("select * from known") == [(1,)]
        assert project.database.run("select * from other") == [("a",)]


@on("postgresql")
def test_a_domain_of_others_stays(project: Project):
    project.start(TABLE.format("x = sa.Column(sa.Integer)"))
    project.ok("upgrade")
    project.database.run("create domain few as int check (value < 9)")
    project.database.run("create table others (n few)")
    assert project.ok("check").out == "No new upgrade operations detected.\n"


NEEDED = {
    "the server's": "pass",
    "an index": "__table_args__ = (sa.Index('i', 'up'),)",
    "a longer index": "__table_args__ = (sa.Index('i', 'up', 'x'),)",
    "a unique index": "__table_args__ = (sa.Index('u', 'up', unique=True),)",
    "a unique constraint": "__table_args__ = (sa.UniqueConstraint('up', 'x'),)",
}


@on("mariadb")
@pytest.mark.parametrize(("before", "after"), list(permutations(NEEDED, 2)))
def test_another_index_for_a_foreign_key(project: Project, before: str, after: str):
    columns = "up = sa.Column(sa.ForeignKey('t.id', name='k'))\n    x = sa.Column(sa.Integer)\n    {}"
    there_and_back(project, columns.format(NEEDED[before]), columns.format(NEEDED[after]))
    project.ok("downgrade")
    project.ok("upgrade")


@on("mariadb")
def test_another_character_set_is_told_and_not_changed(project: Project):
    columns = "x = sa.Column(sa.String(9))\n    __table_args__ = {{'mysql_charset': '{}'}}"
    project.start(TABLE.format(columns.format("latin1")))
    project.ok("upgrade")
    project.app(TABLE.format(columns.format("utf8mb4")))
    assert "its character set is latin1, and utf8mb4 in the models" in project.flask("check").text


def test_a_foreign_key_comes_after_what_it_points_to(project: Project):
    models = """
class T(db.Model):
    __tablename__ = "t"
    id = sa.Column(sa.Integer, primary_key=True)
    y = sa.Column(sa.String(9){})

class A(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    y = sa.Column(sa.String(9){})
"""
    project.start(models.format("", ""))
    project.ok("upgrade")
    project.app(models.format(", unique=True", ", sa.ForeignKey('t.y')"))
    project.ok("migrate")
    for command in ("upgrade", "downgrade", "upgrade"):
        project.ok(command)
    assert project.ok("check").out == "No new upgrade operations detected.\n"


@on("sqlite")
def test_what_sqlite_cannot_do_otherwise_is_done_in_a_batch(project: Project):
    project.keywords = ", render_as_batch=False"
    columns = "x = sa.Column(sa.{})\n    y = sa.Column(sa.Integer)\n    __table_args__ = ({})"
    project.start(TABLE.format(columns.format("Integer", "sa.Index('i', 'y'),")))
    project.ok("upgrade")
    project.app(TABLE.format(columns.format("BigInteger", "sa.UniqueConstraint('x', name='u'),")))
    project.ok("migrate")
    assert "op.drop_index" in (text := "".join(project.files().values()))
    assert "batch_op.alter_column" in text
    for command in ("upgrade", "downgrade", "upgrade"):
        project.ok(command)
    assert project.ok("check").out == "No new upgrade operations detected.\n"


def test_an_index_without_columns_is_told(project: Project):
    project.start(TABLE.format("x = sa.Column(sa.Integer)"))
    project.ok("upgrade")
    project.app(TABLE.format("x = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('i'),)"))
    project.refused("check").says("index i: in the models it has no columns")


PAIRS = """
pairs = sa.Table("pairs", db.metadata, {}
    sa.Column("a", sa.Integer, sa.ForeignKey("t.id"), primary_key={}), sa.Column("b", sa.Integer{}, primary_key={}))

class T(db.Model):
    __tablename__ = "t"
    id = sa.Column(sa.Integer, primary_key=True)
"""


def test_a_table_of_pairs_gets_numbers(project: Project):
    project.start(PAIRS.format("", True, "", True))
    project.ok("upgrade")
    project.database.run("insert into t (id) values (7)")
    project.database.run("insert into pairs (a, b) values (7, 1), (7, 2)")
    numbers = "sa.Column('id', sa.Integer, primary_key=True),"
    project.app(PAIRS.format(numbers, "False, nullable=False", "", "False, nullable=False"))
    project.ok("migrate")
    for command in ("upgrade", "downgrade", "upgrade"):
        (project.agreed if command == "downgrade" else project.ok)(command)
        assert sorted(project.database.run("select a, b from pairs")) == [(7, 1), (7, 2)]
    project.database.run("insert into pairs (a, b) values (7, 2)")
    assert sorted(project.database.run("select id from pairs")) == [(1,), (2,), (3,)]
    assert project.ok("check").out == "No new upgrade operations detected.\n"


def test_a_key_gets_another_column(project: Project):
    project.start(TABLE.format(""))
    project.ok("upgrade")
    project.database.run("insert into t (id) values (7)")
    project.app(TABLE.format("tenant = sa.Column(sa.Integer, primary_key=True, autoincrement=False)"))
    assert "--fill t.tenant=" in project.refused("migrate").err
    project.ok("migrate", "--fill", "t.tenant=3")
    for command in ("upgrade", "downgrade", "upgrade"):
        (project.agreed if command == "downgrade" else project.ok)(command)
    assert project.database.run("select id, tenant from t") == [(7, 3)]
    assert project.ok("check").out == "No new upgrade operations detected.\n"


def test_a_foreign_key_follows_a_key_that_gets_another_column(project: Project):
    models = """
class T(db.Model):
    __tablename__ = "t"
    a = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
    b = sa.Column(sa.Integer, nullable=False{})

class A(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    x = sa.Column(sa.Integer)
    y = sa.Column(sa.Integer)
    __table_args__ = (sa.ForeignKeyConstraint({}),)
"""
    project.start(models.format("", '["x"], ["t.a"]'))
    project.ok("upgrade")
    project.database.run("insert into t (a, b) values (1, 2)")
    project.database.run("insert into a (id, x, y) values (1, 1, 2)")
    project.app(models.format(", primary_key=True, autoincrement=False", '["x", "y"], ["t.a", "t.b"]'))
    project.ok("migrate")
    for command in ("upgrade", "downgrade", "upgrade"):
        project.ok(command)
    assert project.ok("check").out == "No new upgrade operations detected.\n"
    assert project.database.rows("a") == [(1, 1, 2)]


@pytest.mark.parametrize(("before", "after"), [("'x', 'y'", "'y', 'x'"), ("'x', 'y', name='u'", "'x', 'y', name='v'")])
def test_what_a_foreign_key_points_to_comes_back_in_another_way(project: Project, before: str, after: str):
    models = """
class T(db.Model):
    __tablename__ = "t"
    id = sa.Column(sa.Integer, primary_key=True)
    x = sa.Column(sa.Integer)
    y = sa.Column(sa.Integer)
    __table_args__ = (sa.UniqueConstraint({}),)

class A(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    x = sa.Column(sa.Integer)
    y = sa.Column(sa.Integer)
    __table_args__ = (sa.ForeignKeyConstraint(["x", "y"], ["t.x", "t.y"], name="k"),)
"""
    if project.database.kind == "mariadb" and "name" not in before:
        models = models.replace("primary_key=True)\n    x", "primary_key=True)\n    x", 1)
        models = models.replace("(sa.UniqueConstraint({}),)", "(sa.UniqueConstraint({}), sa.Index('i', 'x', 'y'))")
    project.start(models.format(before))
    project.ok("upgrade")
    project.app(models.format(after))
    project.ok("migrate")
    for command in ("upgrade", "downgrade", "upgrade"):
        project.ok(command)
    assert project.ok("check").out == "No new upgrade operations detected.\n"


@on("mariadb", "postgresql")
def test_a_foreign_key_keeps_its_name_with_another_column(project: Project):
    columns = "x = sa.Column(sa.Integer)\n    y = sa.Column(sa.Integer)\n"
    key = "    __table_args__ = (sa.ForeignKeyConstraint(['{}'], ['t.id'], name='k'),)"
    there_and_back(project, columns + key.format("x"), columns + key.format("y"))


def test_checks_without_names(project: Project):
    columns = "x = sa.Column(sa.Integer)\n    y = sa.Column(sa.Integer)\n    __table_args__ = ({})"
    one, two, three = (f"sa.CheckConstraint('{text}')," for text in ("x < y", "y < 5 or x < 5", "x + y < 9"))
    named = "sa.CheckConstraint('x > 0 or y > 0', name='positive'),"
    there_and_back(project, columns.format(named + one), columns.format(named + one + two + three))


FUNCTION = """op.create_table(
    "t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("v", sa.String(9)), sa.CheckConstraint("length(v) > 1")
)"""
VALUES = """op.create_table(
    "t",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("v", sa.Enum("r", "b", native_enum=False, create_constraint=True), nullable=True),
)"""


@on("postgresql", "mariadb")
@pytest.mark.parametrize(
    ("body", "column", "value"),
    [
        (FUNCTION, "sa.String(9), sa.CheckConstraint('length(v) > 2')", "xx"),
        (VALUES, "sa.Enum('r', 'b', 'g', native_enum=False, create_constraint=True)", "y"),
    ],
)
def test_a_check_of_others_that_says_something_else(project: Project, body: str, column: str, value: str):
    project.app("")
    project.ok("init")
    project.revision(body, id="aaaa")
    project.ok("upgrade")
    project.app(TABLE.format(f"v = sa.Column({column})"))
    project.ok("migrate")
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"
    project.database.run("insert into t (id, v) values (1, :value)", value={"xx": "xxx", "y": "g"}[value])
    with pytest.raises(sa.exc.DBAPIError):
        project.database.run("insert into t (id, v) values (2, :value)", value=value)
    project.database.run("delete from t")
    project.ok("downgrade")


@on("sqlite")
def test_a_unique_constraint_of_others_goes(project: Project):
    project.app("")
    project.ok("init")
    project.revision(
        'op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Integer, unique=True))',
        id="aaaa",
    )
    project.ok("upgrade")
    project.app(TABLE.format("x = sa.Column(sa.Integer)"))
    project.ok("migrate")
    project.ok("upgrade")
    project.database.run("insert into t (x) values (1), (1)")
    assert project.ok("check").out == "No new upgrade operations detected.\n"


@pytest.mark.parametrize("length", [32, 36])
@on("postgresql")
def test_a_text_of_digits_becomes_a_uuid_and_again_a_text(project: Project, length: int):
    project.start(TABLE.format(f"x = sa.Column(sa.String({length}))"))
    digits = "0123456789abcdef0123456789abcdef"
    text = digits if length == 32 else "01234567-89ab-cdef-0123-456789abcdef"
    project.database.run("insert into t (id, x) values (1, :text)", text=text)
    project.app(TABLE.format("x = sa.Column(sa.Uuid)"))
    project.ok("migrate")
    project.ok("upgrade")
    assert [str(value) for _, value in project.database.rows("t")] == ["01234567-89ab-cdef-0123-456789abcdef"]
    project.ok("downgrade")
    assert project.database.rows("t") == [(1, text)]
