"""The Jupyter Server extension."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Int, Unicode

from ..ai.provider import Provider, provider_for
from ..errors import NexusError
from ..nog.store import WorkspaceStore
from . import nodelay
from .bridge import Bridge
from .handlers.routes import API, LAST, ROUTES
from .hub import Hub
from .place import database_path
from .proposals.handlers import ROUTES as PROPOSAL_ROUTES
from .proposals.service import ProposalService
from .workspace import Workspace


class NexusExtension(ExtensionApp):
    """Owns the workspace, its store, its clients and the bridge to kernels; ends them with the server."""

    name = "nexus_jupyter"
    app_name = "Nexus"
    description = "Panels, their graph and proposals for them"
    load_other_extensions = True

    database = Unicode(
        "",
        help="The file that keeps the workspace. Empty: one for each root folder, in the folder nexus of Jupyter's data folder. "
        "`:memory:`: nothing is kept.",
    ).tag(config=True)
    kept_revisions = Int(1_000, min=0, help="How many of the last revisions of the graph a client can resume over.").tag(config=True)
    socket_queue = Int(
        1_000, min=10, help="How many messages may wait for one page. A slower one gets the whole state instead of what waits."
    ).tag(config=True)
    tcp_nodelay = Bool(
        True, help="Send on kernel WebSockets at once (TCP_NODELAY). Without it some clicks wait about 40 ms for their answer."
    ).tag(config=True)
    ai_model = Unicode("", help="The model that the service at `ai_endpoint` is asked for.").tag(config=True)
    ai_endpoint = Unicode(
        "",
        help="The base address of an OpenAI-compatible service, with its version (…/v1). Empty: the model that is configured in "
        "jupyter-ai. The key is read from the environment variable NEXUS_AI_KEY.",
    ).tag(config=True)
    ai_rounds = Int(3, min=1, max=3, help="How often a model may try to give a usable answer.").tag(config=True)
    ai_context_tokens = Int(8_000, min=500, help="How many tokens of the workspace a model is told at most.").tag(config=True)

    _workspace: Workspace | None = None
    _store: WorkspaceStore | None = None
    _hub: Hub | None = None
    _bridge: Bridge | None = None
    _proposals: ProposalService | None = None

    def initialize_settings(self) -> None:
        self._store, problem = self._open_store()
        self._workspace = Workspace(store=self._store, log=self.log, keep=self.kept_revisions)
        self._hub = Hub(self._workspace, limit=self.socket_queue)
        self._proposals = ProposalService(
            self._workspace, self._store, self._provider, log=self.log, context_limit=self.ai_context_tokens, rounds=self.ai_rounds
        )
        self.settings.update(
            nexus_workspace=self._workspace,
            nexus_hub=self._hub,
            nexus_proposals=self._proposals,
            nexus_store=self._store,
            nexus_storage_problem=problem,
        )
        self.settings[nodelay.SETTING] = self.tcp_nodelay
        nodelay.install()

    def initialize_handlers(self) -> None:
        proposals = [(f"{API}/{route}", handler) for route, handler in PROPOSAL_ROUTES]
        self.handlers.extend([*ROUTES, *proposals, *LAST])

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        assert self._workspace is not None
        self._bridge = Bridge(serverapp.kernel_manager, serverapp.session_manager, self._workspace, self.log)
        await self._bridge.start()
        self._workspace.settle(serverapp.kernel_manager.list_kernel_ids())

    async def stop_extension(self) -> None:
        """End everything; a second call does nothing."""
        workspace, self._workspace = self._workspace, None
        if workspace is None:
            return
        if self._proposals is not None:
            await self._proposals.close()
        if self._bridge is not None:
            await self._bridge.stop()
        if self._hub is not None:
            await self._hub.close()
        workspace.close()
        if self._store is not None:
            self._store.close()
        nodelay.remove()
        if self.serverapp is not None:
            self.serverapp.web_app.settings[nodelay.SETTING] = False

    def _provider(self) -> Provider:
        assert self.serverapp is not None
        return provider_for(self.serverapp.web_app.settings, endpoint=self.ai_endpoint, model=self.ai_model)

    def _open_store(self) -> tuple[WorkspaceStore, str]:
        """The store, or one in memory and the reason: a broken file must not keep the Jupyter server from starting."""
        if self.database == ":memory:":
            return WorkspaceStore(), ""
        assert self.serverapp is not None
        path = Path(self.database).expanduser() if self.database else database_path(Path(self.serverapp.root_dir))
        try:
            return WorkspaceStore(path), ""
        except NexusError as error:
            self.log.error("nexus: %s Proposals and approvals of this run are not kept.", error)
            return WorkspaceStore(), str(error)
