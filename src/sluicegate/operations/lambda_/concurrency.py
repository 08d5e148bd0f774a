"""Reserved concurrency, and what an account may have and uses."""

from dataclasses import replace

from ...functions.packages import MOST_UNZIPPED_BYTES, MOST_ZIPPED_BYTES
from ...store import function_versions, functions
from ..operation import Call, Params, Result
from . import code, naming
from .invocations import MOST_CONCURRENT
from .refusals import invalid

_LEAST_UNRESERVED = 100


def _put(call: Call, params: Params) -> Result:
    wanted = params["ReservedConcurrentExecutions"]
    with call.database.write() as tx:
        function = naming.to_change(tx, call, params)
        reserved = functions.reserved(tx, function.account, function.region, but=function.id)
        if MOST_CONCURRENT - reserved - wanted < _LEAST_UNRESERVED:
            raise invalid(
                "Specified ReservedConcurrentExecutions for function decreases account's "
                "UnreservedConcurrentExecution below its minimum value of "
                f"[{_LEAST_UNRESERVED}]."
            )
        functions.save(tx, replace(function, reserved_concurrency=wanted))
    return {"ReservedConcurrentExecutions": wanted}


def _get(call: Call, params: Params) -> Result:
    with call.database.read() as tx:
        function = naming.whole(tx, call, params)
    return {"ReservedConcurrentExecutions": function.reserved_concurrency}


def _delete(call: Call, params: Params) -> Result:
    with call.database.write() as tx:
        function = naming.to_change(tx, call, params)
        functions.save(tx, replace(function, reserved_concurrency=None))
    return {}


def _settings(call: Call, _params: Params) -> Result:
    with call.database.read() as tx:
        count, stored = function_versions.usage(tx, call.account, call.region)
        reserved = functions.reserved(tx, call.account, call.region)
    return {
        "AccountLimit": {
            "TotalCodeSize": code.MOST_STORED_BYTES,
            "CodeSizeUnzipped": MOST_UNZIPPED_BYTES,
            "CodeSizeZipped": MOST_ZIPPED_BYTES,
            "ConcurrentExecutions": MOST_CONCURRENT,
            "UnreservedConcurrentExecutions": MOST_CONCURRENT - reserved,
        },
        "AccountUsage": {"TotalCodeSize": stored, "FunctionCount": count},
    }


OPERATIONS = (
    naming.on_function("PutFunctionConcurrency", _put),
    naming.on_function("GetFunctionConcurrency", _get),
    naming.on_function("DeleteFunctionConcurrency", _delete),
    naming.on_account("GetAccountSettings", _settings),
)
