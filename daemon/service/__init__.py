"""The running daemon: it wires the engine, the probes, the store, the socket and the outbox.

Everything that touches the world in order to feed the engine or to act on its effects is
here: clock, runner of due probes, signals, reload, systemd, and the watch over itself.
"""
