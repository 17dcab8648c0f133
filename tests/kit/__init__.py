"""What tests are made of: a project in a folder, a database for it, and what can be said about both."""

from .database import EVERY, Database, on
from .project import SEPARATE, Project, Result

__all__ = ["EVERY", "SEPARATE", "Database", "Project", "Result", "on"]
