"""What a database looks like, as plain data that can be read at once, renamed, compared and told in words."""
