"""From results to conditions that hold: rules, their language, their windows."""
