"""The extension as Jupyter Server starts and ends it."""

from __future__ import annotations

import json
import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from nexus_jupyter import _jupyter_server_extension_points
from nexus_jupyter.nog.store import WorkspaceStore, engine
from nexus_jupyter.server.app import NexusExtension

from .speaker import Speaker, counter

CONFIG = Path(__file__).parent.parent.parent / "jupyter-config" / "server-config" / "nexus_jupyter.json"


async def health(jp_fetch: Any) -> dict[str, Any]:
    answer = await jp_fetch("nexus", "api", "v1", "health")
    found: dict[str, Any] = json.loads(answer.body)
    return found


def store_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("nexus-store")]


def test_installing_enables_it() -> None:
    assert json.loads(CONFIG.read_text()) == {"ServerApp": {"jpserver_extensions": {"nexus_jupyter": True}}}
    assert _jupyter_server_extension_points() == [{"module": "nexus_jupyter.server.app", "app": NexusExtension}]
    assert NexusExtension.name == "nexus_jupyter"


def test_every_setting_says_what_it_is_for() -> None:
    own = {name: trait for name, trait in NexusExtension.class_own_traits(config=True).items() if not name.startswith("_")}
    assert {
        "database",
        "kept_revisions",
        "socket_queue",
        "tcp_nodelay",
        "ai_model",
        "ai_endpoint",
        "ai_rounds",
        "ai_context_tokens",
    } <= set(own)
    assert [name for name, trait in own.items() if not trait.help] == []


async def test_health_says_what_there_is(jp_fetch: Any, jp_serverapp: Any) -> None:
    Speaker(jp_serverapp.web_app.settings["nexus_workspace"]).snapshot(one=counter())
    found = await health(jp_fetch)
    assert found == {
        "status": "ok",
        "version": found["version"],
        "workspace": "default",
        "revision": 1,
        "kernels": 1,
        "panels": 1,
        "storage": "",
    }


async def test_the_store_is_in_the_data_folder_for_this_user_and_root_alone(jp_serverapp: Any, jp_data_dir: Path) -> None:
    [file] = (jp_data_dir / "nexus").glob("*.sqlite")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert jp_serverapp.web_app.settings["nexus_store"].path == file


async def test_nothing_is_left_when_it_stops(jp_fetch: Any, jp_serverapp: Any, jp_data_dir: Path) -> None:
    Speaker(jp_serverapp.web_app.settings["nexus_workspace"]).snapshot(one=counter())
    await jp_serverapp._post_start()
    await health(jp_fetch)
    assert store_threads()
    await jp_serverapp.extension_manager.stop_all_extensions()
    assert store_threads() == []
    [file] = (jp_data_dir / "nexus").iterdir()  # the log is merged into it and gone
    with WorkspaceStore(file) as store:
        assert store.revision == 1
    await jp_serverapp.extension_manager.stop_all_extensions()


async def test_the_bridge_starts_with_the_server_and_ends_with_it(jp_serverapp: Any) -> None:
    await jp_serverapp._post_start()
    [app] = jp_serverapp.extension_manager.extension_apps["nexus_jupyter"]
    assert app._bridge is not None
    assert app._bridge._task is not None
    await app.stop_extension()
    assert app._bridge._task is None


# --- a store that cannot be used never keeps the server from starting ------------------------------


@pytest.fixture
def database(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    """A path with something wrong with it, as the test's parameter says."""
    path = tmp_path / "store" / "s.sqlite"
    kind = getattr(request, "param", "good")
    if kind in ("damaged", "newer", "good"):
        WorkspaceStore(path).close()
    if kind == "damaged":
        path.write_bytes(b"no database at all " * 1000)
    elif kind == "newer":
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE nexus_meta SET value = '99' WHERE name = 'schema'")
        connection.close()
    elif kind == "unwritable":
        path.parent.write_text("a file in the place of the folder")
    if kind == "in use":
        with WorkspaceStore(path):
            yield path
    else:
        yield path


@pytest.fixture
def jp_server_config(jp_server_config: Config, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setattr(engine, "BUSY_MS", 50)
    if "database" in request.fixturenames:
        jp_server_config.NexusExtension.database = str(request.getfixturevalue("database"))
    return jp_server_config


@pytest.mark.parametrize("database", ["damaged", "newer", "unwritable", "in use"], indirect=True)
async def test_without_a_store_the_extension_works_and_health_says_why(
    capsys: pytest.CaptureFixture[str], database: Path, jp_serverapp: Any, jp_fetch: Any
) -> None:
    Speaker(jp_serverapp.web_app.settings["nexus_workspace"]).snapshot(one=counter())
    found = await health(jp_fetch)
    assert (found["panels"], found["revision"]) == (1, 1)
    assert str(database) in found["storage"]
    logged = [line for line in capsys.readouterr().err.splitlines() if line.startswith("[E ") and "NexusExtension" in line]
    assert len(logged) == 1
    assert str(database) in logged[0]


async def test_a_named_database_is_used(database: Path, jp_serverapp: Any, jp_fetch: Any) -> None:
    assert jp_serverapp.web_app.settings["nexus_store"].path == database
    assert (await health(jp_fetch))["storage"] == ""
