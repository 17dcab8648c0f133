"""Tell the story of the shop's database: from nothing over three changes of the models and a seed, down and up again.

Works in a copy of the shop, on a database file of its own, and prints every command with what it answers.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SHOP = HERE.parent
IS_TERMINAL = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

SEED = """
TAGS = ["new", "sale", "fragile"]
tag = sa.table("tag", sa.column("id", sa.Integer), sa.column("name", sa.String))
product_tag = sa.table("product_tag", sa.column("tag_id", sa.Integer))


def upgrade():
    op.bulk_insert(tag, [{"name": name} for name in TAGS])


def downgrade():
    ours = tag.c.name.in_(TAGS)
    op.execute(product_tag.delete().where(product_tag.c.tag_id.in_(sa.select(tag.c.id).where(ours))))
    op.execute(tag.delete().where(ours))
"""
CUSTOMERS = """
from shop import create_app, db
from shop.models import Customer, Product
with create_app().app_context():
    db.session.add_all([Product(name="Kettle", price=29), Product(name="Cup", price=4)])
    db.session.add(Customer(name="Ada", email="ada@example.org"))
    db.session.commit()
"""
PAGE = """
from shop import create_app
import re
page = create_app().test_client().get("/").text
print("\\n".join(f"  {name:<12} {count} rows" for name, count in re.findall(r'">(\\w+)</a></td><td>(\\d+)', page)))
"""


class Story:
    """A narrator with a shell in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "FLASK_APP": "shop", "SHOP_DATABASE": f"sqlite:///{folder / 'shop.db'}"}
        if IS_TERMINAL:
            self.env["FORCE_COLOR"] = "1"

    def say(self, *lines: str) -> None:
        print()
        for line in lines:
            print(f"\033[1m{line}\033[0m" if IS_TERMINAL else line)

    def flask(self, command: str, code: int = 0) -> None:
        """Type a command and print what it answers; stop the story where it ends in another way than told."""
        print(f"\n$ flask db {command}")
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command)]
        self.run("-m", "flask", "db", *words, code=code)

    def run(self, *command: str, code: int = 0) -> None:
        sys.stdout.flush()
        done = subprocess.run([sys.executable, *command], cwd=self.folder, env=self.env, stderr=subprocess.STDOUT)
        if done.returncode != code:
            raise SystemExit(f"The story ends here: exit {done.returncode} instead of {code}.")

    def models(self, path: Path) -> None:
        """Edit the models, and print what is new."""
        target = self.folder / "shop" / "models.py"
        old = target.read_text().splitlines() if target.exists() else []
        new = path.read_text().splitlines()
        target.write_text(path.read_text())
        added = [line[1:] for line in difflib.ndiff(old, new) if line.startswith("+")] if old else []
        for line in added:
            if re.match(r"\s*class |\s*\w+: Mapped|\s*\w+ = sa.Table", line):
                print(f"  + {line.strip()}")

    def newest(self) -> Path:
        return max((self.folder / "migrations" / "versions").glob("*.py"), key=lambda path: path.stat().st_mtime_ns)

    def show(self) -> None:
        """Print the functions of the newest revision."""
        text = self.newest().read_text()
        functions = text.partition("depends_on = None\n")[2]
        for line in functions.strip().splitlines():
            print(f"  | {line}")


def tell(story: Story) -> None:
    story.say("1. A shop with products and customers. Its database does not exist yet.")
    story.models(HERE / "1_products.py")
    story.flask("init")
    story.flask('migrate -m "products and customers"')
    story.say("   This is what was written, and what upgrade will run:")
    story.show()
    story.flask("upgrade")
    story.run("-c", CUSTOMERS)

    story.say("2. Customers order. The models get two more classes:")
    story.models(HERE / "2_orders.py")
    story.flask("check", code=1)
    story.flask("migrate -m orders")
    story.flask("upgrade")

    story.say("3. Products are counted and tagged:")
    story.models(SHOP / "shop" / "models.py")
    story.flask('migrate -m "stock and tags"')
    story.flask("upgrade")

    story.say("4. Some tags belong to every shop. An empty revision takes what is written by hand:")
    story.flask('revision -m "seed tags"')
    path = story.newest()
    text = path.read_text()
    path.write_text(text[: text.index("\ndef upgrade")] + SEED)
    story.show()
    story.flask("upgrade")

    story.say("5. Where are we?")
    story.flask("history --indicate-current")
    story.flask("check")
    story.run("-c", PAGE)

    story.say("6. Back two steps. What would be lost is named, and needs consent: the tags go, the customers stay. And up again.")
    story.flask("downgrade -2", code=1)
    accepts = "--accept drop-column-loses-data:product.stock --accept drop-table-loses-data:tag"
    story.flask(f"downgrade -2 {accepts}")
    story.flask("current")
    story.flask("upgrade")
    story.run("-c", PAGE)

    story.say("7. A typing error changes nothing:")
    story.flask("upgrade heda", code=1)


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="shop-"))
    try:
        shutil.copytree(SHOP / "shop", folder / "shop", ignore=shutil.ignore_patterns("__pycache__", "models.py"))
        tell(Story(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\nThe shop itself is in examples/shop; its README tells how to start it.")


if __name__ == "__main__":
    main()
