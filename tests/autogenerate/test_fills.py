"""A column that must not be null is added, filled and closed; names and order are such that the revision runs."""

from __future__ import annotations

import re

import pytest

from kit import on

PERSON = """
class Person(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(50))
"""
AGE = PERSON + "    age = db.Column(db.Integer, nullable=False)\n"


@pytest.fixture
def persons(project):
    project.start(PERSON)
    project.database.run("insert into person (id, name) values (1, 'Ada'), (2, null)")
    return project


def test_with_nobody_to_ask_the_flag_is_printed(persons):
    persons.app(AGE)
    persons.refused("migrate").says("What do its rows get in the new column person.age?", "--fill person.age=")


@pytest.mark.parametrize(("value", "found"), [("20", [20, 20]), ("coalesce(length(name), 0)", [3, 0]), ("id * 2", [2, 4])])
def test_a_value_or_an_expression(persons, value, found):
    persons.app(AGE)
    persons.ok("migrate", "--fill", f"person.age={value}").says(f"column age filled with {value}")
    persons.ok("upgrade")
    assert [row[2] for row in persons.database.rows("person")] == found
    persons.ok("check")
    persons.agreed("downgrade")
    assert persons.database.columns("person") == ["id", "name"]


def test_a_default_of_the_model_is_a_value(persons):
    persons.app(AGE.replace("nullable=False", "nullable=False, default=7"))
    persons.ok("migrate").says("column age filled with 7")
    persons.ok("upgrade")
    assert [row[2] for row in persons.database.rows("person")] == [7, 7]


DEFAULTS = """
    import datetime, decimal, enum, uuid
    class Colour(enum.Enum):
        red = "r"
        blue = "b"

    class Person(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String(50))
        colour = db.Column(db.Enum(Colour), nullable=False, default=Colour.blue)
        born = db.Column(db.Date, nullable=False, default=datetime.date(2026, 1, 2))
        price = db.Column(db.Numeric(8, 2), nullable=False, default=decimal.Decimal("1.50"))
        number = db.Column(db.Uuid, nullable=False, default=uuid.UUID(int=5))
        data = db.Column(db.JSON, nullable=False, default={"a": "it's 5% :x \\\\"})
        text = db.Column(db.String(40), nullable=False, default="it's 5% :x \\\\")
"""


@on("sqlite", "postgresql", "mariadb")
def test_defaults_of_all_types(persons):
    persons.app(DEFAULTS)
    persons.ok("migrate")
    persons.ok("upgrade")
    module = persons.loaded
    with module.app.app_context():
        made = module.db.session.get(module.Person, 1)
        new = module.Person(id=9)
        module.db.session.add(new)
        module.db.session.flush()
        module.db.session.refresh(new)
        for name in ("colour", "born", "price", "number", "data", "text"):
            assert getattr(made, name) == getattr(new, name), name
        module.db.session.rollback()
        module.db.engine.dispose()


def test_a_default_of_the_server_needs_none(persons):
    persons.app(AGE.replace("nullable=False", "nullable=False, server_default='5'"))
    persons.ok("migrate")
    persons.ok("upgrade")
    assert [row[2] for row in persons.database.rows("person")] == [5, 5]


def test_a_column_that_was_null_before(persons):
    persons.app(PERSON.replace("String(50)", "String(50), nullable=False"))
    persons.refused("migrate").says("What do the rows get that have nothing in person.name?")
    persons.ok("migrate", "--fill", "person.name='nobody'")
    persons.ok("upgrade")
    assert [row[1] for row in persons.database.rows("person")] == ["Ada", "nobody"]


def test_a_column_without_nulls_needs_no_value(persons):
    persons.database.run("delete from person where name is null")
    persons.app(PERSON.replace("String(50)", "String(50), nullable=False"))
    persons.ok("migrate")
    persons.ok("upgrade")
    persons.ok("check")


def test_a_column_without_nulls_of_a_renamed_table_needs_no_value(persons):
    persons.database.run("delete from person where name is null")
    renamed = PERSON.replace("class Person", "class Human").replace(
        "name = db.Column(db.String(50)", "called = db.Column(db.String(50)"
    )
    persons.app(renamed.replace("String(50)", "String(50), nullable=False"))
    persons.ok("migrate", "--rename", "person:human", "--rename", "person.name:called")
    persons.ok("upgrade")
    persons.ok("check")


def test_a_flag_is_printed_as_a_shell_takes_it(persons):
    persons.app(AGE.replace("age = db.Column(", "age = db.Column('the age', "))
    persons.refused("migrate").says("--fill 'person.the age=…'")


def test_a_column_that_goes_comes_back_filled(persons):
    persons.app(AGE)
    persons.ok("migrate", "--fill", "person.age=20")
    persons.ok("upgrade")
    persons.app(PERSON)
    persons.refused("migrate").says("when the column comes back on the way down", "--fill person.age=")
    persons.ok("migrate", "--fill", "person.age=30")
    persons.agreed("upgrade")
    persons.ok("downgrade")
    assert [row[2] for row in persons.database.rows("person")] == [30, 30]


def test_what_is_no_sql_is_told(persons):
    persons.app(PERSON + "    nick = db.Column(db.String(9), nullable=False)\n")
    persons.refused("migrate", "--fill", "person.nick=no body", code=2).says("does not take that for SQL", "person.nick='…'")


def test_a_fill_for_nothing_is_told(persons):
    persons.app(AGE)
    result = persons.flask("migrate", "--fill", "person.age=1", "--fill", "person.years=1").exits(2)
    result.says("--fill person.years", "nothing that changes needs to be filled there")


@on("sqlite")
def test_a_new_table_needs_no_values(persons):
    persons.app(PERSON + AGE.replace("Person", "Other"))
    persons.ok("migrate")


COMPANY = """
class Company(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    head_id = db.Column(db.ForeignKey("worker.id"))

class Worker(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    company_id = db.Column(db.ForeignKey("company.id"))
"""


def test_keys_between_two_tables(project):
    project.start(COMPANY + PERSON)
    project.ok("check")
    project.app(PERSON)
    project.ok("migrate", "--allow-drop", "company", "--allow-drop", "worker")
    project.ok("upgrade")
    assert project.database.tables() == ["person"]
    project.ok("downgrade")
    assert project.database.tables() == ["company", "person", "worker"]
    project.ok("downgrade")
    assert project.database.tables() == []


@on("sqlite", "postgresql", "mariadb")
def test_constraints_without_names_get_one(project):
    plain = PERSON + "    boss_id = db.Column(db.Integer)\n"
    project.start(plain)
    project.app(
        plain.replace("String(50)", "String(50), unique=True").replace(
            "boss_id = db.Column(db.Integer)", "boss_id = db.Column(db.ForeignKey('person.id'))"
        )
    )
    project.ok("migrate")
    text = project.files()[sorted(project.files(), key=lambda name: project.head in name)[-1]]
    assert "person_name_key" in text
    assert "person_boss_id_fkey" in text
    project.ok("upgrade")
    project.ok("downgrade")
    project.ok("upgrade")
    project.ok("check")


ROLES = """
class Role(db.Model):
    id = db.Column(db.Integer, primary_key=True)

class Usr(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    role_id = db.Column(db.ForeignKey("role.id"), unique=True)

class UsrRole(db.Model):
    id = db.Column(db.ForeignKey("role.id"), primary_key=True, unique=True)
"""


@on("sqlite", "postgresql", "mariadb")
def test_no_two_constraints_get_the_same_name(project):
    project.start(ROLES)  # usr_role_id_fkey
    two = "db.Column(db.Integer, db.ForeignKey('role.id'), db.ForeignKey('usr.id'), unique=True)"
    project.app(ROLES.replace("    id = db.Column(db.ForeignKey", f"    place = {two}\n    id = db.Column(db.ForeignKey"))
    project.ok("migrate")
    project.ok("upgrade")
    project.ok("check")
    project.ok("downgrade", "base")


@on("sqlite")
def test_a_constraint_that_has_no_name_in_the_database_can_go(project):
    project.app(PERSON + "    boss_id = db.Column(db.Integer)\n")
    project.ok("init")
    project.revision(
        "op.execute('CREATE TABLE person (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(50),"
        " boss_id INTEGER REFERENCES person (id))')"
    )
    project.ok("upgrade")
    project.database.run("insert into person (id, boss_id) values (1, 1)")
    project.ok("migrate").says("foreign key")
    project.ok("upgrade")
    project.ok("check")
    assert project.database.rows("person") == [(1, None, 1)]
    project.ok("downgrade")


TYPES = """
import sqlalchemy as sa

class Money(sa.types.TypeDecorator):
    impl = sa.Numeric
    cache_ok = True

    def __init__(self, currency, digits=2):
        super().__init__(10, digits)
        self.currency = currency
        self.digits = digits
"""


def test_types_of_the_application_are_imported_with_their_arguments(project):
    project.write("money.py", TYPES)
    project.app(
        "import sys\nsys.path.insert(0, app.root_path)\nfrom money import Money\n"
        + PERSON
        + "    pay = db.Column(Money('EUR', 3))"
    )
    project.ok("init")
    project.ok("migrate")
    (text,) = project.files().values()
    assert "import money" in text
    assert 'money.Money("EUR", digits=3)' in text
    project.ok("upgrade")
    project.ok("check")


def test_any_number_of_arguments_of_a_type_is_written(project):
    words = """
import sqlalchemy as sa

class Words(sa.types.TypeDecorator):
    impl = sa.String(20)
    cache_ok = True

    def __init__(self, *words, between=","):
        super().__init__()
        self.words, self.between = words, between
"""
    project.write("words.py", words)
    imports = "import sys\nsys.path.insert(0, app.root_path)\nfrom words import Words\n"
    project.app(imports + PERSON + "    tags = db.Column(Words('a', 'b', between=';'))")
    project.ok("init")
    project.ok("migrate")
    (text,) = project.files().values()
    assert 'words.Words("a", "b", between=";")' in text
    project.ok("upgrade")
    project.ok("check")


def test_what_a_type_of_the_application_is_in_some_databases_is_written(project):
    project.write("money.py", TYPES)
    project.app(
        "import sys\nsys.path.insert(0, app.root_path)\nfrom money import Money\n"
        + PERSON
        + "    pay = db.Column(Money('EUR').with_variant(sa.Integer(), 'sqlite', 'mariadb', 'mysql'))"
    )
    project.ok("init")
    project.ok("migrate")
    (text,) = project.files().values()
    variants = [f'.with_variant(sa.Integer(), "{name}")' for name in ("mariadb", "mysql", "sqlite")]
    assert "".join(['money.Money("EUR")', *variants]) in re.sub(r"\s*\n\s*", "", text)
    project.ok("upgrade")
    project.ok("check")


@on("postgresql")
def test_an_enum_type_that_its_table_makes_is_said(project):
    moods = """
class Moods(sa.types.TypeDecorator):
    impl = sa.ARRAY(sa.Enum("good", "bad", name="mood"))
    cache_ok = True
"""
    project.app(moods + PERSON + "    moods = db.Column(Moods)")
    project.ok("init")
    out = project.ok("migrate").out
    assert out.startswith("  type mood: new\n  table person: new, with id, name, moods\n")
    for command in ("upgrade", "check", "downgrade", "upgrade"):
        project.ok(command)


@on("postgresql")
def test_the_database_type_that_stands_in_is_not_one_of_the_driver(project):
    data = """
from sqlalchemy.dialects import postgresql

class Data(sa.types.TypeDecorator):
    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect):
        return dialect.type_descriptor(postgresql.JSONB())
"""
    project.app(data + PERSON + "    data = db.Column(Data)")
    project.ok("init")
    project.ok("migrate")
    (text,) = project.files().values()
    assert "postgresql.JSONB(astext_type=sa.Text())" in text
    project.ok("upgrade")
    project.ok("check")


def test_a_type_that_cannot_be_imported_is_written_as_its_database_type(project):
    project.app(TYPES.replace("import sqlalchemy as sa\n", "") + PERSON + "    pay = db.Column(Money('EUR'))")
    project.ok("init")
    project.ok("migrate")
    (text,) = project.files().values()
    assert "its database type stands in for it" in text
    assert "sa.Numeric(precision=10, scale=2)" in text
    project.ok("upgrade")
