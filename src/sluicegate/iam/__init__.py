"""PURE: may this principal do this, and why.

`policy.compile(text, kind)` reads a document once, strictly; `decide(question, layers)` is the one
function that decides and explains; `denial(question, decision)` is AWS's sentence.
"""
