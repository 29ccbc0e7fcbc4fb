"""The demo lab, `tocsin demo`: a small shop on this machine that fails by a script.

Everything is real: servers on loopback, a daemon, its probes, its mails and webhooks, the
dashboard. Only the shop is made up, and its time is short: escalation levels are seconds
apart and a night's backup is due every few seconds.

    script (pure) -> shop (targets) <- daemon -> sinks (mail, webhook) -> storyteller (lines)
"""

from __future__ import annotations


def main() -> int:
    """Run the demo until it is interrupted, its dashboard is left, or `TOCSIN_SECONDS` are
    over. Returns the exit code."""
    from daemon.demo.lab import run  # imported late: it brings in aiohttp and httpx

    return run()
