"""A package that somebody else wrote for Flask-Migrate runs on Whimbrel as it is."""

from __future__ import annotations

import pytest
from apps import FIRST, FLASK
from twins import on

pytestmark = pytest.mark.dropin

PACKAGE = '''
"""Fills databases."""

import click
import flask_migrate.cli
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import Config, Migrate, downgrade, stamp, upgrade
from flask_migrate import cli as migrate_cli
from flask_migrate.cli import db, heads
from flask_migrate.cli import upgrade as upgrade_command


class SeedingMigrate(Migrate):
    """Marks each Config."""

    def init_app(self, app, *args, **kwargs):
        super().init_app(app, *args, **kwargs)
        self.configure(self.mark)

    def mark(self, config):
        config.attributes["marked"] = isinstance(config, Config)
        return config


@db.command()
@click.option("--rows", default=2)
@with_appcontext
def seed(rows):
    """Bring the tables up to date and fill them."""
    upgrade(revision="head")
    with current_app.extensions["migrate"].db.engine.begin() as connection:
        for n in range(rows):
            connection.exec_driver_sql(f"insert into author (id, name) values ({n + 1}, 'seed')")
    config = current_app.extensions["migrate"].migrate.get_config()
    click.echo(f"seeded {rows}, {config.attributes['marked']}")


@db.command()
@click.pass_context
def rebuild(context):
    """Go down and up again with the commands themselves."""
    context.invoke(migrate_cli.downgrade, revision="base")
    context.invoke(upgrade_command)
    context.invoke(heads)


@db.command("again")
@with_appcontext
def go_again():
    """Go down and up again with the functions."""
    downgrade(revision="base")
    upgrade()
    stamp(revision="base")
    stamp()
    known = {"init", "migrate", "upgrade", "stamp", "seed"}
    assert known <= set(flask_migrate.cli.db.commands)
'''
# The same file for both tools.
APP = """
try:
    from whimbrel.compat import install_as_flask_migrate
except ImportError:
    pass
else:
    install_as_flask_migrate()
""" + FLASK.replace("from flask_migrate import Migrate", "from acme_seeds import SeedingMigrate").replace(
    "Migrate(app, db)", "SeedingMigrate(app, db)"
).replace("app = Flask(__name__)\n", "app = Flask(__name__)\napp.config['WHIMBREL_POLICY'] = 'off'  # its rows are seeds\n")


@on("sqlite")
def test_a_package_with_commands_of_its_own(flask_twins):
    twins = flask_twins(APP + FIRST)
    twins.write("acme_seeds.py", PACKAGE)
    twins.made_by(twins.theirs, "init")
    twins.run("migrate -m first --rev-id a1")
    for _ in range(2):  # each tool once on each side
        pair = twins.run("seed --rows 3")
        assert pair.theirs.out == pair.ours.out == "seeded 3, True\n"
        twins.run("""
            rebuild
            again
        """)
    assert twins.version == ["a1"]
    assert twins.tables == ["author"]
