"""What tools read of a function though there is little to tell, and the one of it that changes."""

from dataclasses import replace

from ...errors import AwsError
from ...store import functions
from ..operation import Call, Params, Result
from . import naming


def _code_signing(call: Call, params: Params) -> Result:
    """No code signing configuration can be made: the answer is a name alone, as on AWS."""
    with call.database.read() as tx:
        function = naming.whole(tx, call, params)
    return {"FunctionName": function.name}


def _runtime_management(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        function, qualifier = naming.find(tx, call, params)
        version, _ = naming.resolve(tx, function, qualifier)
    arn = functions.arn_of(function.account, function.region, function.name, version.version)
    return {"UpdateRuntimeOn": "Auto", "FunctionArn": arn}


def _recursion(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        function = naming.whole(tx, call, params)
    return {"RecursiveLoop": function.recursive_loop}


def _put_recursion(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        function = naming.to_change(tx, call, params)
        functions.save(tx, replace(function, recursive_loop=params["RecursiveLoop"]))
    return {"RecursiveLoop": params["RecursiveLoop"]}


def _urls(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        what = naming.meant_whole(tx, call, params)
    if what.function is None:
        raise AwsError("ResourceNotFoundException", "Function does not exist")
    return {"FunctionUrlConfigs": []}


OPERATIONS = (
    naming.on_function("GetFunctionCodeSigningConfig", _code_signing),
    naming.on_qualified("GetRuntimeManagementConfig", _runtime_management),
    naming.on_function("GetFunctionRecursionConfig", _recursion),
    naming.on_function("PutFunctionRecursionConfig", _put_recursion),
    naming.on_function("ListFunctionUrlConfigs", _urls),
)
