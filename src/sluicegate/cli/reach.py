"""Where the calls of a command go, and who signs them.

What a flag names counts first. Then the endpoint, region and credentials of the environment
(`eval "$(sluicegate env)"`), then the settings and the root user of the state folder.
"""

import os
from argparse import Namespace
from dataclasses import dataclass

from ..errors import SettingRefused, StartRefused
from ..serve.keys import open_root_key
from ..serve.state import StateFolder
from ..settings import Settings
from ..wire.client import Credentials
from ..wire.own import is_endpoint
from .table import plain


@dataclass(frozen=True, slots=True)
class Reach:
    """An endpoint's URL, the region that is meant there, and what calls are signed with."""

    endpoint_url: str
    region: str
    credentials: Credentials


def reach(settings: Settings, flags: Namespace) -> Reach:
    """The endpoint a command was meant for; `StartRefused` when nobody could sign.

    `SettingRefused` when it cannot be one.
    """
    endpoint_url, region = settings.endpoint, settings.region
    if flags.host is None and flags.port is None:
        endpoint_url = os.environ.get("AWS_ENDPOINT_URL") or endpoint_url
    if flags.region is None:
        region = os.environ.get("AWS_REGION") or region
    if not is_endpoint(endpoint_url):
        raise SettingRefused(
            f"`{plain(endpoint_url)}` is not the URL of an endpoint; correct AWS_ENDPOINT_URL (as "
            "in http://127.0.0.1:4566), or name --host and --port"
        )
    named = None if flags.state is not None else _of_environment()
    return Reach(endpoint_url.rstrip("/"), region, named or _of_root(settings))


def _of_environment() -> Credentials | None:
    access_key = os.environ.get("AWS_ACCESS_KEY_ID")
    secret_key = os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not access_key or not secret_key:
        return None
    return Credentials(access_key, secret_key, os.environ.get("AWS_SESSION_TOKEN"))


def _of_root(settings: Settings) -> Credentials:
    folder = StateFolder(settings.state_folder)
    if not settings.root_credentials and not folder.root_credentials.exists():
        raise StartRefused(
            f"no credentials in the environment, and no root credentials in `{folder.path}`; "
            'run `eval "$(sluicegate env)"`, or name the state folder with --state'
        )
    root = open_root_key(folder, settings)
    return Credentials(root.access_key, root.secret_key)
