"""The keys of a state folder: what its sealed values open with, and the root user's own."""

import json
import stat
from pathlib import Path

from ..access.keys import RootKey, new_key_id, new_secret
from ..errors import StartRefused
from ..settings import Settings
from ..vault import Vault, open_master_key
from .state import StateFolder, write_whole


def open_vault(folder: StateFolder) -> Vault:
    """The vault of this state."""
    return open_master_key(folder.master_key)


def open_root_key(folder: StateFolder, settings: Settings) -> RootKey:
    """The root user's key: the one that is set, else the one kept in the folder (made once)."""
    if settings.root_credentials:
        access_key, _, secret = settings.root_credentials.partition(":")
        return RootKey(settings.account, access_key, secret)
    path = folder.root_credentials
    if not path.exists():
        _write_root_key(path, settings.account)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise StartRefused(f"`{path}` must have mode 0600")
    try:
        kept = json.loads(path.read_text())
        return RootKey(settings.account, kept["AccessKeyId"], kept["SecretAccessKey"])
    except (ValueError, KeyError, TypeError):
        raise StartRefused(f"`{path}` does not hold a root key; remove it for a new one") from None


def _write_root_key(path: Path, account: str) -> None:
    content = {"AccessKeyId": new_key_id("AKIA", account), "SecretAccessKey": new_secret()}
    write_whole(path, json.dumps(content, indent=2) + "\n")
