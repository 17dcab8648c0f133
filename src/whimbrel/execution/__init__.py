"""Doing it: env.py is run, and every revision on the way."""
