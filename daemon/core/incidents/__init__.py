"""What becomes of an incident, from the alerts it takes in to its end."""
