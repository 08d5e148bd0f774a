"""Composition root: everything is built here, once, and kept running."""
