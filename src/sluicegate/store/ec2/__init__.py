"""The networks of an account and region: VPCs and everything in them, a file per noun."""

from . import tables

__all__ = ["tables"]
