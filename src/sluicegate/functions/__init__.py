"""DOOR to function code: packages, sandbox, Runtime API, pool, logs."""

from .model import Credentials, Functions, FunctionVersion, Invocation, LogSink, Outcome

__all__ = ["Credentials", "FunctionVersion", "Functions", "Invocation", "LogSink", "Outcome"]
