"""What keeps a trigger from working: its whole call plan examined, each step with its verdict."""

from .brokers import Probe, probe
from .examination import Doctor
from .model import Check, Diagnosis, Permission, Verdict
from .planned import PLANNED

__all__ = ["PLANNED", "Check", "Diagnosis", "Doctor", "Permission", "Probe", "Verdict", "probe"]
