"""open-webui 0.12.4: 66 revisions that look at what is there before they act, and move the data of chats and settings."""

from __future__ import annotations

import json

import pytest
from published import Package
from sides import Pair, Side, records

pytestmark = pytest.mark.realworld

MODELS = {
    "auths": ["Auth"],
    "calendar": ["Calendar", "CalendarEvent", "CalendarEventAttendee"],
    "chat_messages": ["ChatMessage"],
    "chats": ["Chat"],
}
OPEN_WEBUI = Package(
    "open-webui",
    "0.12.4",
    files=("open_webui/alembic.ini", "open_webui/migrations/*"),
    stands_in={
        "open_webui/env.py": """
            import os

            DATABASE_URL = os.environ["DATABASE_URL"]
            DATABASE_SCHEMA = os.environ.get("DATABASE_SCHEMA")
            DATABASE_PASSWORD = ""
            LOG_FORMAT = ""
        """,
        "open_webui/internal/db.py": """
            import sqlalchemy
            from sqlalchemy.orm import declarative_base

            Base = declarative_base()


            class JSONField(sqlalchemy.types.TypeDecorator):
                impl = sqlalchemy.types.UnicodeText
                cache_ok = True


            def extract_ssl_params_from_url(url):
                return url, {}


            def reattach_ssl_params_to_url(url, parameters):
                raise NotImplementedError


            def enable_iam_token_auth(engine):
                pass
        """,
        # env.py imports them for the sake of `Auth.metadata`, which only autogenerate looks at.
        **{
            f"open_webui/models/{module}.py": "from open_webui.internal.db import Base\n\n"
            + "".join(f"\nclass {name}:\n    metadata = Base.metadata\n" for name in names)
            for module, names in MODELS.items()
        },
    },
)

TIME = 1719250000  # seconds since 1970
MESSAGES = {
    "m1": {"id": "m1", "role": "user", "parentId": None, "content": "When is it high?", "timestamp": TIME},
    "m2": {"id": "m2", "role": "assistant", "parentId": "m1", "content": "At six.", "model": "tide", "timestamp": TIME},
}
CHAT = json.dumps({"title": "Tides", "tags": ["sea"], "history": {"currentId": "m2", "messages": MESSAGES}})
SETTINGS = {"version": 0, "ui": {"enable_signup": False, "watermark": "whimbrel"}, "webui": {"url": "https://example.com"}}
USERS = {
    "auth": records("id email password active", ("u1", "ada@example.com", "x", True)),
    "user": records(
        "id name email role settings info api_key oauth_sub profile_image_url last_active_at created_at updated_at",
        ("u1", "Ada", "ada@example.com", "admin", '{"ui": {}}', None, "sk-1", "oidc@42", None, TIME, TIME, TIME),
        ("u2", "Bo", "bo@example.com", "user", None, '{"town": "Ely"}', None, None, "/user.png", TIME, TIME, TIME),
    ),
    "chat": records(
        "id user_id title chat archived share_id created_at updated_at",
        ("c1", "u1", "Tides", CHAT, False, "s1", TIME, TIME),
        ("s1", "shared-c1", "Tides", CHAT, False, None, TIME, TIME),
    ),
    "tag": records("id name user_id data", ("t1", "sea", "u1", None)),
    "chatidtag": records("id tag_name chat_id user_id timestamp", ("i1", "sea", "c1", "u1", TIME)),
    "config": records("id data version created_at", (1, json.dumps(SETTINGS), 0, "2024-06-24 13:15:33")),
    "document": records(
        "collection_name name title filename content user_id timestamp",
        ("k1", "tides", "Tides", "tides.txt", '{"tags": [{"name": "sea"}]}', "u1", TIME),
    ),
    "file": records("id user_id filename meta created_at", ("f1", "u1", "tides.txt", '{"path": "/data/tides.txt"}', TIME)),
    "memory": records("id user_id content created_at updated_at", ("y1", "u1", "likes birds", TIME, TIME)),
    "prompt": records("command user_id title content timestamp", ("/tide", "u1", "Tide", "When?", TIME)),
    "model": records(
        "id user_id name params meta created_at updated_at",
        ("tide", "u1", "Tide", "{}", '{"description": "knows tides"}', TIME, TIME),
    ),
}


def prepare(side: Side) -> None:
    side.cwd = side.folder / "open_webui"
    side.env["DATABASE_URL"] = side.database.url


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_open_webui_up_down_to_base_and_up_again(pair, kind: str):
    open_webui: Pair = pair(OPEN_WEBUI, kind, prepare)
    first = open_webui.run("upgrade", "ca81bd47c050").revisions
    open_webui.insert(USERS)
    assert first + open_webui.run("upgrade", "head").revisions == 66
    open_webui.down_three_and_up()
    assert open_webui.run("downgrade", "base").revisions == 66
    assert open_webui.run("upgrade", "head").revisions == 66


def test_open_webui_in_a_schema_of_its_own(pair):
    open_webui: Pair = pair(OPEN_WEBUI, "postgresql", prepare)
    for side in (open_webui.theirs, open_webui.ours):
        side.env["DATABASE_SCHEMA"] = "webui"
        side.database.run("create schema webui")
    assert open_webui.run("upgrade", "head").revisions == 66
    open_webui.run("downgrade", "-1")
    open_webui.run("upgrade", "head")
