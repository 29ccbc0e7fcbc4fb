"""Probing in worker processes, each part by itself."""
