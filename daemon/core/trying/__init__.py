"""What would happen: rehearsals, storms in a sandbox, test alerts."""
