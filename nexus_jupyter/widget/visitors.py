"""Whether those who look at this kernel's panels are its owners or visitors.

Voila shows a notebook to anybody who may open its address.  A visitor's page can send the kernel any comm
message, but may run no code, and must not reach what leads to that.
"""

from __future__ import annotations

import os


def serves_visitors() -> bool:
    """True in a kernel that Voila started, alone or inside of Jupyter Server, warmed in advance or not."""
    return "VOILA_PREHEAT" in os.environ or os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")
