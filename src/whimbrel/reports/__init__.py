"""How a command's events, result and error are shown, one file a format. A module here registers ``report``."""
