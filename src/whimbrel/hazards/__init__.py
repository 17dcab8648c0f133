"""What could go wrong with a run on this very database: rules, each in a file of ``rules/``, and the consent to dangers."""
