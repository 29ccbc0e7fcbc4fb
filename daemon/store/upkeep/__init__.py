"""Care of the database: backup, verification, pruning, cleaning up, forgetting."""
