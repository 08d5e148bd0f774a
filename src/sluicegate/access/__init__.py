"""Who is asking, and may they: store + iam + sigv4; records every decision."""

from .callers import Ask, Caller, ResourcePolicy, Session

__all__ = ["Ask", "Caller", "ResourcePolicy", "Session"]
