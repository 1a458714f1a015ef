"""The comm target ``nexus.graph``: a server opens it to follow this kernel's panels and to use them.

Importing this costs nothing; what a comm needs is imported when the first one opens.
"""

from __future__ import annotations

import sys
from typing import Any

from .visitors import serves_visitors
from .warming import load

# ``protocol.bridge.BRIDGE_TARGET``; that module would load Pydantic.
TARGET = "nexus.graph"
# The id of a comm that is there as long as the target is.
BEACON = TARGET


def register(kernel: Any = None) -> None:
    """Take comms of this target from now on, and say so.  Again does nothing; outside of a kernel neither.

    Nor does it in a kernel that serves visitors: whoever opens such a comm reads and replaces documents.
    """
    kernel = kernel or _kernel()
    if kernel is None or serves_visitors() or TARGET in kernel.comm_manager.targets:
        return
    kernel.comm_manager.register_target(TARGET, _opened)
    from comm.base_comm import BaseComm

    class Beacon(BaseComm):
        """A comm that no page opens or hears: a server that comes later finds its name in ``comm_info``."""

        def publish_msg(self, msg_type: str, *_: Any, **__: Any) -> None:
            """Nothing: one message, below, says that it is there."""

    kernel.comm_manager.register_comm(Beacon(target_name=TARGET, comm_id=BEACON, primary=False))
    # pages drop messages of comms that they do not know, so this costs one small frame each and no more
    _announce(kernel, {})


def unregister() -> None:
    """Take no more comms of this target, and close those that are open."""
    kernel = _kernel()
    if kernel is None or kernel.comm_manager.targets.pop(TARGET, None) is None:
        return
    kernel.comm_manager.comms.pop(BEACON, None)
    _announce(kernel, {"gone": True})
    requests = sys.modules.get(f"{__package__}.bridge_requests")
    if requests is not None:
        requests.close_all()


def _kernel() -> Any:
    """The ipykernel that this process is, or None."""
    kernelbase = sys.modules.get("ipykernel.kernelbase")
    if kernelbase is None or not kernelbase.Kernel.initialized():
        return None
    kernel = kernelbase.Kernel.instance()
    return kernel if hasattr(kernel, "comm_manager") else None


def _announce(kernel: Any, data: dict[str, Any]) -> None:
    content = {"comm_id": BEACON, "data": data}
    kernel.session.send(kernel.iopub_socket, "comm_msg", content, parent=kernel.get_parent(), ident=f"comm-{BEACON}".encode())


def _opened(comm: Any, message: dict[str, Any]) -> None:
    load()  # a server opens its comm on a thread of its own, perhaps while the first cell imports
    from .bridge_requests import BridgeComm

    BridgeComm.open(comm, message)
