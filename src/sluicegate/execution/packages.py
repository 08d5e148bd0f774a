"""The packages of a state folder, as all who run functions know them."""

from pathlib import Path

from ..functions.packages import Packages
from ..store import function_versions
from ..store.database import Database


def stored_packages(folder: Path, state: Database, *, durable: bool = True) -> Packages:
    """Used by the versions there are as of any moment."""

    def is_used(package_id: str) -> bool:
        with state.read() as tx:
            return function_versions.has_package(tx, package_id)

    return Packages(folder, is_used, durable=durable)
