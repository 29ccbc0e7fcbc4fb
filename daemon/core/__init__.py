"""The engine: everything that decides, and nothing that touches the world.

Sans-I/O: no await, no clock, no environment, no randomness. Time is an argument (`now`, an
`Instant`), so a week of outages runs in a second in a test. See ARCHITECTURE.md.
"""
