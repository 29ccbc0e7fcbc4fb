"""Automated actions: which are due, how often they may run, whether they helped."""
