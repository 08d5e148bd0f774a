"""Credentials nobody has here: second factors, SSH keys, certificates, passwords of services.

None can be made, so their lists are empty. Tools read them all the same, before they delete a user
with whatever it owns.
"""

from collections.abc import Iterable

from ...access import Ask
from ...store.identities import Kind
from ..operation import Call, Operation, Params, Result
from .asks import Asks, on, on_all
from .paging import Page
from .subjects import required

_LISTS = {
    "ListMFADevices": "MFADevices",
    "ListSSHPublicKeys": "SSHPublicKeys",
    "ListServiceSpecificCredentials": "ServiceSpecificCredentials",
    "ListSigningCertificates": "Certificates",
    "ListVirtualMFADevices": "VirtualMFADevices",
}

_ON_USER, _ON_ALL_USERS = on(Kind.USER), on_all("user/")


def _none(call: Call, params: Params) -> Result:
    return Page(call.operation, params).of(_LISTS[call.operation], (), str, str)


def _none_of_user(call: Call, params: Params) -> Result:
    if not params.get("AllUsers"):
        with call.database.read() as tx:
            required(tx, Kind.USER, call, params)
    return _none(call, params)


def _asks_of_services(call: Call, params: Params) -> Iterable[Ask]:
    asks: Asks = _ON_ALL_USERS if params.get("AllUsers") else _ON_USER
    return asks(call, params)


OPERATIONS = (
    Operation("iam", "ListMFADevices", _ON_USER, _none_of_user),
    Operation("iam", "ListSSHPublicKeys", _ON_USER, _none_of_user),
    Operation("iam", "ListServiceSpecificCredentials", _asks_of_services, _none_of_user),
    Operation("iam", "ListSigningCertificates", _ON_USER, _none_of_user),
    Operation("iam", "ListVirtualMFADevices", on_all("mfa/"), _none),
)
