"""Organizations: their roots, units and accounts, and the policies that hang on them."""

from . import tables

__all__ = ["tables"]
