"""Automated actions: what is run, called or restarted when the engine says that it is due.

`spec` is what the configuration says of an action; `responder` carries runs out, once they are on
disk, and reports their end to the engine. When an action is due, how often it may run and whether
it helps is the core's to decide (`daemon.core.responding.responses`).
"""
