"""The kernel ``Python (Nexus)``: IPython with ``%%nxml`` built in and the sandbox warmed."""

from __future__ import annotations

from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

from . import __version__
from .widget import graph_comm, warming


class NexusKernel(IPythonKernel):
    """IPython's kernel; the only difference is that the extension is loaded at start."""

    implementation = "nexus"
    implementation_version = __version__

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        warming.load()  # before anything asks: neither the first cell nor a server that connects waits, and nothing imports beside them
        self.shell.extension_manager.load_extension("nexus_jupyter")
        graph_comm.register(self)  # the extension cannot: this is no kernel yet that others can find

    @property
    def banner(self) -> str:
        """What a console shows first."""
        return f"{self.shell.banner.rstrip()}\nnexus-jupyter {__version__}: start a cell with %%nxml; %%nxml? explains.\n"


def main() -> None:
    """Start the kernel; Jupyter calls this by the kernelspec."""
    IPKernelApp.launch_instance(kernel_class=NexusKernel)


if __name__ == "__main__":
    main()
