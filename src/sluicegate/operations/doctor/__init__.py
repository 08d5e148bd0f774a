"""What keeps a trigger from working: its whole call plan examined, each step with its verdict."""

from .brokers import Probe, probe
from .examination import Doctor
from .model import Check, Diagnosis, Permission, Verdict

__all__ = ["Check", "Diagnosis", "Doctor", "Permission", "Probe", "Verdict", "probe"]
