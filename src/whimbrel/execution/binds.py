"""Several databases of one application."""

from __future__ import annotations

from ..dialects import dialect_of
from ..errors import Refused
from ..project import Project


def refuse_shared_database(project: Project) -> None:
    """Raise Refused where two binds that have models are one database.

    Each has its own revisions, and both would write them into one version table; and what the models of the one do not
    know would be dropped from the database of the other.
    """
    seen: dict[object, str] = {}
    with_models = [name for name, metadata in project.surroundings.metadatas().items() if metadata.tables or not name]
    engines = project.surroundings.databases()
    for name in sorted(name for name in with_models if name in engines):
        engine = engines[name]
        place = dialect_of(engine.url.get_backend_name()).place(engine.url)
        other = seen.setdefault(place, name) if place is not None else name
        if other != name:
            address = engine.url.set(username=None, password=None).render_as_string()
            raise Refused(
                f"The binds '{other or 'default'}' and '{name}' are the same database, {address}: their revisions would get in"
                " each other's way.",
                hint=f"Give '{name}' a database of its own, or take the __bind_key__ from its models.",
            )
