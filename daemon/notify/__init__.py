"""Delivery: what the engine decided to tell, told.

The way of a notice: outbox (in the transaction that decided it) -> `dispatcher` (a lane a
channel) -> `render` -> `channels` -> `retry` decides -> outbox and `Settled` back into the
engine. `spec` is what the configuration says of a channel.
"""
