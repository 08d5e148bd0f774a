"""Whether the master key of a state folder is the one of the database.

Several machines share a database; a folder of one of them that lacks the key would make its own.
"""

import socket

from ..errors import StartRefused
from ..store import seals
from ..store.database import Database
from ..store.seals import Seal
from ..vault import Vault
from .state import StateFolder

_SEAL = "master key"


def check_vault(vault: Vault, folder: StateFolder, database: Database) -> None:
    """`StartRefused` unless what is sealed in the database opens with this vault's key.

    The first to come seals a value that tells.
    """
    with database.read() as tx:
        seal = seals.find(tx, _SEAL)
        older = None if seal else seals.any_sealed(tx)
    if seal is None and (older is None or vault.has_sealed(older)):
        with database.write() as tx:
            # Asked again: of two that start at once, the second finds it done.
            if (seal := seals.find(tx, _SEAL)) is None:
                sealed = vault.seal("seal", ("seals", _SEAL), b"sluicegate")
                path = str(folder.master_key)
                seal = Seal(_SEAL, sealed, socket.gethostname(), path)
                seals.insert(tx, seal)
    if seal is None or not vault.has_sealed(seal.sealed):
        whose = f"`{seal.path}` of `{seal.machine}`" if seal else "the one it was made with"
        raise StartRefused(
            f"the database is sealed with another master key than `{folder.master_key}`; "
            f"copy {whose} over it"
        )
