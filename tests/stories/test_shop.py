"""The example: its story can be told, and the shop runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kit import EVERY

SHOP = Path(__file__).parents[2] / "examples" / "shop"


def run(*command: str, cwd: Path, **env: str) -> str:
    settings = {"FLASK_APP": "shop", "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1", **env}
    done = subprocess.run([sys.executable, *command], cwd=cwd, env=os.environ | settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_story(tmp_path):
    out = run(str(SHOP / "story" / "tell.py"), cwd=tmp_path)
    for words in ("1. A shop with products", "7. A typing error", "Error: There is no revision 'heda'.", "Did you mean head"):
        assert words in out
    assert out.count("$ flask db") == 17


@pytest.mark.parametrize("kind", EVERY)
def test_the_shop(kind, new_database, tmp_path):
    database = new_database(kind)
    shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns("instance", "__pycache__"))
    run("-m", "flask", "db", "upgrade", cwd=tmp_path / "shop", SHOP_DATABASE=database.url)
    assert [row[1] for row in database.rows("tag")] == ["new", "sale", "fragile"]
    run("-m", "flask", "db", "check", cwd=tmp_path / "shop", SHOP_DATABASE=database.url)
    code = """
from shop import create_app, db
from shop.models import Customer, Order, OrderLine, Product, Tag
app = create_app()
with app.app_context():
    cup = Product(name="Cup", price=4, tags=db.session.scalars(db.select(Tag)).all()[:1])
    order = Order(customer=Customer(name="Ada", email="ada@example.org"), lines=[OrderLine(product=cup, quantity=2)])
    db.session.add(order)
    db.session.commit()
client = app.test_client()
assert "product_tag" not in client.get("/").text
pages = {"/": "order_line", "/order": "order 1 of Ada", "/order_line": "2 × Cup", "/product": "4.00", "/tag": "sale"}
for path, words in pages.items():
    page = client.get(path)
    assert page.status_code == 200 and words in page.text, (path, page.text)
assert client.get("/nothing").status_code == 404
"""
    run("-c", code, cwd=tmp_path / "shop", SHOP_DATABASE=database.url)
    tables = ("order_line", "order", "product_tag", "product", "customer", "tag")
    accepts = [word for name in tables for word in ("--accept", f"drop-table-loses-data:{name}")]
    accepts += ["--accept", "drop-column-loses-data:product.stock"]
    run("-m", "flask", "db", "downgrade", "base", *accepts, cwd=tmp_path / "shop", SHOP_DATABASE=database.url)
    assert database.tables() == []
