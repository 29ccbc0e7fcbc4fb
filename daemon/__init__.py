"""Tocsin: the daemon, its command line and its client."""

__version__ = "0.1.0"
