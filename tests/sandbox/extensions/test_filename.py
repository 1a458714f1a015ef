"""Which paths there are for a panel, and which of them it may write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.errors import CapabilityError, HandlerError, NexusError
from nexus_jupyter.sandbox.extensions.filename import MAX_DEPTH, MAX_PATH, check_writable, is_named, read_path


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("", ()),
        ("notes.txt", ("notes.txt",)),
        ("2024/07/größe 1.csv", ("2024", "07", "größe 1.csv")),
        ("a..b/c...d", ("a..b", "c...d")),
        ("console.log", ("console.log",)),
        ("com.txt/nullable", ("com.txt", "nullable")),
        ("%2e%2e/日本語", ("%2e%2e", "日本語")),
        ("/".join("d" * MAX_DEPTH), ("d",) * MAX_DEPTH),
    ],
)
def test_paths_lead_down_by_names(path: str, names: tuple[str, ...]) -> None:
    assert read_path(path) == names
    assert all(is_named(name) for name in names)


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/etc/passwd", "//x", "a/", "a//b", "a/b/", "..", ".", "../x", "a/../b", "a/./b", "a/..", "./a"),
        *("a\\b", "..\\x", "\\\\server\\share", "C:\\x", "C:x", "c:/x", "a:b", "a.txt::$DATA", "a.txt:stream", "a/b:c"),
        *(
            "CON",
            "con",
            "Prn.txt",
            "aux.tar.gz",
            "NUL",
            "nul.",
            "COM1",
            "com0.txt",
            "LPT9.x",
            "lpt¹",
            "COM²",
            "CONIN$",
            "conout$.txt",
            "con .txt",
            "a/nul/b",
        ),
        *("a.", "a ", "a..", " a", "a./b", "a /b", "..."),
        *("a\0b", "a\nb", "a\tb", "\x1b[31m", "a\x7fb", "a\u202eb", "a\u200bb", "a\ufeff", "a\u2028b", "\ud800"),
        *("．．", "．．/x", "‥", "‥/x", "a／b", "a＼b", "a：b", "․․", "ａｕｘ", "x．"),
        *("x" * 256, "é" * 128, "/".join(["d"] * (MAX_DEPTH + 1)), "x/" * (MAX_PATH // 2) + "x"),
    ],
)
def test_what_some_system_takes_for_another_path_is_refused(path: str) -> None:
    with pytest.raises(HandlerError) as caught:
        read_path(path)
    assert caught.value.code == "INVALID_PATH"
    assert len(caught.value.message) < 400


@pytest.mark.parametrize("path", [".env", ".git/config", "a/.ssh/id_rsa", ".ipynb_checkpoints/x", "..a", "．env", "a/․hidden", ".x"])
def test_names_with_a_dot_before_them_are_for_no_panel(path: str) -> None:
    with pytest.raises(CapabilityError):
        read_path(path)
    assert not all(is_named(name) for name in path.split("/"))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "n.ipynb",
            "N.IPYNB",
            "n.ｉpynb",
            "m.py",
            "M.Py",
            "pandas.pyc",
            "x.pyd",
            "x.so",
            "x.SO",
            "x.dylib",
            "x.dll",
            "a.pth",
            "a.egg-link",
        ),
        *(
            "sitecustomize.py",
            "ſitecustomize.py",
            "conftest.py",
            "setup.cfg",
            "PyProject.toml",
            "tox.ini",
            "pytest.ini",
            "pyvenv.cfg",
            "pip.conf",
        ),
        *(
            "jupyter_config.json",
            "jupyter_server_config.json",
            "jupyter_lab_config.py",
            "ipython_config.json",
            "ipython_kernel_config.py",
            "kernel.json",
        ),
        *("voila_config.json", "overrides.json", "page_config.json", "labconfig.json", "Jupyter_Notebook_Config.JSON"),
    ],
)
def test_what_python_or_jupyter_would_obey_is_never_written(name: str) -> None:
    for path in (name, f"folder/{name}"):
        with pytest.raises(CapabilityError):
            check_writable(read_path(path))


@pytest.mark.parametrize(
    "name", ["notes.txt", "data.json", "a.py.txt", "ipynb", "so", "my_config.json", "x.python", "config.json", "a.csv"]
)
def test_all_else_is_writable(name: str) -> None:
    check_writable(read_path(name))


@given(st.text(st.characters(), max_size=40))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        names = read_path(text)
    except NexusError:
        return
    assert "/".join(names) == text
    assert not {"", ".", ".."} & set(names)


@pytest.mark.parametrize("path", ["..", "../x", "a/./b"])
def test_a_path_that_goes_up_is_told_that_it_only_leads_down(path: str) -> None:
    with pytest.raises(HandlerError, match="only leads down"):
        read_path(path)
