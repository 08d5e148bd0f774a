"""Runtimes and architectures: which AWS knows, which it retired, which are there on this host."""

from functools import cache

from ...wire.model import service_model
from ..operation import Call, Params
from .refusals import invalid

_RETIRED = frozenset(
    {
        *("nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x"),
        *("nodejs12.x", "nodejs14.x", "python2.7", "python3.6", "python3.7", "java8", "go1.x"),
        *("dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1"),
        *("ruby2.5", "ruby2.7", "provided"),
    }
)


def check(call: Call, runtime: str) -> None:
    """Refuse a runtime that no function can be made with, here or anywhere."""
    if runtime not in _known():
        names = ", ".join(name for name in _known() if name not in _RETIRED)
        raise invalid(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum "
            f"value set: [{names}] or be a valid ARN"
        )
    if runtime in _RETIRED:
        raise invalid(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating "
            "AWS Lambda functions. We recommend you use a supported runtime while creating or "
            "updating functions."
        )
    available = call.functions.runtimes()
    if runtime not in available:
        why = f"Available: {', '.join(available) or 'none'}."
        if runtime.startswith("python"):
            why = f"no {runtime} interpreter was found. {why}"
        raise invalid(f"Runtime {runtime} is not available on this host: {why}")


def architecture(call: Call, params: Params, current: str = "") -> str:
    """The architecture a request asks for, else `current`, else this host's.

    Another one is refused: its code would not run.
    """
    here = call.functions.architecture()
    asked: str = (params.get("Architectures") or [current or here])[0]
    if params.get("Architectures") and asked != here:
        raise invalid(f"Architecture {asked} is not available on this host: it is {here}.")
    return asked


@cache
def _known() -> tuple[str, ...]:
    return tuple(service_model("lambda").shape_for("Runtime").enum)
