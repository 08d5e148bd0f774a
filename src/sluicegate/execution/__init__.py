"""What is done as a function's execution role: its sessions, its log, and its trigger's calls."""

from .calls import RoleCalls, SessionCalls
from .clients import Clients
from .logs import FunctionLogs
from .roles import ExecutionRoles

__all__ = ["Clients", "ExecutionRoles", "FunctionLogs", "RoleCalls", "SessionCalls"]
