"""From due probes to what a check's status is: schedule, runs, health, causes."""
