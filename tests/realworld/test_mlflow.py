"""mlflow 3.17.2: 67 revisions on tables that were there before the first one, with ORM sessions and generated columns."""

from __future__ import annotations

import pytest
from published import Package
from sides import Pair, Side, records

pytestmark = pytest.mark.realworld

# What the models turn their rows into. A migration makes none of them; the tables ask for the names of their members,
# and each of those is its own text: RunStatus.to_string(RunStatus.KILLED) is "KILLED".
ENTITIES = """
    class Name(str):
        value = property(str)


    class Class(type):
        def __getattr__(cls, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return Name(name)

        def to_string(cls, name):
            return name


    def __getattr__(name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Class(name, (), {})
"""
MODULES_OF_ENTITIES = (
    "entities/__init__",
    "entities/dataset_record",
    "entities/gateway_budget_policy",
    "entities/gateway_guardrail",
    "entities/logged_model",
    "entities/logged_model_parameter",
    "entities/logged_model_status",
    "entities/logged_model_tag",
    "entities/model_registry/__init__",
    "entities/model_registry/model_version_status",
    "entities/trace_location",
    "entities/trace_state",
    "entities/view_type",
    "entities/webhook",
    "entities/workspace",
    "genai/scorers/online/entities",
    "tracing/utils",
    "utils/validation",
)
MLFLOW = Package(
    "mlflow",
    "3.17.2",
    files=(
        "mlflow/entities/lifecycle_stage.py",
        "mlflow/entities/model_registry/model_version_stages.py",
        "mlflow/environment_variables.py",
        "mlflow/store/*/dbmodels/*",
        "mlflow/store/db/base_sql_model.py",
        "mlflow/store/db/trace_analytics_*_75868b020152.py",
        "mlflow/store/db_migrations/*",
        "mlflow/store/tracking/utils/trace_analytics.py",
        "mlflow/tracing/constant.py",
        "mlflow/utils/mlflow_tags.py",
        "mlflow/utils/time.py",
        "mlflow/utils/workspace_utils.py",
    ),
    stands_in={
        **{f"mlflow/{module}.py": ENTITIES for module in MODULES_OF_ENTITIES},
        "mlflow/exceptions.py": """
            class MlflowException(Exception):
                pass
        """,
        "mlflow/protos/databricks_pb2.py": """
            INVALID_PARAMETER_VALUE = 1000
        """,
        "cryptography/fernet.py": """
            class Fernet:
                def __init__(self, key):
                    pass

                @staticmethod
                def generate_key():
                    return b""
        """,
    },
)
# What mlflow does itself on an empty database, before the first revision.
CREATE = """
import sqlalchemy, sys
from mlflow.store.tracking.dbmodels.initial_models import Base

Base.metadata.create_all(sqlalchemy.create_engine(sys.argv[1]))
"""
EXPERIMENTS = {
    "experiments": records(
        "experiment_id name artifact_location lifecycle_stage",
        (1, "tides", "/mlruns/1", "active"),
        (2, "gone", "/mlruns/2", "deleted"),
    ),
    "runs": records(
        "run_uuid name user_id status source_type source_name start_time end_time lifecycle_stage experiment_id",
        ("r1", "first", "ada", "FINISHED", "LOCAL", "train.py", 1, 2, "active", 1),
        ("r2", "second", "bo", "FAILED", "NOTEBOOK", "train.ipynb", 3, None, "deleted", 1),
    ),
    "tags": records("key value run_uuid", ("mlflow.user", "ada", "r1"), ("bird", "curlew", "r1")),
    "params": records("key value run_uuid", ("depth", "3", "r1")),
    "metrics": records(
        "key value timestamp run_uuid", ("loss", 0.5, 10, "r1"), ("loss", 0.25, 20, "r1"), ("loss", 0.75, 20, "r2")
    ),
}


def prepare(side: Side) -> None:
    side.words = ("-c", "mlflow/store/db_migrations/alembic.ini")
    side.edit("mlflow/store/db_migrations/alembic.ini", 'sqlalchemy.url = ""', f"sqlalchemy.url = {side.database.url}")
    made = side.start(side.python, "-c", CREATE, side.database.url)
    assert made.code == 0, made


@pytest.fixture
def mlflow(kind: str, pair) -> Pair:
    """With the experiments of a user of mlflow 0.9."""
    made: Pair = pair(MLFLOW, kind, prepare)
    made.insert(EXPERIMENTS)
    return made


@pytest.mark.parametrize("kind", ["sqlite"])
def test_mlflow_on_sqlite_from_base_to_head_three_down_and_up_again(mlflow: Pair):
    assert mlflow.run("upgrade", "heads").revisions == 67
    mlflow.down_three_and_up("heads")
    # This downgrade rebuilds a table, and Alembic copies a generated column with it. Whimbrel goes on.
    theirs, ours = mlflow.both("downgrade", "base")
    assert 'cannot INSERT into generated column "duration_ns"' in theirs.text
    assert (ours.code, ours.revisions) == (0, 67)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_mlflow_on_postgresql_from_base_to_head_three_down_and_up_again(mlflow: Pair):
    assert mlflow.run("upgrade", "heads").revisions == 67
    mlflow.down_three_and_up("heads")


@pytest.mark.parametrize("kind", ["mariadb"])
def test_mlflow_on_mariadb_three_down_from_the_last_revision_that_can_be_undone(mlflow: Pair):
    mlflow.kept = ("`job_name` varchar(500)",)  # NOT NULL, which a downgrade that renames it does not say
    first = mlflow.run("upgrade", "75868b020152").revisions
    for _ in range(3):
        mlflow.run("downgrade", "-1")
    assert first - 3 + mlflow.run("upgrade", "heads").revisions == 67
    # The downgrade of the head drops an index that a foreign key needs. What it did before that stays.
    mlflow.stops("downgrade", "-1", at="dc11669786a5", because="Cannot drop index 'index_job_locks_job_id'")
    mlflow.same()
