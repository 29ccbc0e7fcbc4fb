"""The daemon as a real process against real peers."""
