"""Tests of the probes, against real peers."""
