"""What is done as a function's execution role: its sessions, and writing its log."""

from .clients import Clients
from .logs import FunctionLogs
from .roles import ExecutionRoles

__all__ = ["Clients", "ExecutionRoles", "FunctionLogs"]
