"""What a run would do, without doing it: the operations and the SQL of revisions, and what cannot be seen ahead."""
