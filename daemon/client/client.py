"""The daemon as Python sees it: one method a request, the API's shapes as answers.

The commands and the dashboard know the daemon only through this. It holds no state but its
connection; following the stream and reconnecting is the caller's, who alone knows what to
do with a picture that has grown old.

    async with Client(find_socket()) as client:
        state = await client.state()
        async for event in client.events(since=state.seq):
            ...
"""

from __future__ import annotations

from daemon.client.acting import Acting
from daemon.client.analysing import Analysing
from daemon.client.reading import Reading
from daemon.client.reporting import Reporting


class Client(Reading, Analysing, Acting, Reporting):
    """The daemon behind a Unix socket. Every method may raise a `ClientError`."""
