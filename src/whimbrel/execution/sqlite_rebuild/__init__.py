"""Change an SQLite table in ways that ALTER TABLE cannot, and lose nothing."""
