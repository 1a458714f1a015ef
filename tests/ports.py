"""Ports for the kernels that a test's own process starts.

Who starts a kernel asks the system for free ports and lets them go; the kernel binds them a second later.  Meanwhile the system
gives them to others that ask, as the tests of the other processes do.  So each process takes ports of a range of its own, which
lies where the system takes none from.
"""

from __future__ import annotations

import itertools
import os
import random
import socket
from collections.abc import Iterator

from jupyter_client.connect import LocalPortCache

FIRST, SIZE = 12_000, 2_000


class OwnPorts(LocalPortCache):  # type: ignore[misc]
    """Goes through the process's range; once made, it is the one that starts of kernels ask."""

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        # xdist counts its processes: gw0, gw1, …
        number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 10
        start = FIRST + number * SIZE
        ports = [*range(start, start + SIZE)]
        at = random.randrange(SIZE)  # another run may go on beside
        self._ports: Iterator[int] = itertools.cycle(ports[at:] + ports[:at])

    def find_available_port(self, ip: str) -> int:
        for port in itertools.islice(self._ports, SIZE):
            with socket.socket() as probe:
                # as a kernel binds: what was closed a moment ago is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((ip, port))
                except OSError:
                    continue
            return port
        raise OSError(f"no free port among the {SIZE} of this process")
