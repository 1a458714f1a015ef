"""Running a notebook in a kernel of its own, and asking that kernel for its graph."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from ..diagnostics import visible
from ..errors import NexusError
from ..nog import NOGGraph, NOGSerializer
from .inside import EXPRESSION, MIMETYPE

FALLBACK = "nexus"
_ANSWER_TIME = 60.0


class RunError(NexusError):
    """The notebook could not be run to its end."""

    code = "RUN_FAILED"


def kernel_for(notebook: Any, note: Callable[[str], None]) -> str:
    """The notebook's own kernel, else the ``Python (Nexus)`` one; raises RunError."""
    known = KernelSpecManager().find_kernel_specs()
    own = str(notebook.metadata.get("kernelspec", {}).get("name") or "")
    if own in known:
        return own
    if FALLBACK not in known:
        wanted = f"the kernel {visible(own)!r} nor " if own else ""
        raise RunError(f"neither {wanted}{FALLBACK!r} is installed", hint="`jupyter kernelspec list` shows what is")
    if own:
        note(f"the kernel {visible(own)!r} is not installed; {FALLBACK!r} runs the notebook")
    return FALLBACK


def run(notebook: Any, folder: Path, *, timeout: float, allow_errors: bool, note: Callable[[str], None]) -> NOGGraph:
    """The graph after all cells have run.  ``note`` takes what a person should know besides.

    Raises RunError: a cell failed, time ran out, the kernel ended or has no nexus-jupyter.  However it ends, the
    kernel does, too.
    """
    return asyncio.run(_Run(notebook, folder, allow_errors, note).all(timeout))


class _Run:
    def __init__(self, notebook: Any, folder: Path, allow_errors: bool, note: Callable[[str], None]) -> None:
        self._note = note
        self._at = "the kernel's start"
        self._client = NotebookClient(
            notebook,
            kernel_name=kernel_for(notebook, note),
            resources={"metadata": {"path": str(folder)}},
            timeout=None,
            allow_errors=allow_errors,
        )
        self._allow_errors = allow_errors

    async def all(self, timeout: float) -> NOGGraph:
        task = asyncio.current_task()
        assert task is not None
        with _ended_by(signal.SIGTERM, task.cancel):
            try:
                async with asyncio.timeout(timeout) as clock:
                    try:
                        return await self._cells()
                    except DeadKernelError:
                        if clock.expired() or task.cancelling():
                            raise asyncio.CancelledError from None  # nbclient takes being cancelled for this
                        raise RunError(f"the kernel died in {self._at}") from None
            except TimeoutError:
                raise RunError(f"the time of {timeout:g} s ran out in {self._at}", hint="give more with --timeout") from None

    async def _cells(self) -> NOGGraph:
        client = self._client
        manager = client.create_kernel_manager()
        client.km = manager
        try:
            try:
                # what a kernel's process prints past Jupyter is no result of ours; a command that a cell runs is not in its notebook
                env = {name: value for name, value in os.environ.items() if name != "JPY_SESSION_NAME"}
                await client.async_start_new_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
                await client.async_start_new_kernel_client()
            except (RuntimeError, OSError) as error:
                raise RunError(f"the kernel does not start: {visible(str(error))[:300]}") from None
            for index, cell in enumerate(client.nb.cells):
                await self._cell(cell, index)
            self._at = "the question for the graph"
            return await self._ask()
        finally:
            with suppress(RuntimeError):
                await manager.shutdown_kernel(now=True)
            if client.kc is not None:
                client.kc.stop_channels()

    async def _cell(self, cell: Any, index: int) -> None:
        self._at = f"cell {index + 1}"
        # as a page would say, so that a panel knows its cell
        self._client.kc.session.metadata = {"cellId": str(cell.get("id", ""))}
        try:
            await self._client.async_execute_cell(cell, index)
        except CellExecutionError as error:
            raise RunError(f"cell {index + 1} failed: {_reason(error.ename, error.evalue, cell)}", hint="") from None
        for output in cell.get("outputs", ()) if self._allow_errors else ():
            if output.output_type == "error":
                self._note(f"cell {index + 1} failed: {_reason(output.ename, output.evalue, cell)}")

    async def _ask(self) -> NOGGraph:
        client = self._client.kc
        client.session.metadata = {}
        reply = await client.execute("", silent=True, user_expressions={"graph": EXPRESSION}, reply=True, timeout=_ANSWER_TIME)
        answer = reply["content"].get("user_expressions", {}).get("graph", {})
        text = answer.get("data", {}).get(MIMETYPE)
        if answer.get("status") != "ok" or not isinstance(text, str):
            reason = visible(f"{answer.get('ename', '')}: {answer.get('evalue', '')}")[:300]
            raise RunError(
                f"the kernel gives no graph ({reason.strip(': ') or 'it is no Python kernel'})",
                hint="nexus-jupyter must be installed where the kernel runs",
            )
        return NOGSerializer.loads(text)


def _reason(name: str, value: str, cell: Any) -> str:
    """Why a cell failed, in a line; what a panel's cell showed about it below."""
    lines = [visible(f"{name}: {value}")[:500]]
    if name == "CellStopped":
        for output in cell.get("outputs", ()):
            shown = output.get("data", {}).get("text/plain")
            if isinstance(shown, str):
                lines += [visible(line)[:300] for line in shown.split("\n")[:200]]
    return "\n".join(lines)


@contextmanager
def _ended_by(number: signal.Signals, end: Callable[[], object]) -> Iterator[None]:
    """Have the signal call ``end``, where the platform and the thread allow it."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(number, end)
    except (NotImplementedError, RuntimeError, ValueError):
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(number)


def to_stderr(text: str) -> None:
    """A line for the person, beside the result."""
    print(f"jupyter nexus graph: {text}", file=sys.stderr)
