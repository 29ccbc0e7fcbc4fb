"""A year of an estate in virtual time, held against oracles written from the definitions."""
