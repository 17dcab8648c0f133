"""A resumed revision takes the same way through its code as the run before it, whatever it asked the database.

Each of these revisions stops after a statement that has committed what came before, and goes on with what it learned then.
"""

from __future__ import annotations

import pytest

from kit import Project, on
from whimbrel.dialects import dialect_of

FIRST = """
columns = [sa.Column("name", sa.String(20)), sa.Column("n", sa.Integer)]
op.create_table("bird", sa.Column("id", sa.Integer, primary_key=True), *columns)
op.create_table("gate", sa.Column("id", sa.Integer, primary_key=True))
op.execute("insert into bird (name) values ('ruff'), ('knot'), ('smew')")
"""
COMMITS = {
    "sqlite": "bind.commit()",
    "postgresql": "op.create_index('ix_n', 'bird', ['n'], postgresql_concurrently=True)",
    "mariadb": "op.create_index('ix_n', 'bird', ['n'])",
}
BIRDS = "bird = sa.Table('bird', sa.MetaData(), sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(20)))"
WAYS = {
    "a new key": f"""
        {BIRDS}
        key = bind.execute(bird.insert().values(name="dunlin")).inserted_primary_key[0]
        STOP
        op.execute(f"update bird set n = {{key}}")
    """,
    "how many rows": """
        count = bind.execute(sa.text("update bird set n = 7 where id > 1")).rowcount
        STOP
        op.execute(f"insert into bird (name, n) values ('sum', {count})")
    """,
    "returned rows": """
        rows = bind.execute(sa.text("insert into bird (name) values ('a'), ('b') returning id, name")).all()
        STOP
        for id, name in rows:
            op.execute(f"update bird set name = '{name} {id}' where id = {id}")
    """,
    "a query whose answer has changed": """
        for id, name in bind.execute(sa.text("select id, name from bird where n is null order by id")).all():
            bind.execute(sa.text("update bird set n = :n where id = :id"), {"n": len(name), "id": id})
        STOP
        op.execute("update bird set n = n + 1")
    """,
    "half of a loop": """
        for id in bind.scalars(sa.text("select id from bird where n is null order by id")).all():
            bind.execute(sa.text("update bird set n = :n where id = :id"), {"n": id * 10, "id": id})
            if id == 2:
                STOP
    """,
    "what is there": """
        if not sa.inspect(bind).has_table("nest"):
            op.create_table("nest", sa.Column("id", sa.Integer))
        STOP
        op.execute("insert into nest values (1)")
    """,
    "a failure that is caught": """
        try:
            with bind.begin_nested():
                bind.execute(sa.text("insert into bird (id, name) values (1, 'again')"))
        except sa.exc.IntegrityError as error:
            op.execute("update bird set name = 'caught' where id = 1")
        STOP
        op.execute("update bird set n = 1")
    """,
    "what was rolled back": """
        point = bind.begin_nested()
        changed = bind.execute(sa.text("update bird set name = 'gone'")).rowcount
        point.rollback()
        op.execute("update bird set name = 'kept' where id = 3")
        STOP
        op.execute(f"update bird set n = {changed}")
    """,
    "objects of a session": """
        from sqlalchemy.orm import Session, declarative_base
        class Bird(declarative_base()):
            __tablename__ = "bird"
            id = sa.Column(sa.Integer, primary_key=True)
            name = sa.Column(sa.String(20))
        birds = [Bird(name="one"), Bird(name="two")]
        with Session(bind) as session:
            session.add_all(birds)
            session.flush()
            ids = [each.id for each in birds]
            session.commit()
        STOP
        op.execute(f"update bird set n = {sum(ids)}")
    """,
    "a session of its own": """
        from flask import current_app
        db = current_app.extensions["sqlalchemy"]
        db.session.execute(sa.text("insert into bird (name) values ('beside')"))
        last = db.session.execute(sa.text("select max(id) from bird")).scalar()
        db.session.commit()
        STOP
        op.execute(f"update bird set n = {last}")
    """,
    "rows that come one by one": """
        query = sa.text("select id from bird where n is null order by id").execution_options(stream_results=True)
        for row in bind.execute(query).all():
            bind.execute(sa.text("update bird set n = :n where id = :id"), {"n": row.id * 10, "id": row.id})
            if row.id == 2:
                STOP
    """,
    "a very long statement": """
        long = "x" * 6_000_000
        op.execute(f"update bird set name = left('{long}', 3)".replace("left", "substr").replace(", 3", ", 1, 3"))
        STOP
        op.execute("update bird set n = 1")
    """,
    "kinds of values": """
        many = bind.execute(sa.text("select 1.5, 'x', null, id, cast('2026-01-02' as VALUE) from bird where n is null")).all()
        op.execute("update bird set n = 0")
        STOP
        op.execute(f"update bird set n = {len(many)}, name = '{many[0][1]}{many[0][4]}'")
    """,
}
STOP = """
{indent}{commits}
{indent}if bind.execute(sa.text("select count(*) from gate")).scalar() == 0:
{indent}    raise RuntimeError("the gate is shut")
"""


def written(way: str, kind: str) -> str:
    """The body of a revision."""
    lines = []
    for line in ["bind = op.get_bind()", *(each[8:] for each in WAYS[way].splitlines())]:
        indent = line[: len(line) - len(line.lstrip())]
        lines.append(STOP.format(indent=indent, commits=COMMITS[kind]) if line.strip() == "STOP" else line)
    return "\n".join(lines).replace("VALUE", "char" if kind == "sqlite" else "date")


@pytest.fixture
def birds(project: Project) -> Project:
    project.keywords = ", policy='off'"
    project.app("")
    project.ok("init")
    project.revision(FIRST, id="aaaa")
    project.ok("upgrade")
    return project


@pytest.mark.parametrize("way", [*WAYS])
def test_a_resumed_revision_knows_what_it_knew(birds: Project, way: str):
    up = written(way, birds.database.kind)
    birds.revision(up, id="bbbb")
    birds.flask("upgrade").exits(3).says("the gate is shut")
    birds.flask("resume").exits(3).says("the gate is shut")
    birds.database.run("insert into gate values (1)")
    birds.ok("resume").says("upgrade  bbbb")
    resumed = birds.database.contents()

    rebuild(birds)
    birds.database.run("insert into gate values (1)")
    birds.ok("upgrade")
    assert birds.database.contents() == resumed
    assert birds.database.version() == ["bbbb"]


def rebuild(project: Project) -> None:
    """The database as it was before the revision."""
    with project.database.engine.begin() as connection:
        dialect_of(connection.dialect.name).drop_all(connection)
    project.ok("upgrade", "aaaa")


def test_values_that_are_drawn_anew(birds: Project):
    up = f"""
        import secrets
        bind = op.get_bind()
        bind.execute(sa.text("update bird set name = :name"), {{"name": secrets.token_hex(4)}})
        {COMMITS[birds.database.kind]}
        if bind.execute(sa.text("select count(*) from gate")).scalar() == 0:
            raise RuntimeError("the gate is shut")
    """
    birds.revision(up, id="bbbb")
    birds.flask("upgrade").exits(3)
    birds.database.run("insert into gate values (1)")
    names = birds.database.run("select name from bird")
    birds.refused("resume", code=3).says("This ran with other values than it would run with now", "resume --any-values")
    birds.ok("resume", "--any-values").says("upgrade  bbbb")
    assert birds.database.run("select name from bird") == names


@on("mariadb")
def test_ddl_that_fails_and_is_caught(birds: Project):
    up = """
        bind = op.get_bind()
        try:
            op.drop_index('ix_nowhere', 'bird')
        except sa.exc.OperationalError as error:
            op.execute(f"update bird set n = {error.orig.args[0]}")
        op.create_table('nest', sa.Column('id', sa.Integer))
        if bind.execute(sa.text("select count(*) from gate")).scalar() == 0:
            raise RuntimeError("the gate is shut")
        op.execute("insert into nest values (1)")
    """
    birds.revision(up, id="bbbb")
    birds.flask("upgrade").exits(3).says("(2 statements)", "  update bird set n = 1091", "  CREATE TABLE nest")
    birds.database.run("insert into gate values (1)")
    birds.ok("resume")
    assert birds.database.run("select distinct n from bird") == [(1091,)]
    assert birds.database.rows("nest") == [(1,)]


@on("mariadb")
def test_a_temporary_table_is_not_there_when_the_rest_runs(birds: Project):
    up = """
        op.execute("create temporary table seen select id from bird")
        op.create_table('nest', sa.Column('id', sa.Integer))
        if op.get_bind().execute(sa.text("select count(*) from gate")).scalar() == 0:
            raise RuntimeError("the gate is shut")
        op.execute("insert into nest select id from seen")
    """
    birds.revision(up, id="bbbb")
    birds.flask("upgrade").exits(3)
    birds.database.run("insert into gate values (1)")
    birds.refused("resume", code=3).says("a temporary table, which is gone with the connection", "resume --mark-done")
    assert birds.database.rows("nest") == []


def test_back_undoes_what_ran_though_the_revision_fails_at_once(birds: Project):
    before = birds.database.state()
    if birds.database.kind == "sqlite":
        up = "op.add_column('bird', sa.Column('age', sa.Integer))\nop.get_bind().commit()"
    else:
        up = COMMITS[birds.database.kind]
    birds.revision(f"{up}\nraise SystemExit('no')", id="bbbb")
    birds.flask("upgrade").exits(3).says("SystemExit: no")
    birds.refused("upgrade", code=3)
    birds.ok("resume", "--back").says("bbbb: undone")
    assert birds.database.state() == before


def test_what_comes_after_a_commit_of_the_revision_is_kept(birds: Project):
    birds.revision("op.get_bind().commit()\nop.execute(\"insert into bird (name) values ('late')\")", id="bbbb")
    birds.ok("upgrade")
    assert birds.database.run("select count(*) from bird") == [(4,)]
    assert birds.database.version() == ["bbbb"]


def test_what_comes_after_a_commit_of_the_revision_is_gone_where_it_fails(birds: Project):
    up = """
        op.add_column('bird', sa.Column('age', sa.Integer))
        op.get_bind().commit()
        op.execute("insert into bird (name) values ('late')")
        raise RuntimeError("no")
    """
    before = birds.database.state()
    birds.revision(up, id="bbbb")
    birds.flask("upgrade").exits(3).says("(1 statement)", "ADD COLUMN age")
    assert birds.database.run("select count(*) from bird") == [(3,)]
    birds.ok("resume", "--back")
    assert birds.database.state() == before


@on("mariadb")
def test_a_refusal_in_the_middle_says_that_the_revision_is_half_applied(birds: Project):
    birds.revision(
        "op.add_column('bird', sa.Column('age', sa.Integer))\nop.alter_column('bird', 'name', type_=sa.Integer())", id="bbbb"
    )
    before = birds.database.state()
    birds.flask("upgrade").exits(3).says("would not survive the change to INTEGER", "It stopped half-way", "ADD COLUMN age")
    birds.ok("resume", "--back")
    assert birds.database.state() == before


@on("sqlite")
def test_vacuum_after_another_statement(birds: Project):
    birds.revision(
        "op.add_column('bird', sa.Column('age', sa.Integer))\nop.execute('vacuum')\nop.drop_column('bird', 'n')", id="b"
    )
    birds.ok("upgrade")
    assert birds.database.columns("bird") == ["id", "name", "age"]


@on("postgresql", "mariadb")
def test_tables_made_beside_the_run(birds: Project):
    up = """
        from flask import current_app
        db = current_app.extensions["sqlalchemy"]
        meta = sa.MetaData()
        sa.Table('nest', meta, sa.Column('id', sa.Integer, primary_key=True))
        meta.create_all(db.engine)
        if op.get_bind().execute(sa.text("select count(*) from gate")).scalar() == 0:
            raise RuntimeError("the gate is shut")
        op.execute("insert into nest values (1)")
    """
    birds.revision(up, id="bbbb")
    birds.flask("upgrade").exits(3).says("CREATE TABLE nest")
    birds.database.run("insert into gate values (1)")
    birds.ok("resume")
    assert birds.database.rows("nest") == [(1,)]


@on("postgresql")
def test_a_revision_does_not_wait_for_itself(birds: Project):
    birds.keywords = ", policy='off', lock_timeout=0.5"
    birds.app("")
    birds.revision(
        "from flask import current_app\nop.add_column('bird', sa.Column('age', sa.Integer))\n"
        "current_app.extensions['sqlalchemy'].session.execute(sa.text('select count(*) from bird'))",
        id="bbbb",
    )
    before = birds.database.state()
    birds.refused("upgrade").says("waits for a lock that it holds itself: select count(*) from bird", "op.get_bind()")
    assert birds.database.state() == before


@on("postgresql")
@pytest.mark.parametrize("statement", ["create index concurrently made on bird (age)", "drop index bird_n"])
def test_a_statement_that_commits_by_itself_does_not_wait_for_the_revision(birds: Project, statement: str):
    birds.database.run("create index bird_n on bird (n)")
    birds.keywords = ", policy='off', lock_timeout=0.5"
    birds.app("")
    up = f"""
    op.add_column("bird", sa.Column("age", sa.Integer))
    with op.get_bind().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("{statement}"))
    """
    birds.revision(up, id="bbbb")
    before = birds.database.state()
    birds.refused("upgrade").says(f"waits for a lock that it holds itself: {statement}", "op.get_bind()")
    assert birds.database.state() == before


HIDDEN = {
    "prepared": "op.execute(\"prepare st from 'create table made (id int)'\")\nop.execute('execute st')",
    "after a remark": 'op.execute("# now\\ncreate table made (id int)")',
    "in a comment that is executed": 'op.execute("/*!40000 CREATE TABLE made (id int) */")',
    "in a procedure": 'op.execute("call make()")',
    "in a block": 'op.execute("begin not atomic create table made (id int); end")',
    "autocommit": 'op.execute("set autocommit=1")\nop.execute("create table made (id int)")',
}


@on("mariadb")
@pytest.mark.parametrize("how", [*HIDDEN])
def test_a_commit_that_is_hidden_is_seen(birds: Project, how: str):
    birds.database.run("create procedure make() begin create table made (id int); end")
    up = f"""
op.execute("update bird set n = coalesce(n, 0) + 1")
{HIDDEN[how]}
if op.get_bind().execute(sa.text("select count(*) from gate")).scalar() == 0:
    raise RuntimeError("the gate is shut")
op.execute("insert into made values (1)")
"""
    birds.revision(up, id="bbbb")
    birds.flask("upgrade").exits(3).says("update bird set n = coalesce(n, 0) + 1")
    birds.database.run("insert into gate values (1)")
    birds.ok("resume")
    assert birds.database.run("select distinct n from bird") == [(1,)]
    assert birds.database.rows("made") == [(1,)]


@on("mariadb")
def test_the_last_key_is_still_the_last(birds: Project):
    up = """
        op.execute("insert into bird (name) values ('dunlin')")
        op.create_table('nest', sa.Column('id', sa.Integer, primary_key=True, autoincrement=False))
        if op.get_bind().execute(sa.text("select count(*) from gate")).scalar() == 0:
            raise RuntimeError("the gate is shut")
        op.execute("insert into nest values (last_insert_id())")
    """
    birds.revision(up, id="bbbb")
    birds.flask("upgrade").exits(3)
    birds.database.run("insert into gate values (1)")
    birds.ok("resume")
    assert birds.database.rows("nest") == birds.database.run("select id from bird where name = 'dunlin'")


@on("mariadb")
def test_a_variable_of_the_session_is_not_there_when_the_rest_runs(birds: Project):
    up = """
        op.execute("select count(*) into @n from bird")
        op.create_table('nest', sa.Column('id', sa.Integer))
        if op.get_bind().execute(sa.text("select count(*) from gate")).scalar() == 0:
            raise RuntimeError("the gate is shut")
        op.execute("insert into nest values (@n)")
    """
    birds.revision(up, id="bbbb")
    birds.flask("upgrade").exits(3)
    birds.database.run("insert into gate values (1)")
    birds.refused("resume", code=3).says("a variable of the session, which is gone")


@on("postgresql")
@pytest.mark.parametrize(
    "up",
    [
        'with op.get_context().autocommit_block():\n    op.execute("select grow()")',
        'bind = op.get_bind()\nbind.execute(sa.text("select grow()"))\nbind.commit()',
        'op.execute("update bird set n = coalesce(n, 0) + 1; commit; update bird set name = name")',
    ],
)
def test_a_commit_of_postgresql_that_is_hidden_is_seen(birds: Project, up: str):
    birds.database.run("create function grow() returns void language sql as 'update bird set n = coalesce(n, 0) + 1'")
    shut = 'if op.get_bind().execute(sa.text("select count(*) from gate")).scalar() == 0:\n    raise RuntimeError("shut")'
    birds.revision(f"{up}\n{shut}", id="bbbb")
    birds.flask("upgrade").exits(3)
    birds.database.run("insert into gate values (1)")
    birds.ok("resume")
    assert birds.database.run("select distinct n from bird") == [(1,)]


@on("postgresql")
def test_the_search_path_is_set_again(birds: Project):
    birds.database.run("create schema s2")
    birds.database.run("create table s2.log (n integer)")
    birds.database.run("create table log (n integer)")
    up = f"""
        op.get_bind().execute(sa.text("select set_config('search_path', 's2, public', false)"))
        op.execute("insert into log values (1)")
        {COMMITS["postgresql"].replace("'bird'", "'bird', schema='public'")}
        if op.get_bind().execute(sa.text("select count(*) from gate")).scalar() == 0:
            raise RuntimeError("the gate is shut")
        op.execute("insert into log values (2)")
        op.get_bind().execute(sa.text("select set_config('search_path', 'public', false)"))
    """.replace("'bird', schema='public', ['n']", "'bird', ['n'], schema='public'")
    birds.revision(up, id="bbbb")
    birds.flask("upgrade").exits(3)
    with birds.loaded.app.app_context():
        birds.loaded.db.engine.dispose()  # the pool has a connection with that search path
    birds.database.run("insert into gate values (1)")
    birds.ok("resume")
    assert birds.database.run("select n from s2.log order by n") == [(1,), (2,)]
    assert birds.database.rows("log") == []


@on("postgresql")
def test_an_answer_that_cannot_be_kept_is_asked_anew(birds: Project):
    up = f"""
        bind = op.get_bind()
        spans = bind.execute(sa.text("select int4range(id, id + 2), inet '10.0.0.1' from bird order by id")).all()
        op.execute("update bird set n = 1")
        {COMMITS["postgresql"]}
        if bind.execute(sa.text("select count(*) from gate")).scalar() == 0:
            raise RuntimeError("the gate is shut")
        op.execute(f"update bird set n = {{spans[0][0].upper}}")
    """
    birds.revision(up, id="bbbb")
    birds.flask("upgrade").exits(3)
    birds.database.run("insert into gate values (1)")
    birds.ok("resume")
    assert birds.database.run("select distinct n from bird") == [(3,)]


def test_objects_of_the_session_of_the_application(birds: Project):
    birds.keywords = ""
    birds.app(
        """
        class Bird(db.Model):
            __tablename__ = "bird"
            id = sa.Column(sa.Integer, primary_key=True)
            name = sa.Column(sa.String(20))
    """.replace("\n        ", "\n")
    )
    birds.revision(
        "from flask import current_app\ndb = current_app.extensions['sqlalchemy']\n"
        "Bird = next(each.class_ for each in db.Model.registry.mappers)\ndb.session.add(Bird(name='mine'))\ndb.session.commit()",
        id="bbbb",
    )
    birds.ok("upgrade")
    assert birds.database.run("select count(*) from bird where name = 'mine'") == [(1,)]


@on("mariadb")
@pytest.mark.parametrize("how", ["in a block", "in a procedure"])
def test_what_a_block_committed_before_it_failed_is_told(birds: Project, how: str):
    body = "begin delete from bird where id = 1; create table made (id int); insert into nowhere values (1); end"
    birds.database.run(f"create procedure break_off() {body}")
    text = "call break_off()" if how == "in a procedure" else body.replace("begin", "begin not atomic", 1)
    birds.revision(f"op.execute({text!r})", id="bbbb")
    before = len(birds.database.rows("bird"))
    birds.flask("upgrade").exits(3).says("It stopped half-way", text[:20])
    assert "made" in birds.database.tables()
    assert len(birds.database.rows("bird")) == before - 1
    birds.refused("resume", code=3).says("does not tell whether it has", "--mark-done")
    birds.ok("resume", "--mark-done")


@on("mariadb")
def test_nothing_is_left_of_a_block_that_committed_nothing(birds: Project):
    body = "begin not atomic delete from bird where id = 1; insert into nowhere values (1); end"
    birds.revision(f"op.execute({body!r})", id="bbbb")
    before = birds.database.state()
    birds.refused("upgrade").says("Nothing of this revision is left")
    assert birds.database.state() == before
