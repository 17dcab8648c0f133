"""After upgrading ``check`` is clean, for every form of type, default and constraint that a model may have."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa

from kit import Project, on

EVERY = """
sa.BigInteger
sa.Boolean
sa.Boolean(create_constraint=True, name="is_it")
sa.Date
sa.DateTime
sa.DateTime(timezone=True)
sa.Double
sa.Enum("a", "b", name="letter")
sa.Enum("a", "it's", name="quoted")
sa.Enum("a", "bcd", native_enum=False)
sa.Enum("a", "bcd", native_enum=False, create_constraint=True, name="checked")
sa.Float
sa.Float(53)
sa.Integer
sa.Interval
sa.JSON
sa.LargeBinary
sa.Numeric
sa.Numeric(12, 4)
sa.PickleType
sa.SmallInteger
sa.String(40)
sa.Text
sa.Time
sa.Unicode(30)
sa.UnicodeText
sa.Uuid
sa.CHAR(5)
sa.VARCHAR(7)
sa.TIMESTAMP
sa.String(10).with_variant(sa.Text, "postgresql")
sa.Integer, server_default="5"
sa.Integer, server_default=sa.text("7")
sa.Integer, server_default=sa.text("(1 + 2)")
sa.Numeric(8, 2), server_default="1.50"
sa.Float, server_default=sa.text("0.5")
sa.Boolean, server_default=sa.true()
sa.Boolean, server_default=sa.false(), nullable=False
sa.String(20), server_default="plain"
sa.String(20), server_default="it's"
sa.String(20), server_default=""
sa.String(20), server_default="(x)"
sa.String(20), server_default="%d%%"
sa.Text, server_default=sa.text("'long: text'")
sa.DateTime, server_default=sa.func.now()
sa.DateTime, server_default=sa.text("CURRENT_TIMESTAMP")
sa.DateTime, server_default=sa.func.current_timestamp(), nullable=False
sa.Date, server_default=sa.text("'2026-01-02'")
sa.Enum("a", "b", name="defaulted"), server_default="b"
sa.Integer, unique=True
sa.Integer, unique=True, nullable=False
sa.Integer, index=True
sa.String(30), unique=True, index=True
sa.Integer, sa.ForeignKey("other.id")
sa.Integer, sa.ForeignKey("other.id", ondelete="CASCADE", name="fk_named")
sa.Integer, sa.ForeignKey("other.id", ondelete="SET NULL", onupdate="CASCADE"), index=True
sa.Integer, sa.ForeignKey("thing.id")
sa.Integer, sa.CheckConstraint("value > 0")
sa.Integer, sa.CheckConstraint("value > 0 and value <> 13", name="ck_value")
sa.String(9), sa.CheckConstraint("value in ('a', 'b', 'it''s')", name="ck_in")
sa.String(9), sa.CheckConstraint("length(value) between 2 and 5 or value is null", name="ck_length")
sa.String(9), sa.CheckConstraint("value like 'a%'", name="ck_like")
sa.Integer, sa.Computed("n * 2")
sa.LargeBinary(100)
sa.Interval(second_precision=3)
sa.Float(precision=53)
sa.Float(precision=20)
sa.Integer, sa.Computed("n + 1", persisted=True)
sa.Integer, comment="what it's for: 100%"
"""
POSTGRESQL = """
postgresql.ARRAY(sa.Integer)
postgresql.ARRAY(sa.String(5)), server_default=sa.text("'{}'")
postgresql.ARRAY(sa.Enum("x", "y", name="in_array"))
postgresql.JSONB, server_default=sa.text("'{}'::jsonb")
postgresql.UUID, server_default=sa.text("gen_random_uuid()")
postgresql.INET
postgresql.TSVECTOR
postgresql.INT4RANGE
postgresql.BYTEA
postgresql.DOUBLE_PRECISION
postgresql.ENUM("x", "y", name="own_enum"), server_default="y"
sa.Integer, sa.Identity()
sa.Integer, sa.Identity(always=True, start=10)
sa.DateTime(timezone=True), server_default=sa.text("now() + interval '1 day'")
sa.String(10, collation="C")
sa.Date, server_default=sa.text("CURRENT_DATE")
sa.Integer, server_default=sa.text("(random() * 10)::int")
sa.String, sa.CheckConstraint("value ~ '^[a-z]+$'", name="ck_regex")
sa.Integer, sa.CheckConstraint("value::text <> 'x'", name="ck_cast")
"""
MARIADB = """
mysql.TINYINT(1)
mysql.INTEGER(unsigned=True)
mysql.DATETIME(fsp=6)
mysql.LONGTEXT
mysql.BLOB(5)
sa.LargeBinary(70000)
sa.Text(70000)
sa.NCHAR(5)
sa.NVARCHAR(5)
mysql.VARCHAR(5, national=True)
sa.REAL
mysql.MEDIUMBLOB
mysql.YEAR
mysql.SET("a", "b")
mysql.VARCHAR(20, charset="latin1")
sa.TIMESTAMP, server_default=sa.text("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"), nullable=False
"""
SQLITE = """
sqlite.DATETIME(storage_format="%(year)04d%(month)02d%(day)02d")
sa.CLOB
sa.VARBINARY(10)
sa.BINARY(4)
sa.DOUBLE_PRECISION
sa.String(10, collation="NOCASE")
"""
FORMS = {"sqlite": EVERY + SQLITE, "postgresql": EVERY + POSTGRESQL, "mariadb": EVERY + MARIADB}
OTHER = """
class Other(db.Model):
    id = db.Column(db.Integer, primary_key=True)
"""
KEY = "id = sa.Column(sa.Integer, primary_key=True)\n    "
TABLES = {
    "a composite key": "a = sa.Column(sa.Integer, primary_key=True)\n    b = sa.Column(sa.String(9), primary_key=True)",
    "a key without numbers": "a = sa.Column(sa.Integer, primary_key=True, autoincrement=False)",
    "a key that is said to be unique": "a = sa.Column(sa.Integer, primary_key=True, unique=True)",
    "unique, said twice": KEY
    + "a = sa.Column(sa.Integer, unique=True)\n    __table_args__ = (sa.UniqueConstraint('a', name='uq'),)",
    "a text as key": "a = sa.Column(sa.String(30), primary_key=True)",
    "a composite unique constraint": KEY
    + "a = sa.Column(sa.Integer)\n    b = sa.Column(sa.Integer)\n    __table_args__ = (sa.UniqueConstraint('a', 'b'),)",
    "an index in descending order": KEY + "a = sa.Column(sa.Integer)\n    __table_args__ = (sa.Index('ix_desc', sa.desc('a')),)",
    "an index whose order is a text": KEY
    + "a = sa.Column(sa.Integer)\n    b = sa.Column(sa.Integer)\n"
    + "    __table_args__ = (sa.Index('ix_words', 'b', sa.text('a DESC')),)",
    "a composite key to itself": "a = sa.Column(sa.Integer, primary_key=True)\n    b = sa.Column(sa.Integer, primary_key=True)\n"
    "    c = sa.Column(sa.Integer)\n    d = sa.Column(sa.Integer)\n"
    "    __table_args__ = (sa.ForeignKeyConstraint(['c', 'd'], ['table.a', 'table.b']),)",
    "odd names": "id = sa.Column('the id', sa.Integer, primary_key=True)\n"
    "    b = sa.Column('a b', sa.String(9), index=True, unique=True)\n"
    "    c = sa.Column('Mixed', sa.Integer, server_default='3')\n    d = sa.Column('order', sa.Integer)",
    "a comment in the options": KEY + "__table_args__ = {'mysql_comment': 'x', 'mariadb_engine': 'Aria'}",
    "a comment": KEY + "__table_args__ = {'comment': \"what it's for\"}",
}


def is_clean(project: Project) -> None:
    project.ok("init")
    project.ok("migrate", "-m", "first")
    project.ok("upgrade")
    project.ok("check").says("No new upgrade operations detected.")
    project.ok("downgrade")
    assert project.database.tables() == []
    project.ok("upgrade")
    project.ok("check")


def test_many_columns(project):
    """All forms at once: each is a table of its own."""
    kind = project.database.kind
    models = ["from sqlalchemy.dialects import mysql, postgresql, sqlite", OTHER]
    for number, form in enumerate(form for form in FORMS[kind].splitlines() if form and is_possible(form, kind)):
        text = form.replace("thing.id", f"thing{number}.id").replace('name="', f'name="n{number}_')
        models.append(
            f"class Thing{number}(db.Model):\n    __tablename__ = 'thing{number}'\n"
            f"    id = db.Column(db.Integer, primary_key=True)\n    n = db.Column(db.Integer)\n    value = db.Column({text})"
        )
    project.app("\n\n".join(models))
    is_clean(project)


def is_possible(form: str, kind: str) -> bool:
    """MariaDB wants a length, and has no default of its own for some types."""
    if kind == "mariadb" and ("sa.Float(53)" in form or ("check" in form and "JSON" in form)):
        return False
    if kind != "postgresql":
        return not form.startswith("sa.Integer, sa.Computed") or "persisted" in form
    return not ("Computed" in form and "persisted" not in form)


@pytest.mark.parametrize("name", TABLES)
def test_a_table(project, name):
    project.app(f"class Table(db.Model):\n    __tablename__ = 'table'\n    {TABLES[name]}")
    is_clean(project)


@on("sqlite", "mariadb")
def test_what_is_computed_from_what_is_computed(project):
    columns = "a = sa.Column(sa.Integer)\n    b = sa.Column(sa.Integer, sa.Computed('a * 2', persisted=True))\n    "
    columns += "c = sa.Column(sa.Integer, sa.Computed('b + 1', persisted=True))"
    project.app(f"class Table(db.Model):\n    __tablename__ = 'table'\n    {KEY}{columns}")
    is_clean(project)


def test_more_tables_than_alembic_reads_one_by_one(project):
    models = (f"class T{n}(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n" for n in range(120))
    project.app("\n".join(models))
    with project.loaded.app.app_context():
        project.loaded.db.create_all()
    project.ok("init")
    project.ok("check").says("No new upgrade operations detected.")


def test_as_many_queries_for_many_tables_as_for_few(project):
    counts = []
    for tables in (3, 30):
        models = (
            f"class T{n}(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
            f"    x = db.Column(db.String(20), index=True, unique=True)\n    y = db.Column(db.ForeignKey('t{n}.id'))\n"
            for n in range(tables)
        )
        project.app("\n".join(models))
        with project.loaded.app.app_context():
            project.loaded.db.create_all()
        if not counts:
            project.ok("init")
        count: list[object] = []
        listener = partial(note, count)
        sa.event.listen(sa.Engine, "before_cursor_execute", listener)
        try:
            project.ok("check").says("No new upgrade operations detected.")
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", listener)
        counts.append(len(count))
    more = 27 if project.database.kind == "mariadb" else 0  # a SHOW CREATE TABLE each: nothing else tells all of a table
    assert counts[1] - counts[0] == more


def note(count, *args):
    count.append(args[2])
