"""The bench tells the truth about what it measured."""
