# Settings of the migrations. Every one that Alembic knows may stand here:
# https://alembic.sqlalchemy.org/en/latest/tutorial.html#editing-the-ini-file

[alembic]
# Where the migrations are; %(here)s is the folder of this file.
script_location = ${script_location}

# What goes in front of sys.path, so that env.py can import your models.
prepend_sys_path = .
path_separator = os

# The database; env.py reads it.
sqlalchemy.url = driver://user:pass@localhost/dbname

# How new files are named:
# file_template = %%(year)d_%%(month).2d_%%(day).2d_%%(rev)s_%%(slug)s
