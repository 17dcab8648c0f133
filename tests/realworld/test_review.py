"""``review`` of whole published histories on a database without rows: nothing is in danger, and nobody waits."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import test_langflow
import test_mlflow
import test_open_webui
import test_pgadmin
from sides import Side

pytestmark = pytest.mark.realworld

HISTORIES = {
    "langflow": (test_langflow.LANGFLOW, test_langflow.prepare, 162),
    "mlflow": (test_mlflow.MLFLOW, test_mlflow.prepare, 67),
    "open-webui": (test_open_webui.OPEN_WEBUI, test_open_webui.prepare, 66),
    "pgadmin": (test_pgadmin.PGADMIN, test_pgadmin.prepare, 53),
}
# The application of pgAdmin, for the command line of Flask.
PGADMIN_APP = """
import os

import flask

from whimbrel.compat import install_as_flask_migrate

install_as_flask_migrate()

import config
from flask_migrate import Migrate
from pgadmin.model import SCHEMA_VERSION, db

config.SETTINGS_SCHEMA_VERSION = SCHEMA_VERSION
app = flask.Flask(__name__)
app.config.from_object(config)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
db.init_app(app)
Migrate(app, db, directory=os.path.join(config.root, "migrations"))
"""


@pytest.mark.parametrize(
    ("history", "kind"), [*((history, kind) for history in HISTORIES for kind in ("sqlite", "postgresql")), ("mlflow", "mariadb")]
)
def test_review_finds_no_danger_and_no_lock_without_rows(new_database, tmp_path: Path, history: str, kind: str):
    package, prepare, revisions = HISTORIES[history]
    side = Side("whimbrel", Path(sys.executable), tmp_path / "package", {"": new_database(kind)})
    package.unpack(side.folder)
    prepare(side)
    if history == "pgadmin":
        (side.cwd / "wsgi.py").write_text(PGADMIN_APP, encoding="utf-8")
        side.words = ("-m", "flask", "--app", "wsgi", "db")
    reviewed = side.start(side.program, *side.words, "review", "--format", "json")
    assert reviewed.code == 0, reviewed
    found, _ = json.JSONDecoder().raw_decode(reviewed.text[reviewed.text.index("{") :])
    assert len(found["revisions"]) == revisions
    assert [each for each in found["findings"] if each["severity"] != "notice"] == []
