"""A small shop: products, customers, orders, tags, and a page that lists them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase

from whimbrel import Migrate


class Base(DeclarativeBase):
    """The base of all models."""


db = SQLAlchemy(model_class=Base)
migrate = Migrate()


def create_app(config: dict[str, Any] | None = None) -> Flask:
    """The application; SHOP_DATABASE names another database than the file in the instance folder."""
    app = Flask(__name__, instance_relative_config=True)
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("SHOP_DATABASE", f"sqlite:///{app.instance_path}/shop.db")
    app.config.update(config or {})

    from . import admin, models  # noqa: F401  (models must be imported for migrate to see them)

    db.init_app(app)
    migrate.init_app(app, db)
    app.register_blueprint(admin.pages)
    return app
