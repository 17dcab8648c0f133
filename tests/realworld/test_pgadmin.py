"""pgadmin4 9.18: a Flask-Migrate application with its models, which calls ``upgrade()`` when it starts."""

from __future__ import annotations

import pytest
from published import Package
from sides import Pair, Side

pytestmark = pytest.mark.realworld

# What create_app() of pgAdmin does for its configuration database, and nothing of the rest.
START = """
import os
import sys

if sys.argv[1] == "whimbrel":
    from whimbrel.compat import install_as_flask_migrate

    install_as_flask_migrate()

import config
import flask
import flask_migrate
from pgadmin.model import SCHEMA_VERSION, db
from pgadmin.setup import db_upgrade

config.SETTINGS_SCHEMA_VERSION = SCHEMA_VERSION
app = flask.Flask(__name__)
app.config.from_object(config)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
db.init_app(app)
flask_migrate.Migrate(app, db)
if sys.argv[2] == "upgrade":
    db_upgrade(app)
else:
    with app.app_context():
        flask.g.x_arg = []
        flask_migrate.downgrade(os.path.join(config.root, "migrations"), sys.argv[3])
"""
PGADMIN = Package(
    "pgadmin4",
    "9.18",
    files=(
        "pgadmin4/branding.py",
        "pgadmin4/config.py",
        "pgadmin4/migrations/*",
        "pgadmin4/pgadmin/evaluate_config.py",
        "pgadmin4/pgadmin/model/*",
        "pgadmin4/pgadmin/setup/*",
        "pgadmin4/pgadmin/tools/user_management/PgAdminPermissions.py",
        "pgadmin4/pgadmin/utils/constants.py",
        "pgadmin4/pgadmin/utils/db_utils.py",
        "pgadmin4/pgadmin/utils/validation_utils.py",
        "pgadmin4/version.py",
    ),
    stands_in={
        "pgadmin4/start.py": START,
        "pgadmin4/pgadmin/utils/__init__.py": """
            import os

            IS_WIN = False
            env = os.environ.get
            fs_encoding = "utf-8"
            fs_short_path = str


            def u_encode(text, encoding):
                return text
        """,
        "flask_babel.py": """
            gettext = str
        """,
        # Asked at a terminal only.
        "email_validator.py": """
            from builtins import ValueError as EmailNotValidError

            validate_email = str
        """,
        "flask_security/__init__.py": """
            class UserMixin:
                pass


            class RoleMixin:
                pass


            class SQLAlchemyUserDatastore:
                def __init__(self, db, user_model, role_model):
                    pass


            def Security(app, datastore, register_blueprint):
                app.extensions["security"] = datastore
        """,
        "flask_security/utils.py": """
            def hash_password(password):
                return f"hash of {password}"


            def verify_and_update_password(password, user):
                return True
        """,
    },
)


def prepare(side: Side) -> None:
    side.cwd = side.folder / "pgadmin4"
    side.program, side.words = side.python, ("start.py", side.tool)
    (side.folder / "home").mkdir()
    side.env |= {"DATABASE_URL": side.database.url, "HOME": str(side.folder / "home")}
    side.env |= {"PGADMIN_SETUP_EMAIL": "ada@example.com", "PGADMIN_SETUP_PASSWORD": "secret"}


def test_pgadmin_from_base_to_head_three_down_and_up_again(pair):
    pgadmin: Pair = pair(PGADMIN, "sqlite", prepare)
    pgadmin.run("upgrade")
    assert pgadmin.ours.database.version() == ["normalize_locked_text_default"]
    pgadmin.down_three_and_up()


def test_pgadmin_on_postgresql_cannot_go_up_again_with_either_tool(pair):
    pgadmin: Pair = pair(PGADMIN, "postgresql", prepare)
    pgadmin.run("upgrade")
    pgadmin.run("downgrade", "add_tools_ai_perm")
    # Its downgrades do nothing: the column that add_user_id_dbg_args adds is there.
    pgadmin.stops("upgrade", at="add_user_id", because='column "user_id" of relation "debugger_function_arguments" already')
    pgadmin.same()
