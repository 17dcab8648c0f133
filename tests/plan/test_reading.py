"""What a revision reads is known ahead from catalogs, and from tables without rows; nothing else is executed for that."""

from __future__ import annotations

import pytest

from kit import Project, on

TABLES = "op.create_table('pet', sa.Column('id', sa.Integer))\nop.create_table('toy', sa.Column('id', sa.Integer))"


@pytest.fixture
def pets(project: Project) -> Project:
    project.app("")
    project.ok("init")
    project.revision(TABLES, id="aaaa")
    project.ok("upgrade")
    project.database.run("insert into toy values (1)")
    return project


def reads(pets: Project, query: str) -> str:
    pets.revision(f"op.get_bind().execute(sa.text({query!r})).first()\nop.drop_table('pet')", id="bbbb")
    return pets.ok("plan").out


@pytest.mark.parametrize(
    "query",
    [
        "select id from pet",
        "select count(*) from pet where id > 3",
        "select p.id from pet p left join toy t on t.id = p.id join pet q on q.id = p.id order by 1",
    ],
)
@on("sqlite", "postgresql", "mariadb")
def test_tables_without_rows_give_none(pets, query):
    pets.database.run("delete from toy")
    assert "[not-seen" not in reads(pets, query)


@pytest.mark.parametrize(
    "query",
    [
        "select id from toy",
        "select count(*) from pet having count(*) > 0",
        "select max(id) from pet",
        "select s.n from pet p right join (select 1 as n) s on p.id = s.n",
        "select pet.id from pet, (select 1 as n union select 2) s",
        "select 1 from pet having count(*) = 0",
        "select id, count(*) from pet group by rollup (id)",
    ],
)
@on("sqlite", "postgresql", "mariadb")
def test_what_may_give_rows_all_the_same_is_not_seen(pets, query):
    assert "it reads from the database" in reads(pets, query)


@on("postgresql")
def test_a_catalog_tells_of_the_structure(pets):
    up = """
    found = op.get_bind().execute(sa.text("select relname, pg_get_userbyid(relowner) from pg_class where relname = 'pet'")).all()
    if found:
        op.drop_table(found[0][0])
    """
    pets.revision(up, id="bbbb")
    said = pets.ok("plan").out
    assert "DROP TABLE pet" in said
    assert "[not-seen" not in said


@pytest.mark.parametrize(
    "query",
    [
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
        "select pg_advisory_lock(7) from pg_class limit 1",
        "select nextval('numbers') from pg_class limit 1",
        "select relname into made from pg_class",
    ],
)
@on("postgresql")
def test_a_query_of_catalogs_that_does_more_than_read_is_not_executed(pets, query):
    pets.database.run("create sequence numbers")
    with pets.database.engine.connect() as other:
        assert "it reads from the database" in reads(pets, query)
        assert other.exec_driver_sql("select is_called from numbers").scalar_one() is False
        assert other.exec_driver_sql("select count(*) from pg_locks where locktype = 'advisory' and objid = 7").scalar_one() == 0


@pytest.mark.parametrize("before", ["update toy set id = 2 where id = 1", "select lower(made(id)) from toy"])
@on("postgresql")
def test_what_a_trigger_or_a_function_may_have_filled_is_not_known_to_have_no_rows(pets, before):
    pets.database.run(
        "create function fill() returns trigger language plpgsql as $$ begin insert into pet values (7); return null; end $$"
    )
    pets.database.run("create trigger filling after update on toy for each row execute function fill()")
    asked = f"op.get_bind().execute(sa.text({before!r}))\nop.get_bind().execute(sa.text('select id from pet')).first()"
    pets.revision(asked, id="bbbb")
    assert "it reads from the database" in pets.ok("plan").out


@on("postgresql")
def test_a_catalog_is_not_asked_after_a_function_that_nobody_knows(pets):
    up = """
    op.get_bind().execute(sa.text("select made(7)"))
    op.get_bind().execute(sa.text("select relname from pg_class where relname = 'pet'")).first()
    """
    pets.revision(up, id="bbbb")
    assert "it reads from the database" in pets.ok("plan").out


@on("postgresql", "mariadb")
def test_a_table_that_somebody_has_locked_is_not_waited_for_without_end(pets, monkeypatch):
    monkeypatch.setattr("whimbrel.plan.looking.PATIENCE", 0.1)
    lock = "lock table pet in access exclusive mode" if pets.database.kind == "postgresql" else "lock tables pet write"
    pets.revision("op.get_bind().execute(sa.text('select id from pet')).first()", id="bbbb")
    with pets.database.engine.connect() as other:
        other.exec_driver_sql(lock)
        assert "it reads from the database" in pets.ok("plan").out
    assert "[not-seen" not in pets.ok("plan").out


@on("postgresql")
def test_a_connection_that_has_no_transactions_is_asked_nothing(pets):
    pets.config = 'app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"isolation_level": "AUTOCOMMIT"}'
    pets.app("")
    assert "it reads from the database" in reads(pets, "select id from pet")


@on("postgresql")
def test_a_table_with_the_name_of_a_catalog_is_none(pets):
    pets.database.run("create table pg_toy (relname text)")
    pets.database.run("insert into pg_toy values ('pet')")
    assert "it reads from the database" in reads(pets, "select relname from pg_toy")
