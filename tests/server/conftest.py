"""A real Jupyter server with the extension, for the tests in this folder."""

from __future__ import annotations

import pytest

# the plugin's fixtures and hooks, for these tests only: it ends a server after each test, and other tests have none
from pytest_jupyter.jupyter_server import *  # noqa: F403
from traitlets.config import Config


@pytest.fixture
def jp_server_config() -> Config:
    return Config({"ServerApp": {"jpserver_extensions": {"nexus_jupyter": True}, "reraise_server_extension_failures": True}})
