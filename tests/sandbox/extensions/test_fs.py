"""Files beneath a root: what is read and written, what is refused, and that nothing outside is ever reached.

All tests run twice: with the Linux kernel's own way to open beneath a folder, and name by name.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.catalog import catalog
from nexus_jupyter.errors import CapabilityError, HandlerError, LimitError, NexusError
from nexus_jupyter.sandbox.extensions import ExtensionContext, beneath, fs, quota, root
from nexus_jupyter.sandbox.extensions.beneath import Opener, openat2, system_opener, walk
from nexus_jupyter.sandbox.extensions.fs import Files

FULL = os.environ.get("NEXUS_FULL") == "1"

SECRET = "what lies outside"
# Elsewhere than on Linux there is only the one way.
OPENERS = [walk, *([openat2] if system_opener() is openat2 else [])]


@pytest.fixture(params=OPENERS, ids=lambda each: each.__name__)
def opener(request: pytest.FixtureRequest) -> Opener:
    each: Opener = request.param
    return each


@pytest.fixture(autouse=True)
def open_descriptors() -> Iterator[None]:
    """Every descriptor is closed again."""
    if not Path("/proc/self/fd").exists():
        yield
        return
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebook's folder, with the root ``data`` in it and secrets around."""
    home = tmp_path / "home"
    (home / "data" / "sub" / "deep").mkdir(parents=True)
    (home / "data" / "notes.txt").write_text("größe\r\n", encoding="utf-8", newline="")
    (home / "data" / "sub" / "a.csv").write_text("a,b\n", encoding="utf-8")
    for outside in (home / "secret.txt", home / "data-evil" / "secret.txt", home / "data.txt", tmp_path / "secret.txt"):
        outside.parent.mkdir(exist_ok=True)
        outside.write_text(SECRET, encoding="utf-8")
    monkeypatch.chdir(home)
    monkeypatch.setattr(quota, "_ledgers", {})
    return home


Make = Callable[..., Files]


@pytest.fixture
def files(place: Path, opener: Opener) -> Make:
    def make(declared: str | None = "data", mode: str = "write", panel: str = "p") -> Files:
        return Files(ExtensionContext(panel=panel, notebook="n.ipynb", options={"root": declared, "mode": mode}), opener=opener)

    return make


def call(extension: Files, method: str, *args: Any) -> Any:
    return asyncio.run(extension.call(method, args))


def failure(extension: Files, method: str, *args: Any, kind: type[NexusError] = HandlerError) -> NexusError:
    with pytest.raises(kind) as caught:
        call(extension, method, *args)
    assert "home" not in str(caught.value)
    assert SECRET not in str(caught.value)
    return caught.value


def test_it_does_what_the_catalog_says() -> None:
    entry = catalog().extensions[Files.name]
    assert {m.name: m.capability for m in entry.methods} == {name: Files.capability(name) for name in Files.methods()}


@pytest.mark.skipif(sys.platform != "linux", reason="openat2 is Linux's own")
def test_linux_has_its_own_way_here_or_says_so(tmp_path: Path) -> None:
    folder = os.open(tmp_path, beneath.folder_flags())
    try:
        if system_opener() is openat2:
            os.close(openat2(folder, (".",)))
        else:
            with pytest.raises(OSError, match=r"not permitted|not implemented"):
                openat2(folder, (".",))
    finally:
        os.close(folder)


def test_a_file_is_read_as_it_is(files: Make) -> None:
    assert call(files(mode="read"), "read", "notes.txt") == "größe\r\n"
    assert call(files(), "read", "sub/a.csv") == "a,b\n"


def test_what_is_written_is_there(files: Make, place: Path) -> None:
    panel = files()
    assert call(panel, "write", "sub/deep/new.txt", "größe\n\ud800") is None
    assert (place / "data/sub/deep/new.txt").read_bytes() == "größe\n\ufffd".encode()
    call(panel, "write", "notes.txt", "")
    assert call(panel, "read", "notes.txt") == ""
    assert sorted(os.listdir(place / "data")) == ["notes.txt", "sub"]


def test_a_file_keeps_its_rights_and_a_new_one_gets_the_usual(files: Make, place: Path) -> None:
    (place / "data/notes.txt").chmod(0o640)
    call(files(), "write", "notes.txt", "x")
    assert stat.S_IMODE((place / "data/notes.txt").stat().st_mode) == 0o640
    call(files(), "write", "new.txt", "x")
    (place / "usual.txt").write_text("")
    assert (place / "data/new.txt").stat().st_mode == (place / "usual.txt").stat().st_mode


def test_a_folder_is_listed_by_name(files: Make, place: Path) -> None:
    os.utime(place / "data/notes.txt", (1_700_000_000, 1_700_000_000.25))
    os.symlink("notes.txt", place / "data/link")
    os.mkfifo(place / "data/pipe")
    (place / "data/.hidden").write_text("")
    (place / "data/back\\slash").write_text("")
    (place / "data/Ä.txt").write_text("")
    with open(os.fsencode(place / "data") + b"/\xff.txt", "wb"):
        pass
    found = call(files(mode="read"), "list")
    assert [(each["name"], each["kind"]) for each in found] == [("notes.txt", "file"), ("sub", "folder"), ("Ä.txt", "file")]
    assert found[0] == {"name": "notes.txt", "kind": "file", "size": 8 + 1, "modified": "2023-11-14T22:13:20.250Z"}
    assert [each["name"] for each in call(files(), "list", "sub")] == ["a.csv", "deep"]
    assert call(files(), "list", "sub/deep") == []


def test_a_time_that_no_calendar_has_is_listed(files: Make, place: Path) -> None:
    os.utime(place / "data/notes.txt", (0, -(2**40)))
    assert call(files(), "list")[0]["modified"].endswith("Z")


def test_a_file_is_deleted_and_no_folder(files: Make, place: Path) -> None:
    call(files(), "delete", "notes.txt")
    assert not (place / "data/notes.txt").exists()
    assert failure(files(), "delete", "notes.txt").code == "FS_NOT_FOUND"
    assert failure(files(), "delete", "sub/deep").code == "FS_NO_FILE"
    assert (place / "data/sub/deep").is_dir()


@pytest.mark.parametrize("method", ["read", "write", "delete"])
def test_what_is_not_there_is_told(files: Make, method: str) -> None:
    text = ["x"] if method == "write" else []
    assert failure(files(), method, "none/x.txt", *text).code == "FS_NOT_FOUND"
    assert failure(files(), method, "notes.txt/x.txt", *text).code == "FS_NO_FOLDER"
    assert failure(files(), method, "", *text).code == "FS_NO_FILE"
    assert failure(files(), method, "sub", *text).code == "FS_NO_FILE"


def test_only_text_is_read(files: Make, place: Path) -> None:
    (place / "data/image.bin").write_bytes(b"\x89PNG\xff")
    assert failure(files(), "read", "image.bin").code == "FS_NO_TEXT"


# ---- grants


def test_reading_only_is_what_is_declared_unless_writing_is(files: Make, place: Path) -> None:
    for mode in ("read", "", "WRITE"):
        assert failure(files(mode=mode), "write", "new.txt", "x", kind=CapabilityError)
        assert failure(files(mode=mode), "delete", "notes.txt", kind=CapabilityError)
    assert sorted(os.listdir(place / "data")) == ["notes.txt", "sub"]


@pytest.mark.parametrize(
    "declared", [None, "", "  ", "/", "//", "/proc", "/proc/self", "/sys", "/dev", "/dev/fd", "../../../../../../../../../../../.."]
)
def test_some_roots_are_for_no_panel(files: Make, declared: str | None) -> None:
    for method, args in (("read", ["x"]), ("list", []), ("write", ["x", "y"]), ("delete", ["x"])):
        with pytest.raises(CapabilityError):
            call(files(declared), method, *args)


@pytest.mark.parametrize("declared", ["none", "data/notes.txt", "data/none", "x\0y", "data/notes.txt/..x"])
def test_a_root_that_is_no_folder_is_told(files: Make, declared: str) -> None:
    assert failure(files(declared), "list").code == "FS_NO_ROOT"


def test_a_root_may_be_the_notebooks_folder_absolute_or_above(files: Make, place: Path) -> None:
    assert call(files("."), "read", "data/notes.txt")
    assert call(files("./data/"), "read", "notes.txt")
    assert call(files(str(place / "data")), "read", "notes.txt")
    assert call(files("../home/data"), "read", "notes.txt")


def test_a_relative_root_leads_through_no_link(files: Make, place: Path) -> None:
    os.symlink(".", place / "linked")
    os.symlink("data", place / "near")
    for declared in ("linked", "linked/data", "near"):
        assert failure(files(declared), "read", "secret.txt").code == "FS_NO_ROOT"


def test_a_root_is_where_the_notebook_is_though_a_cell_goes_elsewhere(files: Make, place: Path) -> None:
    panel = files()
    os.chdir("/")
    assert call(panel, "read", "notes.txt") == "größe\r\n"


def test_nothing_is_written_in_a_root_that_is_hidden(files: Make, place: Path) -> None:
    (place / ".jupyter/custom").mkdir(parents=True)
    (place / ".jupyter/custom/x.css").write_text("read me")
    os.symlink(place / ".jupyter", place / "plain")
    for declared in (".jupyter/custom", str(place / ".jupyter/custom"), str(place / "plain/custom")):
        assert call(files(declared), "read", "x.css") == "read me"
        assert failure(files(declared), "write", "x.css", "y", kind=CapabilityError)
        assert failure(files(declared), "delete", "x.css", kind=CapabilityError)


@pytest.mark.parametrize(
    "name", ["n.ipynb", "pandas.py", "sub/conftest.py", "jupyter_server_config.json", ".bashrc", "sub/.x", "kernel.json"]
)
def test_what_would_be_obeyed_is_neither_written_nor_deleted(files: Make, place: Path, name: str) -> None:
    (place / "data" / name).write_text("keep", encoding="utf-8")
    assert failure(files(), "write", name, "x", kind=CapabilityError)
    assert failure(files(), "delete", name, kind=CapabilityError)
    assert (place / "data" / name).read_text(encoding="utf-8") == "keep"


# ---- nothing outside


def paths() -> list[str]:
    """Lines that lead, or once led, out of a folder somewhere."""
    ups = [
        "..",
        "%2e%2e",
        "%252e%252e",
        ".%2e",
        "..;",
        "...",
        "....",
        "..%00",
        "．．",
        "‥",
        "․․",
        "..\u200b",
        "%c0%ae%c0%ae",
        "..%5c",
        "\\..",
        "..\\",
        "%uff0e%uff0e",
    ]
    slashes = ["/", "\\", "//", "%2f", "%5c", "%252f", "/./", "／", "⁄", "∕", "＼", "%c0%af"]
    targets = ["secret.txt", "data-evil/secret.txt", "data.txt"]
    lines = [
        slash.join([up] * depth + [target])
        for up, slash, depth in itertools.product(ups, slashes, (1, 2, 3))
        for target in targets[: 4 - depth]
    ]
    lines += [
        f"{start}{'../' * depth}secret.txt"
        for start in ("sub/", "sub/deep/", "none/", "notes.txt/", "./", "/", "sub/deep/none/")
        for depth in range(1, 7)
    ]
    lines += [f"{'../' * depth}etc/passwd" for depth in range(1, 17)]
    absolute = [
        "/etc/passwd",
        "/proc/self/environ",
        "/proc/self/root/etc/passwd",
        "/proc/self/cwd/secret.txt",
        "/proc/self/fd/0",
        "/dev/null",
        "/dev/stdin",
    ]
    lines += [
        f"{before}{path}{after}"
        for path in absolute
        for before in ("", "/", "sub", "file://", "//?", "\\", "~")
        for after in ("", "/", "/.", "\0", "%00.txt", "::$DATA", " ")
    ]
    lines += ["../data-evil/secret.txt", "-evil/secret.txt", "../data.txt", "../data/../secret.txt", "notes.txt/../../secret.txt"]
    lines += [
        "C:\\Windows\\win.ini",
        "C:/Windows/win.ini",
        "c:secret.txt",
        "\\\\?\\C:\\x",
        "\\\\localhost\\c$\\x",
        "//server/share/x",
        "~/secret.txt",
        "~root/x",
        "$HOME/secret.txt",
    ]
    lines += [
        "notes.txt::$DATA",
        "notes.txt:x",
        "sub::$INDEX_ALLOCATION/a.csv",
        "sub:$I30:$INDEX_ALLOCATION",
        "CON",
        "sub/NUL",
        "aux.txt",
        "LPT1",
        "COM1:",
    ]
    links = ["link-up", "link-out", "link-file", "link-abs", "link-proc", "link-loop", "link-sub", "sub/link-back"]
    lines += [
        f"{link}{rest}"
        for link in links
        for rest in (
            "",
            "/",
            "/.",
            "/..",
            "/secret.txt",
            "/../secret.txt",
            "/home/secret.txt",
            "/self/environ",
            "/data-evil/secret.txt",
            "/a.csv",
        )
    ]
    return list(dict.fromkeys(lines))


def test_the_corpus_is_large_enough() -> None:
    assert len(paths()) >= 1_000


def tree(folder: Path) -> dict[str, bytes | str | None]:
    """All that lies beneath ``folder``: contents of files, targets of links."""
    return {
        str(path.relative_to(folder)): os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


async def told(panel: Files, method: str, *args: str) -> str:
    """What a panel learns of a call."""
    try:
        return repr(await panel.call(method, args))
    except NexusError as error:
        return f"refused: {error}"


def test_no_path_reaches_what_lies_outside(files: Make, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # a thousand waits for the disk prove nothing here
    data = place / "data"
    for name, target in {
        "link-up": "..",
        "link-out": "../data-evil",
        "link-file": "../secret.txt",
        "link-abs": str(place),
        "link-proc": "/proc",
        "link-loop": "link-loop",
        "link-sub": "sub",
        "sub/link-back": "../..",
    }.items():
        os.symlink(target, data / name)
    before = tree(place.parent)
    panel = files()

    async def scenario() -> None:
        for path in paths()[:: 1 if FULL else 5]:
            for method, args in (("read", (path,)), ("list", (path,)), ("write", (path, "x")), ("delete", (path,))):
                # what is no trick on this system is a name as any other: at most a file beneath the root is written
                learnt = await told(panel, method, *args)
                assert SECRET not in learnt
                assert learnt.startswith("refused: ") or (method != "read" and learnt in ("None", "[]")), (method, path)

    asyncio.run(scenario())
    after = tree(place.parent)
    assert {name: content for name, content in after.items() if name in before} == before
    assert {name for name in after if not name.startswith("home/data/")} == {name for name in before if not name.startswith("home/data/")}


@pytest.mark.parametrize("method", ["read", "write", "delete"])
def test_links_are_not_followed_and_not_touched(files: Make, place: Path, method: str) -> None:
    os.symlink("../secret.txt", place / "data/link.txt")
    os.symlink("notes.txt", place / "data/near.txt")
    os.symlink("sub", place / "data/folder")
    text = ["x"] if method == "write" else []
    assert failure(files(), method, "link.txt", *text).code == "FS_NO_FILE"
    assert failure(files(), method, "near.txt", *text).code == "FS_NO_FILE"
    assert failure(files(), method, "folder/a.csv", *text).code == "FS_NO_FOLDER"
    assert failure(files(), method, "folder/new.csv", *text).code == "FS_NO_FOLDER"
    assert failure(files(), "list", "folder").code == "FS_NO_FOLDER"
    assert (place / "secret.txt").read_text() == SECRET
    assert (place / "data/link.txt").is_symlink()


@pytest.mark.parametrize("method", ["read", "write", "delete"])
def test_pipes_and_sockets_are_refused_without_waiting(files: Make, place: Path, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(place / "data/pipe")
    monkeypatch.chdir(place / "data")  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        monkeypatch.chdir(place)
        for name in ("pipe", "socket"):
            text = ["x"] if method == "write" else []
            assert failure(files(), method, name, *text).code == "FS_NO_FILE"
            assert (place / "data" / name).exists()


def test_a_pipe_that_takes_a_files_place_is_refused_without_waiting(files: Make, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at a file and its opening."""
    look = fs._regular

    def swapped(folder: int, name: str, path: str, **more: Any) -> os.stat_result | None:
        found = look(folder, name, path, **more)
        (place / "data/notes.txt").unlink()
        os.mkfifo(place / "data/notes.txt")
        return found

    monkeypatch.setattr(fs, "_regular", swapped)
    assert failure(files(), "read", "notes.txt").code == "FS_NO_FILE"


def test_a_link_that_takes_a_files_place_is_not_followed(files: Make, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at a file and what is done with it."""
    look = fs._regular

    def swapped(folder: int, name: str, path: str, **more: Any) -> os.stat_result | None:
        found = look(folder, name, path, **more)
        (place / "data/notes.txt").unlink()
        os.symlink("../secret.txt", place / "data/notes.txt")
        return found

    monkeypatch.setattr(fs, "_regular", swapped)
    assert failure(files(), "read", "notes.txt").code == "FS_NO_FOLDER"
    for method, args in (("write", ["notes.txt", "x"]), ("delete", ["notes.txt"])):
        (place / "data/notes.txt").unlink(missing_ok=True)
        (place / "data/notes.txt").write_text("before")
        call(files(), method, *args)  # what stands there is the link, so it is the link that goes
        assert not (place / "data/notes.txt").is_symlink()
        assert (place / "secret.txt").read_text() == SECRET


def test_a_file_with_other_names_is_read_and_deleted_but_not_written(files: Make, place: Path) -> None:
    os.link(place / "secret.txt", place / "data/linked.txt")
    assert call(files(), "read", "linked.txt") == SECRET
    assert failure(files(), "write", "linked.txt", "x").code == "FS_LINKED"
    call(files(), "delete", "linked.txt")
    assert (place / "secret.txt").read_text() == SECRET


# ---- whole or not at all


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside(files: Make, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device", str(place))

    before = tree(place)
    for name in ("write", "fsync", "rename"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, lambda *args, **kwargs: full(0, b""))
            assert failure(files(), "write", "notes.txt", "new text").code == "FS_NO_ROOM"
            assert failure(files(), "write", "new.txt", "new text").code == "FS_NO_ROOM"
        assert tree(place) == before
    call(files(), "write", "new.txt", "x")


def test_a_write_in_parts_is_whole(files: Make, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data[:3])))
    call(files(), "write", "notes.txt", "0123456789")
    assert (place / "data/notes.txt").read_text() == "0123456789"


def test_a_file_that_nobody_may_write_stays(files: Make, place: Path) -> None:
    (place / "data/notes.txt").chmod(0o444)
    assert failure(files(), "write", "notes.txt", "x").code == "FS_NOT_ALLOWED"
    assert (place / "data/notes.txt").read_text(encoding="utf-8") == "größe\n"


def test_a_reader_sees_the_old_text_or_the_new_one(files: Make, place: Path) -> None:
    async def scenario() -> set[int]:
        panel = files()
        texts = ["a" * 300_000, "b" * 200_000]
        await panel.call("write", ("x.txt", texts[0]))
        seen = set()
        for turn in range(20):
            writing = asyncio.ensure_future(panel.call("write", ("x.txt", texts[turn % 2])))
            while not writing.done():
                text = await panel.call("read", ("x.txt",))
                assert text in texts
                seen.add(len(str(text)))
            await writing
        return seen

    assert asyncio.run(scenario()) == {300_000, 200_000}


# ---- quotas


def test_the_size_of_a_file_is_bounded_to_the_byte(files: Make, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_FILE", 1_000)
    call(files(), "write", "x.txt", "x" * 1_000)
    assert len(call(files(), "read", "x.txt")) == 1_000
    assert failure(files(), "write", "y.txt", "ä" * 500 + "x", kind=LimitError).code == "LIMIT_FS_FILE"
    (place / "data/large.txt").write_text("x" * 1_001)
    assert failure(files(), "read", "large.txt", kind=LimitError).code == "LIMIT_FS_FILE"
    assert not (place / "data/y.txt").exists()


def test_what_a_panel_has_written_and_is_still_there_counts(files: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_TOTAL", 1_000)
    call(files(), "write", "a.txt", "x" * 600)
    assert failure(files(), "write", "b.txt", "x" * 401, kind=LimitError).code == "LIMIT_FS_TOTAL"
    call(files(), "write", "b.txt", "x" * 400)  # another run of the same cell is the same panel
    call(files(), "write", "a.txt", "x" * 500)  # its own file counts once
    call(files(), "write", "b.txt", "x" * 500)
    call(files(), "delete", "a.txt")
    call(files(), "write", "c.txt", "x" * 500)
    assert failure(files(), "write", "d.txt", "x", kind=LimitError).code == "LIMIT_FS_TOTAL"
    call(files(panel="other"), "write", "d.txt", "x" * 1_000)


def test_the_number_of_files_is_bounded(files: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_FILES", 2)
    call(files(), "write", "a.txt", "")
    call(files(), "write", "b.txt", "")
    assert failure(files(), "write", "c.txt", "", kind=LimitError).code == "LIMIT_FS_FILES"
    call(files(), "write", "a.txt", "again")


def test_a_write_that_fails_does_not_count(files: Make, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_TOTAL", 10)
    assert failure(files(), "write", "none/x.txt", "x" * 10).code == "FS_NOT_FOUND"
    assert failure(files(), "write", "sub", "x" * 10).code == "FS_NO_FILE"
    call(files(), "write", "x.txt", "x" * 10)


def test_writes_at_the_same_time_do_not_pass_the_quota_together(files: Make, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_TOTAL", 1_000)

    async def scenario() -> list[Any]:
        panel = files()
        return await asyncio.gather(*(panel.call("write", (f"{n}.txt", "x" * 300)) for n in range(10)), return_exceptions=True)

    results = asyncio.run(scenario())
    assert sum(result is None for result in results) == 3
    assert sum(isinstance(result, LimitError) for result in results) == 7


def test_the_length_of_a_list_is_bounded(files: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fs, "MAX_LISTED", 2)
    assert len(call(files(), "list")) == 2
    monkeypatch.setattr(fs, "MAX_LISTED", 1)
    assert failure(files(), "list", kind=LimitError).code == "LIMIT_FS_LISTED"


def test_a_system_that_cannot_stay_beneath_a_folder_says_so(files: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root, "supported", lambda: False)
    assert failure(files(), "read", "notes.txt").code == "FS_NOT_SUPPORTED"
