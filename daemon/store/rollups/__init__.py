"""What results become in time: minutes, hours, days, with percentiles that merge."""
