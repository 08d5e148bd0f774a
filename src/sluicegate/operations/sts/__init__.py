"""AWS STS: who am I, and credentials for a role."""

from ..operation import Operation
from . import assume_role, decode, inquiries

OPERATIONS: tuple[Operation, ...] = (
    *assume_role.OPERATIONS,
    *decode.OPERATIONS,
    *inquiries.OPERATIONS,
)
