"""Every client class of the SDK, on a local API, with credentials that open nothing.

The clients need anthropic 2.12 or later: earlier versions have fewer classes.
"""

from collections.abc import Callable, Mapping
from typing import Any

import anthropic
from google.oauth2.credentials import Credentials

API_KEY = "sk-ant-api03-" + "k" * 91 + "igAA"
AWS_ACCESS_KEY = "AKIALOCALTEST0000000"
AWS_SECRET_KEY = "local/secret/key/of/forty/characters/xxx"
GOOGLE_TOKEN = "ya29.local-test-token"
FOUNDRY_KEY = "f" * 32
WORKSPACE = "wrkspc_01local"


def _aws() -> dict[str, Any]:
    return {"aws_access_key": AWS_ACCESS_KEY, "aws_secret_key": AWS_SECRET_KEY, "aws_region": "eu-central-1"}


def _google() -> Credentials:
    return Credentials(token=GOOGLE_TOKEN)


_OPTIONS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "Anthropic": lambda url: {"base_url": url, "api_key": API_KEY},
    "AnthropicAWS": lambda url: {"base_url": url, "workspace_id": WORKSPACE, **_aws()},
    "AnthropicBedrock": lambda url: {"base_url": url, **_aws()},
    "AnthropicBedrockMantle": lambda url: {"base_url": f"{url}/anthropic", **_aws()},
    "AnthropicFoundry": lambda url: {"base_url": f"{url}/anthropic", "api_key": FOUNDRY_KEY},
    "AnthropicGoogleCloud": lambda url: {
        "base_url": f"{url}/v1/projects/local/locations/global/workspaces/{WORKSPACE}/invoke",
        "workspace_id": WORKSPACE,
        "credentials": _google(),
    },
    "AnthropicVertex": lambda url: {
        "base_url": f"{url}/v1",
        "region": "europe-west1",
        "project_id": "local",
        "credentials": _google(),
    },
}
"""Client class to the arguments that point it at an address; the address ends as the real one of that cloud."""

SYNC_CLIENTS: tuple[str, ...] = tuple(_OPTIONS)
ASYNC_CLIENTS: tuple[str, ...] = tuple(f"Async{name}" for name in _OPTIONS)
CLIENTS: tuple[str, ...] = SYNC_CLIENTS + ASYNC_CLIENTS
"""Names of all client classes."""


def make_client(name: str, base_url: str, **options: Any) -> Any:
    """A client of a class, without retries.

    Args:
        name: One of `CLIENTS`.
        base_url: Address of the local API.
        options: Further arguments of the class, or others than the usual ones.
    """
    given = _OPTIONS[name.removeprefix("Async")](base_url)
    return getattr(anthropic, name)(**{"max_retries": 0, **given, **options})
