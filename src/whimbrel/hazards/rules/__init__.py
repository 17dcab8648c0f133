"""The rules: a module here is one, found by its presence; its docstring is its page in the documentation."""
