"""What tests are made of: a project in a folder, a database for it, and what can be said about both."""

from .database import EVERY, Database, on
from .project import Project, Result

__all__ = ["EVERY", "Database", "Project", "Result", "on"]
