"""A real Jupyter server with jupyter-ai: a person asks in a chat, over the chat's own socket."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ...ai.openai_server import BROKEN, COUNTER_RESET, MALICIOUS, OpenAIServer, start
from ...ai.signer import Signer
from ..live import PATIENCE, Api, connect, end, execute, until
from .test_service import SOURCE

PERSONA = "jupyter-ai-personas::nexus_jupyter::NexusPersona"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def jupyter(folder: Path, model: OpenAIServer, *, setting: bool) -> AsyncIterator[str]:
    """The address of a server whose AI is ``model``: by our own setting, or as jupyter-ai's model."""
    port = free_port()
    options = [
        "--ServerApp.token=test",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        "--allow-root",
        f"--MCPExtensionApp.mcp_port={free_port()}",
        "--NexusExtension.database=:memory:",
        "--ServerApp.jpserver_extensions={'nexus_jupyter': True}",
    ]
    if setting:
        options += [f"--NexusExtension.ai_endpoint={model.url}", "--NexusExtension.ai_model=test-model"]
    else:
        parameters = json.dumps({"openai/test-model": {"api_base": model.url}})
        options += [
            "--JupyternautExtension.initial_language_model=openai/test-model",
            f"--JupyternautExtension.model_parameters={parameters}",
        ]
    places = {
        name: str(folder / "home" / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "HOME")
    }
    environment = {**os.environ, **places, "OPENAI_API_KEY": "sk-fake", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "server", "--no-browser", *options],
            stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    api = Api(url)
    try:
        await until(lambda: api.get("/nexus/api/v1/health"), "the server did not start")
        yield url
    finally:
        api.close()
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, 20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


async def counter(url: str, api: Api) -> None:
    """A live panel in a kernel."""
    await execute(
        url,
        api.session("n.ipynb"),
        f"from nexus_jupyter import Panel\ncounter = Panel({SOURCE!r}, name='counter')\ncounter.state.count = 7",
    )
    await until(lambda: api.panels(), "the panel did not show")


async def chat(url: str, body: str, ends: str) -> str:
    """Send a message to Nexus in a new chat; all that it says until it says ``ends``."""
    name = f"{uuid.uuid4().hex}.chat"
    channel = await connect(f"{url}/api/chat/ws/{quote(name, safe='')}")
    try:
        await channel.read_message()
        message = {"type": "client", "action": "send", "id": uuid.uuid4().hex, "body": body, "metadata": {"to_persona": PERSONA}}
        await channel.write_message(json.dumps(message))
        said: dict[str, str] = {}
        while ends not in "\n".join(said.values()):
            text = await asyncio.wait_for(channel.read_message(), PATIENCE)
            assert text is not None, "the chat's socket was closed"
            heard: dict[str, Any] = json.loads(text)
            found = heard.get("message", heard)
            if isinstance(found, dict) and isinstance(found.get("body"), str) and found["body"] != body:
                said[str(found.get("id"))] = found["body"]
        return "\n".join(said.values())
    finally:
        await end(channel)


@pytest.mark.parametrize("setting", [pytest.param(True, id="endpoint", marks=pytest.mark.full), pytest.param(False, id="jupyter-ai")])
def test_a_person_asks_in_a_chat_and_only_a_signature_applies_it(tmp_path: Path, setting: bool) -> None:
    async def story() -> None:
        answers = {"reset": COUNTER_RESET, "evil": MALICIOUS, "gibberish": BROKEN}
        with start(answers) as model:
            async with jupyter(tmp_path, model, setting=setting) as url:
                api = Api(url)
                try:
                    assert "No panel is live" in await chat(url, "add a button", "No panel is live")
                    await counter(url, api)
                    said = await chat(url, "add a reset button to the counter", "Review it in")
                    assert "I cannot apply it" in said
                    record = api.get("/nexus/api/v1/proposals")["proposals"][0]
                    assert (record["status"], record["proposal"]["request"]) == ("open", "add a reset button to the counter")
                    assert record["proposal"]["dry_run"]["trials"][0]["ops"] == [{"op": "replace", "path": "/count", "value": 0}]

                    said = await chat(url, "do something evil to the counter", "Review it in")
                    assert "\u202e" not in said
                    evil = api.get("/nexus/api/v1/proposals")["proposals"][0]
                    assert evil["status"] == "open"
                    assert evil["proposal"]["capabilities"][0]["dangerous"] is True

                    said = await chat(url, "gibberish for the counter", "That did not work")
                    assert "no usable change in 3 rounds" in said

                    one_shot = api.post("/api/ai/message/Nexus", {"message": "add a reset button to the counter", "metadata": {}})
                    assert "A proposal is ready" in one_shot.json()["response"], one_shot.text

                    # nothing was applied by any of it; the page's key applies the first
                    key = api.panels()[0]["key"]
                    assert api.get(f"/nexus/api/v1/panels/{key}/source")["source"] == SOURCE
                    signer = Signer()
                    assert api.post("/nexus/api/v1/reviewers", signer.enrolment().model_dump()).json()["status"] == "active"
                    place = f"/nexus/api/v1/proposals/{record['proposal']['id']}"
                    challenge = api.post(f"{place}/challenge", {"action": "approve"}).json()
                    decision = {"reviewer": signer.id, "nonce": challenge["nonce"], "action": "approve"}
                    forged = api.post(f"{place}/decision", {**decision, "signature": Signer().signature(challenge["statement"])})
                    assert (forged.status_code, forged.json()["code"]) == (403, "BAD_SIGNATURE")
                    challenge = api.post(f"{place}/challenge", {"action": "approve"}).json()
                    decision |= {"nonce": challenge["nonce"], "signature": signer.signature(challenge["statement"])}
                    applied = api.post(f"{place}/decision", decision)
                    assert (applied.status_code, applied.json()["status"]) == (200, "applied"), applied.text
                    assert 'label="Reset"' in api.get(f"/nexus/api/v1/panels/{key}/source")["source"]
                    assert api.post(f"{place}/decision", decision).json()["code"] == "NONCE_USED"
                finally:
                    api.close()
        log = (tmp_path / "server.log").read_text(encoding="utf-8", errors="replace")
        assert "sk-fake" not in log
        assert [r["model"] for r in model.requests] == ["test-model"] * len(model.requests)

    asyncio.run(asyncio.wait_for(story(), 240))
