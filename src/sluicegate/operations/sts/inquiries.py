"""Questions about credentials: GetCallerIdentity, GetAccessKeyInfo."""

from collections.abc import Iterable

from ...access import Ask
from ...access.keys import account_of
from ...errors import AwsError
from ..operation import Call, Operation, Params, Result


def _asks_nothing(_call: Call, _params: Params) -> Iterable[Ask]:
    # AWS never denies it to a valid key, whatever the policies say.
    yield Ask("sts:GetCallerIdentity", "*", is_granted=True)


def _get_caller_identity(call: Call, _params: Params) -> Result:
    principal = call.caller.principal
    return {"UserId": principal.unique_id, "Account": principal.account, "Arn": principal.arn}


def _asks_key_info(_call: Call, _params: Params) -> Iterable[Ask]:
    yield Ask("sts:GetAccessKeyInfo", "*")


def _get_access_key_info(_call: Call, params: Params) -> Result:
    account = account_of(params["AccessKeyId"])
    if account is None:
        raise AwsError("ValidationError", "The access key ID provided is not valid.")
    return {"Account": account}


OPERATIONS = (
    Operation("sts", "GetCallerIdentity", _asks_nothing, _get_caller_identity),
    Operation("sts", "GetAccessKeyInfo", _asks_key_info, _get_access_key_info),
)
