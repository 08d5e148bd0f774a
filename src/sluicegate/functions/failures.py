"""AWS's words for invocations that failed without the function saying so."""

import json
import signal
from dataclasses import dataclass, field

UNHANDLED = "Unhandled"
# What an answer may measure.
RESPONSE_BYTES = 6_291_556

_SIGNALLED = 128
_SIGNALS: dict[int, str] = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGQUIT: "quit",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGSYS: "bad system call",
    signal.SIGTERM: "terminated",
    signal.SIGTRAP: "trace/breakpoint trap",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What the caller gets, and what the log says of it beside."""

    error_type: str
    payload: bytes = field(repr=False)
    log_lines: tuple[str, ...] = ()
    status: str = "error"


def timed_out(request_id: str, seconds: int, at: str) -> Failure:
    """The function's time was over; `at` is the moment as logs show it."""
    text = f"Task timed out after {seconds:.2f} seconds"
    line = f"{at} {request_id} {text}"
    return _failure("Sandbox.Timedout", request_id, text, (line, ""), "timeout")


def exited(request_id: str, code: int) -> Failure:
    """The runtime ended by itself."""
    reason = _reason(code)
    lines = (f"RequestId: {request_id} Error: {reason}", "Runtime.ExitError")
    return _failure("Runtime.ExitError", request_id, reason, lines)


def out_of_memory(request_id: str) -> Failure:
    """It was ended because it used more than its memory."""
    reason = "Runtime exited with error: signal: killed"
    lines = (f"RequestId: {request_id} Error: {reason}", "Runtime.ExitError")
    return _failure("Runtime.OutOfMemory", request_id, reason, lines)


def no_entrypoint(request_id: str, reason: str) -> Failure:
    """An executable runtime has nothing to execute."""
    lines = (f"RequestId: {request_id} Error: {reason}", "Runtime.InvalidEntrypoint")
    return _failure("Runtime.InvalidEntrypoint", request_id, reason, lines)


def answer_too_long() -> Failure:
    """The function's answer is longer than answers may be."""
    text = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
    return Failure("Function.ResponseSizeTooLarge", _payload(text, "Function.ResponseSizeTooLarge"))


def told(body: bytes, error_type: str) -> Failure:
    """The error the function's runtime reported, in its own words where it had any."""
    return Failure(error_type or "Unknown", body or _payload("", error_type or "Unknown"))


def _failure(
    error_type: str, request_id: str, text: str, lines: tuple[str, ...], status: str = "error"
) -> Failure:
    payload = _payload(f"RequestId: {request_id} Error: {text}", error_type)
    return Failure(error_type, payload, lines, status)


def _payload(message: str, error_type: str) -> bytes:
    told = {"errorType": error_type, "errorMessage": message}
    return json.dumps(told, separators=(",", ":")).encode()


def _reason(code: int) -> str:
    if code == 0:
        return "Runtime exited without providing a reason"
    # Process 1 tells an end by a signal as shells do.
    if code > _SIGNALLED and code - _SIGNALLED in _SIGNALS:
        return f"Runtime exited with error: signal: {_SIGNALS[code - _SIGNALLED]}"
    return f"Runtime exited with error: exit status {code}"
