"""The models compared with a database become operations, and operations a new revision file."""
