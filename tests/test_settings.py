"""A setting has one name, and the first place that has it counts."""

from __future__ import annotations

import pytest

from whimbrel.errors import ConfigurationError
from whimbrel.extension import flask_project

TABLE = "op.create_table('bird', sa.Column('id', sa.Integer, primary_key=True))"


@pytest.fixture
def database(new_database):
    return new_database("sqlite")


def settings(project, **typed):
    with project.loaded.app.app_context():
        found = flask_project()
        found.typed = typed
        return found.settings


def test_defaults(project):
    project.app("")
    found = settings(project)
    assert (found.wait, found.lock_timeout, found.retry_for) == (300, 4, 60)


def test_the_first_place_counts(project):
    project.write("pyproject.toml", "[tool.whimbrel]\nwait = 1\nlock_timeout = 1\nretry_for = 1\n")
    project.app("")
    assert settings(project).retry_for == 1

    project.config = 'app.config.update(WHIMBREL_WAIT=2, WHIMBREL_LOCK_TIMEOUT="2.5")'
    project.app("")
    assert (settings(project).wait, settings(project).lock_timeout, settings(project).retry_for) == (2, 2.5, 1)

    project.keywords = ", wait=3"
    project.app("")
    assert (settings(project).wait, settings(project, wait=4).wait, settings(project, wait=None).wait) == (3, 4, 3)


def test_a_keyword_of_ours_does_not_reach_alembic(project):
    project.keywords = ", lock_timeout=3, compare_server_default=True"
    project.app("")
    arguments = project.loaded.app.extensions["migrate"].configure_args
    assert arguments == {"compare_type": True, "render_as_batch": True, "compare_server_default": True}


def test_a_keyword_of_init_app(project):
    project.app("other = Migrate(wait=1)\nother.init_app(app, db, wait=5)")
    assert settings(project).wait == 5


@pytest.mark.parametrize("value", ["'soon'", -1, "True", "float('nan')", "[1]"])
def test_nonsense_is_refused(project, value):
    project.config = f'app.config["WHIMBREL_LOCK_TIMEOUT"] = {value}'
    project.app("")
    with pytest.raises(
        ConfigurationError, match=r"WHIMBREL_LOCK_TIMEOUT in the configuration is .* a number of seconds, 0 or more"
    ):
        settings(project)


def test_nonsense_is_an_error_of_the_command(project):
    project.keywords = ", wait='long'"
    project.app("")
    project.ok("init")
    project.revision(TABLE)
    project.refused("upgrade", code=2).says("Error: Migrate(wait=…) is 'long', and must be a number of seconds, 0 or more.")


def test_a_name_that_is_no_setting(project):
    project.write("pyproject.toml", "[tool.whimbrel]\nlocktimeout = 1\n")
    project.app("")
    with pytest.raises(ConfigurationError, match=r"pyproject\.toml has 'locktimeout', which is no setting"):
        settings(project)


def test_a_negative_time_on_the_command_line_is_a_usage_error(project):
    project.app("")
    project.flask("upgrade", "--wait", "-1").exits(2).says("--wait")


@pytest.mark.parametrize(("kind", "ids"), [("sequential", ["0001", "0002"]), ("date", None)])
def test_ids_of_revisions(project, kind, ids):
    project.keywords = f", revision_ids={kind!r}"
    project.app("")
    project.ok("init")
    project.ok("revision", "-m", "one")
    if ids is None:
        assert len(project.head) == 14
        assert project.head.isdigit()
        return
    project.ok("revision", "-m", "two")
    assert sorted(project.ids()) == ids
    project.ok("revision", "-m", "another", "--rev-id", "abcd")
    project.ok("revision", "-m", "three")
    assert project.head == "0003"


def test_a_kind_of_ids_that_there_is_not(project):
    project.keywords = ", revision_ids='roman'"
    project.app("")
    project.ok("init")
    project.refused("revision", code=2).says("revision_ids", "random or sequential or date")
