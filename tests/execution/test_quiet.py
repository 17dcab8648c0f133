"""The application's logging is as it was, whatever env.py configures."""

from __future__ import annotations

import logging

import pytest

import whimbrel
from kit import on

pytestmark = on("sqlite")

INI = """
[alembic]
[loggers]
keys = root,alembic
[handlers]
keys = console
[formatters]
keys =
[logger_root]
level = CRITICAL
handlers = console
[logger_alembic]
level = INFO
handlers =
qualname = alembic
[handler_console]
class = StreamHandler
args = (sys.stderr,)
"""
CONFIGURES = {
    "fileConfig": "from logging.config import fileConfig\nfileConfig(context.config.config_file_name)",
    "fileConfig, keyword": "import logging.config\nlogging.config.fileConfig(fname=context.config.config_file_name)",
    "dictConfig": "from logging.config import dictConfig\ndictConfig({'version': 1, 'root': {'level': 'CRITICAL'}})",
    "basicConfig": "import logging\nlogging.basicConfig(level=logging.CRITICAL, force=True)",
    "setLevel": "import logging\nlogging.getLogger().setLevel(99)\nlogging.getLogger('shop').disabled = True",
}


def state():
    loggers = [logging.getLogger(name) for name in ("", "shop", "sqlalchemy.engine", "alembic")]
    return [(log.level, log.disabled, log.propagate, list(log.handlers), list(log.filters)) for log in loggers]


@pytest.fixture
def configuring(request, project):
    project.app("")
    project.ok("init")
    project.write("migrations/alembic.ini", INI)
    env = project.folder / "migrations" / "env.py"
    env.write_text(env.read_text().replace("\ndb, offline", f"\n{CONFIGURES[request.param]}\ndb, offline", 1))
    project.revision("import logging; logging.getLogger('shop').warning('from a revision')", id="aaaa")
    return project


@pytest.mark.parametrize("configuring", CONFIGURES, indirect=True)
def test_in_a_program_nothing_is_configured(configuring, caplog):
    before = state()
    with configuring.loaded.app.app_context():
        whimbrel.upgrade()
    assert state() == before
    assert logging.getLogger("shop").isEnabledFor(logging.WARNING)


@pytest.mark.parametrize("configuring", CONFIGURES, indirect=True)
def test_on_the_command_line_it_is_as_before_afterwards(configuring):
    before = state()
    configuring.ok("upgrade")
    assert state() == before


@pytest.mark.parametrize("configuring", ["fileConfig"], indirect=True)
def test_on_the_command_line_what_we_report_is_not_logged_too(configuring):
    result = configuring.process("-m", "flask", "db", "upgrade").exits(0)
    assert "alembic.runtime" not in result.text
    assert result.out.startswith("upgrade  aaaa")


@pytest.mark.parametrize("configuring", ["fileConfig"], indirect=True)
def test_an_ini_file_without_loggers_is_no_error(configuring):
    configuring.write("migrations/alembic.ini", "[alembic]\n")
    configuring.ok("upgrade")


@pytest.mark.parametrize("configuring", ["fileConfig"], indirect=True)
def test_an_ini_file_in_another_language_is_read_in_any_locale(configuring):
    configuring.write("migrations/alembic.ini", f"# Настройки ≠ ASCII\n{INI}")
    locale = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    configuring.process("-m", "flask", "db", "upgrade", env=locale).exits(0)
