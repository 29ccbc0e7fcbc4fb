"""Inputs that nobody meant: made up by Hypothesis, and kept once they have shown something."""
