"""Probes: one file a kind. A leaf of the tree; imports nothing of the daemon or the dashboard."""
