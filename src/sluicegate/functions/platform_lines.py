"""The platform's own lines around an invocation: text, or JSON events of the level asked for."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from .failures import Failure
from .model import FunctionVersion

JSON = "JSON"

_MEBIBYTE = 1 << 20
# From the most detail to the least.
_LEVELS = ("DEBUG", "INFO", "WARN")


@dataclass(frozen=True, slots=True)
class Report:
    """How an invocation ended. `init_ms` is None where the environment was there already."""

    duration_ms: float
    init_ms: float | None
    peak_bytes: int
    failure: Failure | None
    is_alive: bool

    @property
    def billed_ms(self) -> int:
        """Initialisation is billed too."""
        return math.ceil(self.duration_ms + (self.init_ms or 0))

    @property
    def used_mb(self) -> int:
        """The most memory it had."""
        return max(1, math.ceil(self.peak_bytes / _MEBIBYTE))


def moment(now_ms: int) -> str:
    """A moment as logs show it."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"


def beginning(version: FunctionVersion, request_id: str, now_ms: int) -> Iterator[str]:
    """What is said before the function's output."""
    if version.log_format != JSON:
        yield f"START RequestId: {request_id} Version: {version.version}"
    elif _is_shown(version, "INFO"):
        told = {"requestId": request_id, "version": version.version}
        yield _event(now_ms, "platform.start", told)


def end(version: FunctionVersion, request_id: str, report: Report, now_ms: int) -> Iterator[str]:
    """What is said after it."""
    yield from report.failure.log_lines if report.failure else ()
    if version.log_format != JSON:
        yield f"END RequestId: {request_id}"
        yield _report_line(version, request_id, report)
        return
    status = _status(report)
    duration = {"durationMs": round(report.duration_ms, 2)}
    # What went wrong is a warning; how an invocation ended well interests few.
    if _is_shown(version, "WARN" if report.failure else "DEBUG"):
        told = {"requestId": request_id, **status, "metrics": duration}
        yield _event(now_ms, "platform.runtimeDone", told)
    if _is_shown(version, "WARN" if report.failure else "INFO"):
        metrics: dict[str, float] = {
            **duration,
            "billedDurationMs": report.billed_ms,
            "memorySizeMB": version.memory_mb,
            "maxMemoryUsedMB": report.used_mb,
        }
        if report.init_ms is not None:
            metrics["initDurationMs"] = round(report.init_ms, 2)
        yield _event(
            now_ms, "platform.report", {"requestId": request_id, "metrics": metrics, **status}
        )


def _report_line(version: FunctionVersion, request_id: str, report: Report) -> str:
    line = (
        f"REPORT RequestId: {request_id}\tDuration: {report.duration_ms:.2f} ms\t"
        f"Billed Duration: {report.billed_ms} ms\tMemory Size: {version.memory_mb} MB\t"
        f"Max Memory Used: {report.used_mb} MB\t"
    )
    if report.init_ms is not None:
        line += f"Init Duration: {report.init_ms:.2f} ms\t"
    # Of errors that leave the environment as it was, AWS's report says nothing.
    if report.failure is not None and not report.is_alive:
        line += f"Status: {report.failure.status}"
        if report.failure.status != "timeout":
            line += f"\tError Type: {report.failure.error_type}"
    return line


def _status(report: Report) -> dict[str, str]:
    failure = report.failure
    if failure is None:
        return {"status": "success"}
    if failure.status == "timeout":
        return {"status": failure.status}
    return {"status": failure.status, "errorType": failure.error_type}


def _is_shown(version: FunctionVersion, level: str) -> bool:
    asked = version.system_log_level or "INFO"
    return _LEVELS.index(level) >= _LEVELS.index(asked)


def _event(now_ms: int, kind: str, record: Mapping[str, object]) -> str:
    told = {"time": moment(now_ms), "type": kind, "record": record}
    return json.dumps(told, separators=(",", ":"))
