"""A revision that commits by itself: the error of a later one says that something stays."""

from __future__ import annotations

from kit import Project, on

TABLE = "op.create_table('bird', sa.Column('id', sa.Integer()))"
COMMITS = """
    with op.get_context().autocommit_block():
        op.execute('create index concurrently ix_bird on bird (id)')
"""
STAYS = "A revision before it has committed a part of itself, and the rest of the run was rolled back."


def shop(project: Project, *ups: str) -> Project:
    project.app("")
    project.ok("init")
    for n, up in enumerate(ups):
        project.revision(up, id=f"aaa{n}")
    return project


@on("postgresql")
def test_error_after_an_autocommit_block_does_not_say_that_nothing_is_left(project: Project):
    shop(project, TABLE, f"{COMMITS}\nraise ValueError('no')")
    project.flask("upgrade").exits(3).says("create index concurrently ix_bird on bird (id)", "flask db resume")
    assert project.database.version() == ["aaa0"]
    assert project.database.tables() == ["bird"]


@on("postgresql")
def test_commit_of_an_earlier_transaction_is_not_the_failed_revision_s(project: Project):
    shop(project, TABLE)
    project.ok("upgrade")
    project.revision(COMMITS, id="aaa1")
    project.revision("raise ValueError('no')", id="aaa2")
    project.flask("upgrade").exits(1).says("Nothing of this revision is left in the database; aaa1 is the last one that ran.")
    assert project.database.version() == ["aaa1"]


@on("postgresql")
def test_error_after_an_autocommit_block_where_env_py_has_one_transaction_for_all(project: Project):
    shop(project, TABLE, COMMITS, "op.create_table('nest', sa.Column('id', sa.Integer()))", "raise ValueError('no')")
    env = project.folder / "migrations" / "env.py"
    project.write("migrations/env.py", env.read_text() + "\n# pg_advisory_xact_lock\n")
    project.flask("upgrade").exits(3).says(STAYS, "flask db resume")
    assert project.database.version() == ["aaa0"]
    assert project.database.tables() == ["bird"]
