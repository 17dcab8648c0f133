"""What a plan shows of statements that revisions execute in their own ways."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest

from kit import Project, on
from whimbrel.dialects import dialect_of

READS = "it reads from the database; what comes after it is not known either"
ORM = """
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

class Base(DeclarativeBase): ...

class Pet(Base):
    __tablename__ = "pet"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

class Toy(Base):
    __tablename__ = "toy"
    id: Mapped[int] = mapped_column(primary_key=True)
    pet_id: Mapped[int]
    name: Mapped[str] = mapped_column(default="ball")

"""


@pytest.fixture
def pets(project: Project) -> Project:
    project.app("")
    project.ok("init")
    project.revision(
        """
        op.create_table("pet", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))
        op.create_table("toy", sa.Column("id", sa.Integer, primary_key=True), sa.Column("pet_id", sa.Integer),
            sa.Column("name", sa.String(50)))
        """,
        id="aaaa",
    )
    project.ok("upgrade")
    project.database.run("insert into pet values (100, 'Rex')")
    return project


def planned(project: Project, up: str) -> dict[str, Any]:
    project.revision(up, id="bbbb")
    return json.loads(project.ok("plan", "--format", "json").out)[0]["revisions"][0]


def steps(project: Project, up: str) -> list[dict[str, Any]]:
    return planned(project, up)["steps"]


def sql(project: Project, up: str) -> list[str]:
    """The statements of a plan, of which all were seen; without what a dialect writes behind a parameter."""
    found = steps(project, up)
    assert [each["not_seen"] for each in found if each["not_seen"]] == []
    listed = [" ".join(text.split()) for each in found for text in each["sql"]]
    return [re.sub(r"::\w+| RETURNING .*", "", text) for text in listed]


def where(project: Project, text: str) -> str:
    """The place of a text in the revision."""
    path = project.versions / "bbbb_by_hand.py"
    lines = path.read_text(encoding="utf-8").splitlines()
    return f"migrations/versions/{path.name}:{next(n for n, line in enumerate(lines, 1) if text in line)}"


def test_rows_of_columns_without_types(pets):
    up = """
    t = sa.table("pet", sa.column("id"), sa.column("name"))
    op.bulk_insert(t, [{"id": 2, "name": "O'Malley"}, {"id": 3, "name": None}])
    op.bulk_insert(t, [])
    op.execute(t.update().where(t.c.id > 1).values(name="Tom"))
    op.execute(t.delete().where(t.c.id.in_([4, 5])))
    """
    assert sql(pets, up) == [
        "INSERT INTO pet (id, name) VALUES (2, 'O''Malley')",
        "INSERT INTO pet (id, name) VALUES (3, NULL)",
        "UPDATE pet SET name='Tom' WHERE pet.id > 1"
        if "pet.id" in pets.ok("plan").out
        else "UPDATE pet SET name='Tom' WHERE id > 1",
        "DELETE FROM pet WHERE pet.id IN (4, 5)",
    ]
    pets.ok("plan").says("pet: 0 rows added")
    pets.ok("upgrade")


def test_many_rows_are_a_few_lines(pets):
    up = """
    t = sa.table("pet", sa.column("id", sa.Integer), sa.column("name", sa.String))
    op.bulk_insert(t, [{"id": n, "name": "x"} for n in range(10, 1010)])
    """
    assert len(sql(pets, up)) == 1000
    assert [line for line in pets.ok("plan").out.splitlines() if "INSERT" in line or "more" in line][-1] == "  … and 997 more"
    assert pets.ok("plan", "--sql").out.count("INSERT") == 1000


def test_percent_signs_and_colons_are_as_the_server_gets_them(pets):
    up = r"""
    op.add_column("pet", sa.Column("share", sa.String(10), server_default="5%"))
    op.execute("UPDATE pet SET name = '100% at 12\\:30' WHERE id = 7")
    op.execute(sa.text("UPDATE pet SET name = :name WHERE id = 7").bindparams(name="a:b %"))
    op.get_bind().execute(sa.text("UPDATE pet SET name = '50%' WHERE name = :name"), {"name": "%x"})
    """
    assert sql(pets, up) == [
        "ALTER TABLE pet ADD COLUMN share VARCHAR(10) DEFAULT '5%'",
        "UPDATE pet SET name = '100% at 12:30' WHERE id = 7",
        "UPDATE pet SET name = 'a:b %' WHERE id = 7",
        "UPDATE pet SET name = '50%' WHERE name = '%x'",
    ]
    pets.ok("upgrade")


def test_a_colon_that_is_taken_for_a_parameter(pets):
    up = """op.execute('UPDATE pet SET name = \\'{"a":true}\\'')"""
    assert steps(pets, up)[-1]["sql"] == ["UPDATE pet SET name = '{\"a\":true}'"]
    pets.refused("upgrade").says("This would fail", "A value is required for bind parameter 'true'", where(pets, "op.execute"))


@on("sqlite", "postgresql")
def test_a_text_that_sqlalchemy_would_not_execute(pets):
    found = steps(pets, "op.get_bind().execute('DELETE FROM pet')")
    assert found[-1]["not_seen"].startswith("ObjectNotExecutableError: Not an executable object: 'DELETE FROM pet'")
    assert found[-1]["place"] == where(pets, "get_bind")


@pytest.mark.parametrize(
    ("up", "why"),
    [
        ("op.alter_column('pet', 'name', nullable=False)", 'near "ALTER": syntax error'),
        ("op.create_unique_constraint('u', 'pet', ['name'])", "No support for ALTER of constraints in SQLite dialect"),
        ("op.drop_constraint('u', 'pet', type_='unique')", "No support for ALTER of constraints in SQLite dialect"),
        ("op.create_table_comment('pet', 'x')", 'near "COMMENT": syntax error'),
        ("op.execute('TRUNCATE pet')", 'near "TRUNCATE": syntax error'),
        ("op.execute('ALTER TABLE pet ALTER COLUMN name TYPE TEXT')", 'near "ALTER": syntax error'),
    ],
)
@on("sqlite")
def test_what_sqlite_has_no_statement_for(pets, up, why):
    pets.revision(up, id="bbbb")
    pets.ok("plan").says("danger", why, where(pets, "op."))
    pets.refused("upgrade").says("This would fail", why)
    assert pets.flask("upgrade", "--accept", "statement-fails:bbbb").exits(1).says(why).text.count("This would fail") == 0


@on("sqlite")
def test_what_may_fail_is_none(pets):
    up = """
    import contextlib
    try:
        op.create_unique_constraint("u", "pet", ["name"])
    except NotImplementedError:
        pass
    with contextlib.suppress(NotImplementedError):
        op.create_unique_constraint("u", "pet", ["name"])
    """
    pets.revision(up, id="bbbb")
    assert "statement-fails" not in pets.ok("plan").out
    pets.ok("upgrade")


def test_nobody_speaks_for_another_sqlite_than_that_of_python():
    refuses, words = dialect_of("sqlite").refuses, "ALTER TABLE pet ALTER COLUMN name TYPE TEXT"
    other = SimpleNamespace(driver="pysqlite", dbapi=SimpleNamespace(sqlite_version_info=(99, 0, 0)))
    assert refuses(words, SimpleNamespace(driver="pysqlite", dbapi=None)) == 'near "ALTER": syntax error'
    assert refuses(words, other) is refuses(words, SimpleNamespace(driver="libsql", dbapi=None)) is None


@on("sqlite")
def test_the_other_way_is_seen_where_the_first_one_fails(pets):
    up = """
    try:
        op.drop_constraint("u", "pet", type_="unique")
    except NotImplementedError:
        op.drop_table("pet")
    """
    pets.revision(up, id="bbbb")
    assert "u dropped" not in pets.ok("plan").says("DROP TABLE pet", "drop-table-loses-data:pet").out


@on("sqlite")
def test_what_a_helper_tries_may_fail(pets, monkeypatch):
    (pets.folder / "helping.py").write_text("def attempt(what):\n    try:\n        what()\n    except Exception:\n        pass\n")
    monkeypatch.syspath_prepend(str(pets.folder))
    up = """
    from helping import attempt
    def also(what):
        try:
            what()
        except Exception:
            pass
    for each in (attempt, also):
        each(lambda: op.create_unique_constraint("u", "pet", ["name"]))
        each(lambda: op.execute("ALTER TABLE pet ALTER COLUMN name TYPE TEXT"))
    """
    pets.revision(up, id="bbbb")
    assert "statement-fails" not in pets.ok("plan").out
    pets.ok("upgrade")


@on("mariadb")
def test_what_alembic_needs_to_know_for_mysql(pets):
    pets.revision("op.alter_column('pet', 'name', nullable=False)\nop.drop_column('toy', 'name')", id="bbbb")
    words = "All MySQL CHANGE/MODIFY COLUMN operations require the existing type."
    pets.ok("plan").says(f"danger  {words}  [statement-fails:bbbb]", "ALTER TABLE toy DROP COLUMN name")
    pets.refused("upgrade").says("This would fail")


@on("sqlite")
def test_a_batch_needs_none(pets):
    up = """
    with op.batch_alter_table("pet") as batch:
        batch.alter_column("name", nullable=False)
        batch.create_unique_constraint("u", ["name"])
        batch.add_column(sa.Column("at", sa.DateTime, server_default=sa.func.now()))
    op.rename_table("toy", "thing")
    op.drop_column("thing", "name")
    op.create_index("ix", "thing", ["pet_id"])
    """
    pets.revision(up, id="bbbb")
    assert "statement-fails" not in pets.ok("plan").out
    pets.ok("upgrade")


def test_a_flush_of_new_objects(pets):
    up = (
        ORM
        + """
with Session(op.get_bind()) as session:
    session.add(Pet(id=2, name="Tom"))
    pet = Pet(name="Jerry")
    session.add(pet)
    session.flush()
    print("new:", pet.id)
    session.add(Toy(pet_id=pet.id, name="mouse"))
    session.add_all([Toy(pet_id=2) for _ in range(3)])
    session.execute(sa.update(Pet).values(name="all"))
    session.query(Pet).filter(Pet.name == "Rex").delete()
    session.commit()
"""
    )
    found = sql(pets, up)
    assert {each for each in found if "pet (" in each} <= {
        "INSERT INTO pet (id, name) VALUES (2, 'Tom')",
        "INSERT INTO pet (id, name) VALUES (:id, :name)",
        "INSERT INTO pet (name) VALUES ('Jerry')",
        "INSERT INTO pet (name) VALUES (:name)",
    }
    assert any(each == "INSERT INTO toy (pet_id, name) VALUES (:pet_id, :name)" for each in found)
    assert found[-2:] == ["UPDATE pet SET name='all'", "DELETE FROM pet WHERE pet.name = 'Rex'"]
    pets.ok("upgrade")
    assert len(pets.database.rows("toy")) == 4


@pytest.mark.parametrize(
    "question", ["pet.id > 5", "bool(pet.id)", "[x for x in range(pet.id)]", "pet.id + 1", "{7: 1}[int(pet.id)]", "pet.born"]
)
@on("sqlite", "postgresql")
def test_a_value_that_only_the_database_gives_decides_nothing(pets, question):
    born = "    born: Mapped[int] = mapped_column(default=lambda: 5)"
    flush = ["session = Session(op.get_bind())", "pet = Pet(name='Jerry')", "session.add(pet)", "session.flush()", question]
    up = ORM.replace("    name: Mapped[str]\n", f"    name: Mapped[str]\n{born}\n", 1) + "\n".join(flush)
    found = steps(pets, up)
    assert found[-1]["not_seen"] == READS
    assert found[-1]["place"] == where(pets, question)


def test_how_many_rows_it_was_may_be_printed(pets):
    up = """
    done = op.get_bind().execute(sa.text("DELETE FROM pet WHERE id = 1"))
    print(f"deleted {done.rowcount:,} rows")
    op.execute("UPDATE pet SET name = 'x' WHERE id = 3")
    """
    assert sql(pets, up) == ["DELETE FROM pet WHERE id = 1", "UPDATE pet SET name = 'x' WHERE id = 3"]


def test_and_decides_nothing(pets):
    up = """
    if op.get_bind().execute(sa.text("DELETE FROM pet WHERE id = 1")).rowcount:
        op.drop_table("toy")
    """
    found = steps(pets, up)
    assert (found[-1]["not_seen"], found[-1]["place"]) == (READS, where(pets, "if op"))


@on("sqlite", "postgresql")
def test_the_key_of_a_new_row_goes_into_the_next_one(pets):
    up = """
    pet = sa.table("pet", sa.column("id", sa.Integer), sa.column("name", sa.String))
    pet = sa.Table("pet", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String))
    toy = sa.table("toy", sa.column("pet_id", sa.Integer), sa.column("name", sa.String))
    bind = op.get_bind()
    key = bind.execute(pet.insert().values(name="x")).inserted_primary_key[0]
    bind.execute(toy.insert().values(pet_id=key, name="y"))
    assert bind.execute(pet.insert().values(id=9, name="x")).inserted_primary_key == (9,)
    """
    assert sql(pets, up) == [
        "INSERT INTO pet (name) VALUES ('x')",
        "INSERT INTO toy (pet_id, name) VALUES (:pet_id, :name)",
        "INSERT INTO pet (id, name) VALUES (9, 'x')",
    ]


def test_what_is_not_in_one_transaction_is_told(pets):
    up = """
    op.add_column("pet", sa.Column("age", sa.Integer))
    with op.get_context().autocommit_block():
        op.create_index("ix", "pet", ["age"])
    op.execute("UPDATE pet SET name = 'x' WHERE id = 3")
    """
    found = planned(pets, up)
    undone = [each["in_transaction"] for each in found["steps"]]
    assert undone == [pets.database.kind != "mariadb", False, True]
    assert not found["in_transaction"]
    pets.ok("plan").says("upgrade  bbbb  by hand  (not in one transaction)")


def test_what_is_in_one_transaction_is_not(pets):
    found = planned(pets, "op.add_column('pet', sa.Column('age', sa.Integer))")
    assert found["in_transaction"]
    assert "transaction" not in pets.ok("plan").out


@on("postgresql", "mariadb")
def test_changes_of_rows_lock_those_rows(pets):
    pets.revision("op.execute(\"UPDATE pet SET name = 'x' WHERE name LIKE 'R%'\")", id="bbbb")
    pets.ok("plan").says("locks the rows that it changes in pet (1 row, ", "in all), for a moment")


def test_what_was_not_seen_is_said_once(pets):
    pets.revision("if op.get_bind().scalar(sa.text('select 1')):\n    op.drop_table('toy')", id="bbbb")
    said = pets.ok("plan").out
    assert said.count("it reads from the database") == 1
    assert where(pets, "if op") in said
    pets.ok("review", "--accept", "not-seen:bbbb", "--because", "read")
    pets.ok("plan").says("accepted", where(pets, "if op"))


OWN = """
from alembic.operations import MigrateOperation, Operations

@Operations.register_operation("retire")
class Retire(MigrateOperation):
    def __init__(self, name):
        self.name = name

    @classmethod
    def retire(cls, operations, name):
        return operations.invoke(cls(name))

@Operations.implementation_for(Retire)
def retire(operations, operation):
    operations.drop_column(operation.name, "name")
    operations.execute("UPDATE toy SET name = 'old' WHERE id = 1")
    operations.impl._exec(sa.text(f"DROP TABLE {operation.name}"))

"""


def test_operations_of_a_program_are_what_they_do(pets):
    assert sql(pets, f"{OWN}\nop.retire('pet')\nsa.inspect(op.get_bind()).has_table('toy')") == [
        "ALTER TABLE pet DROP COLUMN name",
        "UPDATE toy SET name = 'old' WHERE id = 1",
        "DROP TABLE pet",
    ]
    pets.ok("plan").says("drop-column-loses-data:pet.name", "drop-table-loses-data:pet")
    pets.refused("upgrade")


@on("sqlite")
def test_a_batch_that_builds_a_table_anew_says_so_once(pets):
    up = """
    with op.batch_alter_table("pet") as batch:
        batch.create_index("ix", ["name"])
        batch.alter_column("name", nullable=False)
        batch.create_unique_constraint("u", ["name"])
    with op.batch_alter_table("toy") as batch:
        batch.drop_column("name")
    with op.batch_alter_table("toy") as batch:
        batch.add_column(sa.Column("size", sa.Integer))
        batch.create_index("ix_toy", ["pet_id"])
    """
    effects = [each["effects"] for each in steps(pets, up)]
    assert [[(each["table"], each["work"], each["blocks"]) for each in listed] for listed in effects] == [
        [],
        [([None, "pet"], "rewrite", "writes")],
        [],
        [([None, "toy"], "rewrite", "writes")],
        [],
        [],
    ]
    pets.ok("plan").says("locks pet against writes, writes it anew (1 row")


@on("sqlite")
def test_what_takes_too_long_to_count_on_sqlite_is_given_up(pets, monkeypatch):
    pets.database.run(
        "insert into pet with recursive n(i) as (select 200 union all select i + 1 from n where i < 9000) select i, 'x' from n"
    )
    pets.revision("with op.batch_alter_table('pet') as batch:\n    batch.drop_column('name')", id="bbbb")
    pets.ok("plan").says("8,802 values of pet.name would be lost")
    monkeypatch.setattr("whimbrel.hazards.asking.PATIENCE", -1.0)
    pets.ok("plan").says("the values (more than could be counted in -1 s) of pet.name would be lost")
    assert pets.database.run("select count(*) from pet") == [(8802,)]


def test_a_commit_of_the_connection_parts_a_revision(pets):
    pets.revision(
        "op.execute(\"UPDATE pet SET name = 'a' WHERE id = 1\")\nop.get_bind().commit()\nop.drop_table('toy')", id="bbbb"
    )
    said = pets.ok("plan").says("upgrade  bbbb  by hand  (not in one transaction)", "  COMMIT\n").out
    is_told = "COMMIT ends the transaction that the revision runs in  [transaction-in-revision:bbbb]" in said
    assert is_told is (pets.database.kind != "mariadb")  # where each change of a table commits
