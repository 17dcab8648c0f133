"""The commands, one file each: the use case, and its click command under it.

A module here is a command: ``list_templates.py`` is ``flask db list-templates``. It registers ``command``.
"""
