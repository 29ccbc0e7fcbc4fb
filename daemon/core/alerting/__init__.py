"""From conditions to alerts, and what an alert is called and comes from."""
