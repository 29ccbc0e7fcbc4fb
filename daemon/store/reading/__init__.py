"""Questions to the database, beside the writer."""
