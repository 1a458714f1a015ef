"""A real Voila server on loopback that shows one notebook to visitors, for browser tests."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from .lab import free_port


@dataclass
class Voila:
    """One Voila server, with folders of its own."""

    url: str
    log: Path
    process: int

    def kernels(self) -> set[int]:
        """The process ids of the kernels that run now."""
        found = set()
        for child in psutil.Process(self.process).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "nexus_jupyter.kernel" in child.cmdline():
                    found.add(child.pid)
        return found


@contextlib.contextmanager
def running_voila(notebook: Path, home: Path, options: Sequence[str] = ()) -> Iterator[Voila]:
    """A server that shows ``notebook`` in our template, with its configuration, data and log under ``home``.

    Ended with the context, and its kernels with it.
    """
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    log = home / "voila.log"
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "TZ": "Europe/Berlin",
    }
    command = [
        sys.executable, "-m", "voila", str(notebook), "--no-browser", f"--port={port}", "--Voila.port_retries=0", "--Voila.ip=127.0.0.1",
        "--template=nexus", "--VoilaConfiguration.allow_template_override=NOTEBOOK", *options,
    ]  # fmt: skip
    with log.open("wb") as sink:
        server = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT, env=environment, start_new_session=True, cwd=home)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            # a file of the template costs no kernel
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/voila/templates/nexus/static/index.css", timeout=2):
                break
            assert server.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.1)
        yield Voila(url, log, server.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.pid, signal.SIGTERM)  # Voila ends its kernels, each in a process group of its own
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(5)
