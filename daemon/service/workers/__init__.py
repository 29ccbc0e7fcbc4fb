"""Probing in processes of their own, for estates that one core cannot check.

`pool` stands in the daemon in place of `daemon.service.runner.Runner`: it spreads the checks
over `seat`s, each with one worker process at the other end of a `link`. `worker` is what runs
there. They speak `frames`. The engine stays single: workers decide nothing.
"""
