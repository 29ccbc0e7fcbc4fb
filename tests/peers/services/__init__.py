"""Loopback servers in the place of outside services (Slack, PagerDuty, ...).

Each holds what it gets against the service's documented schema, answers as documented, and can
be told to have a bad moment. `serving(SlackService())` runs one; tests point a channel's URL at it.
"""

from __future__ import annotations

from tests.peers.services.base import Fault, Received, Reply, Service, serving

__all__ = ["Fault", "Received", "Reply", "Service", "serving"]
