"""AWS STS: who am I, and credentials for a role."""

from ..operation import Operation
from . import assume_role, inquiries

OPERATIONS: tuple[Operation, ...] = (*assume_role.OPERATIONS, *inquiries.OPERATIONS)
