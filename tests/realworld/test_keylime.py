"""keylime 7.14.3: two engines with a version table each, ``upgrade(engine_name)`` in every revision.

Its env.py begins the transactions of both engines, runs one history after the other, and commits both at the end. On
SQLite it switches foreign keys on for every engine of the process.
"""

from __future__ import annotations

import pytest
from published import Package
from sides import Pair, Side, records

from kit import EVERY

pytestmark = pytest.mark.realworld

KEYLIME = Package(
    "keylime",
    "7.14.3",
    files=("keylime/migrations/*", "keylime/db/*", "keylime/json.py"),
    stands_in={
        # The real one reads this variable, too, before its files in /etc.
        "keylime/config.py": """
            import os

            DEBUG_DB = INSECURE_DEBUG = False


            def get(component, option):
                if option == "database_pool_sz_ovfl":
                    return "5,10"
                return os.environ[f"KEYLIME_{component}_{option}".upper()]
        """,
        "keylime/keylime_logging.py": """
            from logging import getLogger as init_logging
        """,
        # As far as the revision 8c0f8ded1f90 uses it.
        "keylime/ima/ima.py": """
            import enum


            class RUNTIME_POLICY_GENERATOR(enum.IntEnum):
                LegacyAllowList = 3


            EMPTY_RUNTIME_POLICY = {
                "meta": {"version": 1, "generator": 0},
                "release": 0,
                "digests": {},
                "excludes": [],
                "keyrings": {},
                "ima": {"ignored_keyrings": [], "log_hash_alg": "sha1", "dm_policy": None},
                "ima-buf": {},
                "verification-keys": "",
            }
        """,
    },
)

POLICY = '{"allowlist": {"hashes": {"/bin/sh": ["ab"]}, "release": 1}, "exclude": ["/tmp"]}'
AGENTS = {
    "verifiermain": records(
        "agent_id v ip port supported_version allowlist mb_refstate",
        ("d1", "v1", "10.0.0.1", 9002, "2.1", POLICY, "{}"),
        ("d2", None, "10.0.0.2", 9002, "2.1", POLICY, '{"a": 1}'),
    ),
}
REGISTERED = {"registrarmain": records("agent_id key regcount", ("d1", "k1", 3), ("d2", None, 1))}


def prepare(side: Side) -> None:
    side.words = ("-c", str(side.folder / "keylime/migrations/alembic.ini"))
    registrar, *others = side.databases.values()
    side.env["KEYLIME_REGISTRAR_DATABASE_URL"] = registrar.url
    side.env["KEYLIME_VERIFIER_DATABASE_URL"] = others[0].url if others else registrar.url


@pytest.mark.parametrize("kind", EVERY)
def test_keylime_from_base_to_head_three_down_and_up_again(pair, kind: str):
    keylime: Pair = pair(KEYLIME, kind, prepare, databases=("registrar", "verifier"))
    # As its services do when they start: each migrates its own engine.
    ran = keylime.run("-x", "db=registrar", "upgrade", "bf48e0c4751d").revisions
    ran += keylime.run("-x", "db=cloud_verifier", "upgrade", "bf48e0c4751d").revisions
    keylime.insert(REGISTERED, into="registrar")
    keylime.insert(AGENTS, into="verifier")
    # As an operator does: both.
    ran += keylime.run("upgrade", "head").revisions
    assert ran == 2 * 40
    keylime.down_three_and_up()
    # A downgrade that was never run: op.drop_column() with one argument too many.
    keylime.stops("downgrade", "base", at="870c218abd9a", because="drop_column() takes 2 positional arguments but 3 were given")
    keylime.same()


def test_both_engines_of_keylime_in_one_database(pair):
    keylime: Pair = pair(KEYLIME, "postgresql", prepare)
    assert keylime.run("upgrade", "head").revisions == 2 * 40
    keylime.run("downgrade", "-1")
    keylime.run("upgrade", "head")
