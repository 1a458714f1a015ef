"""Paths as panels write them: which names there are for a panel, and which of them it may write.

A name is judged as it is written and in its compatibility form (NFKC), for some systems take one for the other.
Whatever would be special on any system is refused on every system.
"""

from __future__ import annotations

import re
import unicodedata

from ...errors import CapabilityError, HandlerError

MAX_NAME = 255  # bytes, which is what file systems have room for
MAX_PATH = 1024  # characters
MAX_DEPTH = 32

_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])\s*(\..*)?", re.DOTALL)

# What Jupyter or Python opens, imports or obeys by itself when it lies in a folder that they look into.
NEVER_WRITTEN_SUFFIXES = (
    ".ipynb",  # notebooks
    *(".py", ".pyc", ".pyo", ".pyd", ".pyw", ".pth", ".so", ".dll", ".dylib", ".egg", ".egg-link"),  # imported or loaded
)
NEVER_WRITTEN = frozenset(
    [
        *("setup.cfg", "pyproject.toml", "tox.ini", "pytest.ini", "pyvenv.cfg", "pip.conf", "pip.ini", "pydistutils.cfg"),
        *("kernel.json", "overrides.json", "page_config.json", "plugin_settings.json", "labconfig.json"),
    ]
)
_CONFIGURATION = re.compile(r"(jupyter|ipython|ipykernel|voila|nbconvert)\w*config\.(py|json)")


def read_path(path: str) -> tuple[str, ...]:
    """The names that ``path`` goes through, from the root; none for "".

    Raises HandlerError (``INVALID_PATH``): a name that does not stay beneath, or that some system takes for another.
    CapabilityError: a name that begins with a dot, for such files hold secrets and settings.
    """
    if not path:
        return ()
    if len(path) > MAX_PATH:
        raise _invalid(path, f"it is longer than {MAX_PATH} characters")
    names = tuple(path.split("/"))
    if len(names) > MAX_DEPTH:
        raise _invalid(path, f"it is deeper than {MAX_DEPTH} folders")
    for name in names:
        problem = name_problem(name)
        if problem:
            raise _invalid(path, problem)
    for name in names:
        if unicodedata.normalize("NFKC", name).startswith("."):
            raise CapabilityError(f"{shown(path)} has a name that begins with a dot; those are never for a panel.")
    return names


def name_problem(name: str) -> str:
    """Why ``name`` is no name of a file or folder on every system; "" when it is one."""
    if name == "":
        return "it begins or ends with / or has two of them; write it from the root, such as data/notes.txt"
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in name):
        return "it holds a control character, or one that is not seen"
    if len(name.encode()) > MAX_NAME:
        return f"a name in it is longer than {MAX_NAME} bytes"
    for form in (name, unicodedata.normalize("NFKC", name)):
        if form in (".", ".."):
            return "it holds . or .., and a path only leads down from the root"
        if any(c in "/\\:" for c in form):
            return "a name in it holds a slash, a backslash or a colon"
        if form.endswith((".", " ")) or form.startswith(" "):
            return "a name in it begins with a space, or ends with a space or a dot"
        if _DEVICE.fullmatch(form.casefold()):
            return "a name in it stands for a device on some systems"
    return ""


def is_named(name: str) -> bool:
    """Whether a panel has a way to name a file called so."""
    return not name_problem(name) and not unicodedata.normalize("NFKC", name).startswith(".")


def check_writable(names: tuple[str, ...]) -> None:
    """Raises CapabilityError: notebooks, and what Python or Jupyter runs or obeys by itself."""
    folded = unicodedata.normalize("NFKC", names[-1]).casefold()
    if folded.endswith(NEVER_WRITTEN_SUFFIXES) or folded in NEVER_WRITTEN or _CONFIGURATION.fullmatch(folded):
        raise CapabilityError(
            f"{shown('/'.join(names))} is never written or deleted by a panel: Python or Jupyter would run it or obey it.",
            hint="Choose another name.",
        )


def shown(path: str) -> str:
    """``path`` as an error shows it."""
    cut = path if len(path) <= 120 else f"{path[:119]}…"
    return repr(cut.encode("utf-8", "backslashreplace").decode())


def _invalid(path: str, reason: str) -> HandlerError:
    return HandlerError(f"{shown(path)} is no path for a panel: {reason}.", name="TypeError", code="INVALID_PATH")
