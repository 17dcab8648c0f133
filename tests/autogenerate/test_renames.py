"""A rename moves a name and leaves the data; what may be one is asked."""

from __future__ import annotations

import pytest

from kit import Project, on

USER = """
class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    fullname = db.Column(db.String(50))
    age = db.Column(db.Integer)
"""
RENAMED = USER.replace("fullname", "full_name")


@pytest.fixture
def users(project):
    project.start(USER)
    project.database.run(f"insert into {project.database.quoted('user')} (id, fullname, age) values (1, 'Ada', 36)")
    return project


def change(project, models, *flags):
    """The text of the new revision, after running it."""
    known = set(project.files())
    project.app(models)
    project.ok("migrate", "-m", "change", *flags)
    result = project.flask("upgrade")
    if "consent" in result.text:
        project.agreed("upgrade")
    project.ok("check")
    (name,) = set(project.files()) - known
    return project.files()[name]


def test_a_column(users):
    text = change(users, RENAMED, "--rename", "user.fullname:full_name")
    assert "drop_column" not in text
    assert users.database.rows("user") == [(1, "Ada", 36)]
    users.ok("downgrade")
    assert users.database.columns("user") == ["id", "fullname", "age"]
    assert users.database.rows("user") == [(1, "Ada", 36)]


def test_with_nobody_to_ask_the_flags_are_printed(users):
    users.app(RENAMED)
    users.refused("migrate").says(
        "Is the column user.fullname called full_name now?", "--rename user.fullname:full_name", "--no-rename"
    )


def test_check_calls_it_by_what_it_sees(users):
    users.app(RENAMED)
    users.refused("check").says("user: column full_name added", "user: column fullname dropped")


def test_two_columns_that_are_none(users):
    change(users, RENAMED, "--no-rename")
    assert users.database.columns("user") == ["id", "age", "full_name"]


def test_columns_of_other_types_are_not_asked_about(users):
    change(users, USER.replace("fullname = db.Column(db.String(50))", "photo = db.Column(db.LargeBinary)"))
    assert users.database.columns("user") == ["id", "age", "photo"]


def test_the_model_may_say_it(users):
    change(users, RENAMED.replace("db.String(50)", "db.String(50), info={'renamed_from': 'fullname'}"))
    assert users.database.rows("user") == [(1, "Ada", 36)]


def test_several_at_once_with_another_type(users):
    models = USER.replace("fullname", "label").replace("String(50)", "String(80)").replace("age", "years")
    change(users, models, "--rename", "user.fullname:label", "--rename", "user.age:years")
    assert users.database.rows("user") == [(1, "Ada", 36)]


def test_two_columns_exchange_their_names(users):
    models = USER.replace("fullname", "x").replace("age", "fullname").replace("x = ", "age = ")
    change(users, models, "--rename", "user.fullname:age", "--rename", "user.age:fullname")
    assert users.database.run("select age, fullname from " + users.database.quoted("user")) == [("Ada", 36)]
    users.ok("downgrade")
    assert users.database.rows("user") == [(1, "Ada", 36)]


def test_a_table_with_a_renamed_column(users):
    models = RENAMED.replace("class User", "class Account")
    change(users, models, "--rename", "user:account", "--rename", "user.fullname:full_name")
    assert users.database.tables() == ["account"]
    assert users.database.rows("account") == [(1, "Ada", 36)]
    users.ok("downgrade")
    assert users.database.rows("user") == [(1, "Ada", 36)]


def test_a_table_that_says_it_in_the_model(users):
    models = USER.replace(
        "class User(db.Model):", "class Account(db.Model):\n    __table_args__ = {'info': {'renamed_from': 'user'}}"
    )
    change(users, models)
    assert users.database.rows("account") == [(1, "Ada", 36)]


def test_names_by_convention_follow(project):
    """Indexes, constraints and the keys of other tables."""
    models = """
    db.metadata.naming_convention = {{"ix": "ix_%(table_name)s_%(column_0_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}}

    class Team(db.Model):
        __tablename__ = "{0}"
        id = db.Column(db.Integer, primary_key=True)
        email = db.Column(db.String(50), unique=True)
        size = db.Column(db.Integer, sa.CheckConstraint("size > 0", name="positive"), index=True)

    class Player(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        team_id = db.Column(db.ForeignKey("{0}.id"))
    """
    project.start(models.format("team"))
    project.database.run("insert into team (id, email, size) values (1, 'a', 2)")
    project.database.run("insert into player (id, team_id) values (5, 1)")
    change(project, models.format("squad"), "--rename", "team:squad")
    assert project.database.rows("squad") == [(1, "a", 2)]
    assert project.database.rows("player") == [(5, 1)]
    project.ok("downgrade")
    assert project.database.rows("team") == [(1, "a", 2)]


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("user.nothing:full_name", "no such table or column"),
        ("nobody:account", "no such table or column"),
        ("user.fullname:wrong", "no model has a column wrong"),
        ("user.fullname", "does not say enough"),
        ("user.fullname:other.full_name", "stays in its table"),
    ],
)
@on("sqlite")
def test_nonsense_is_told(users, flag, words):
    users.app(RENAMED)
    result = users.flask("migrate", "--rename", flag)
    assert result.code in (1, 2)
    result.says(words)
    assert len(users.files()) == 1


@on("sqlite")
def test_the_answers_are_for_a_comparison(users):
    users.refused("revision", "--rename", "a:b", code=2).says("--autogenerate")


@on("postgresql")
def test_values_of_an_enum(project):
    model = """
    class Task(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        status = db.Column(db.Enum({}, name="status"), server_default="new")
    """
    project.start(model.format("'new', 'done'"))
    project.database.run("insert into task (status) values ('done')")
    project.app(model.format("'new', 'over'"))
    project.refused("migrate").says("--rename status.done:over")
    project.ok("migrate", "--rename", "status.done:over")
    project.ok("upgrade")
    assert project.database.run("select status::text from task") == [("over",)]
    project.ok("check")
    project.ok("downgrade")
    assert project.database.run("select status::text from task") == [("done",)]


@on("postgresql")
@pytest.mark.parametrize("after", ['server_default="over"', 'server_default="old"', ""])
def test_a_default_goes_with_its_value(project, after):
    model = """
    class Task(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        status = db.Column(db.Enum({}, name="status"), {})
    """
    project.start(model.format("'new', 'old', 'done'", 'server_default="new"'))
    project.database.run("insert into task (status) values ('old')")
    project.app(model.format("'over', 'old'", after))
    project.ok("migrate", "--rename", "status.done:over")
    project.ok("upgrade")
    project.ok("check")
    project.database.run("insert into task (id) values (5)")
    default = after[16:-1] or None
    assert project.database.run("select status::text from task order by id") == [("old",), (default,)]
    project.ok("downgrade")
    project.database.run("insert into task (id) values (6)")
    assert project.database.run("select status::text from task where id = 6") == [("new",)]


@on("postgresql")
def test_a_default_is_called_as_its_value(project):
    model = """
    class Task(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        status = db.Column(db.Enum({}, name="status"), server_default="{}")
    """
    project.start(model.format("'new', 'done'", "new"))
    project.app(model.format("'done', 'fresh'", "fresh"))
    project.ok("migrate", "--rename", "status.new:fresh")
    project.ok("upgrade")
    project.ok("check")
    project.ok("downgrade")
    project.ok("upgrade")


EXCHANGED = """
class A(db.Model):
    __tablename__ = "{}"
    id = db.Column(db.Integer, primary_key=True)
    x = db.Column(db.String(20), index=True)
    y = db.Column(db.Integer, unique=True)

class B(db.Model):
    __tablename__ = "{}"
    id = db.Column(db.Integer, primary_key=True)
    x = db.Column(db.String(20), index=True)
    y = db.Column(db.Integer, unique=True)
    z = db.Column(db.Integer)
"""


def test_two_tables_exchange_their_names_with_those_of_their_indexes(project: Project):
    project.start(EXCHANGED.format("a", "b"))
    project.ok("upgrade")
    project.database.run("insert into a (x) values ('1')")
    project.app(EXCHANGED.format("b", "a"))
    project.ok("migrate", "--rename", "a:b", "--rename", "b:a")
    for command, table in (("upgrade", "b"), ("downgrade", "a"), ("upgrade", "b")):
        project.ok(command)
        assert project.database.run(f"select x from {table}") == [("1",)]
    assert project.ok("check").out == "No new upgrade operations detected.\n"


@on("sqlite", "postgresql")
def test_a_name_with_other_capital_letters(project: Project):
    model = "class T(db.Model):\n    __tablename__ = '{}'\n    id = db.Column(db.Integer, primary_key=True)"
    project.start(model.format("user"))
    project.ok("upgrade")
    project.database.run('insert into "user" (id) values (1)')
    project.app(model.format("User"))
    project.ok("migrate", "--rename", "user:User")
    for command, table in (("upgrade", "User"), ("downgrade", "user"), ("upgrade", "User")):
        project.ok(command)
        assert project.database.run(f'select id from "{table}"') == [(1,)]
    assert project.ok("check").out == "No new upgrade operations detected.\n"


@on("postgresql")
def test_a_table_that_goes_into_another_schema(project: Project):
    model = """
class T(db.Model):
    __tablename__ = "t"
    __table_args__ = {{"schema": {}}}
    id = db.Column(db.Integer, primary_key=True)
    x = db.Column(db.Integer, index=True)
    z = db.Column(db.Integer)
"""
    project.database.run("create schema s1")
    project.start(model.format(None))
    project.ok("upgrade")
    project.database.run("insert into t (x) values (7)")
    project.app(model.format("'s1'"))
    assert "--rename t:s1.t" in project.refused("migrate").err
    project.app(model.format("'s1'").replace("z =", "y ="))
    project.ok("migrate", "--rename", "t:s1.t", "--rename", "t.z:y")
    for command, table in (("upgrade", "s1.t"), ("downgrade", "t"), ("upgrade", "s1.t")):
        project.ok(command)
        assert project.database.run(f"select x from {table}") == [(7,)]
    assert project.ok("check", "--drift").out == "No new upgrade operations detected.\n"
    project.app(model.format("'public'"))
    project.ok("migrate", "--rename", "s1.t:public.t", "--rename", "s1.t.y:z")
    project.ok("upgrade")
    assert project.database.run("select x from t") == [(7,)]
    assert project.ok("check").out == "No new upgrade operations detected.\n"


@pytest.mark.parametrize(("after", "names"), [("qp", ("p:q", "q:p")), ("qr", ("p:q", "q:r"))])
def test_columns_that_take_the_names_of_each_other_with_those_of_their_indexes(project: Project, after: str, names):
    columns = "".join("    {} = db.Column(db.Integer, index=True)\n    {}x = db.Column(db.Integer, unique=True)\n" for _ in "ab")
    model = "class T(db.Model):\n    __tablename__ = 't'\n    id = db.Column(db.Integer, primary_key=True)\n" + columns
    project.start(model.format("p", "p", "q", "q"))
    project.ok("upgrade")
    project.database.run("insert into t (p, q) values (1, 2)")
    project.app(model.format(*(letter for letter in after for _ in "ab")))
    renames = [word for name in names for word in ("--rename", f"t.{name}")]
    renames += [word for name in names for word in ("--rename", f"t.{name.replace(':', 'x:')}x")]
    project.ok("migrate", *renames)
    for command, now in (("upgrade", after), ("downgrade", "pq"), ("upgrade", after)):
        project.ok(command)
        assert project.database.run(f"select {', '.join(now)} from t") == [(1, 2)]
    assert project.ok("check").out == "No new upgrade operations detected.\n"
