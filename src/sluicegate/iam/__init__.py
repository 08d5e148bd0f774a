"""PURE: may this principal do this, and why.

`compile(text, kind)` reads a document that is being put, strictly; `load(text, kind)` reads a
stored one and never raises; `decide(question, layers)` is the one function that decides and
explains; `denial(question, decision)` is AWS's sentence, `near_misses(question, policies)` what
nearly allowed.
"""

from .decisions import decide
from .denials import denial, smallest_statement
from .documents import Unreadable, rewrite_principals, statements_of, unscoped_size
from .layers import Attached, Check, Decision, Layers, Match
from .model import (
    Context,
    Effect,
    Grant,
    Layer,
    PolicyKind,
    Principal,
    PrincipalKind,
    Question,
    ResourceRule,
)
from .nearest import NearMiss, near_misses
from .policy import MalformedPolicy, Policy, compile, load, principals_of  # noqa: A004 - as above

__all__ = [
    "Attached",
    "Check",
    "Context",
    "Decision",
    "Effect",
    "Grant",
    "Layer",
    "Layers",
    "MalformedPolicy",
    "Match",
    "NearMiss",
    "Policy",
    "PolicyKind",
    "Principal",
    "PrincipalKind",
    "Question",
    "ResourceRule",
    "Unreadable",
    "compile",
    "decide",
    "denial",
    "load",
    "near_misses",
    "principals_of",
    "rewrite_principals",
    "smallest_statement",
    "statements_of",
    "unscoped_size",
]
