"""The revision files: read without importing them, ordered as a graph, found by the names that users type."""
