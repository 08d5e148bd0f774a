"""Keeps event source mappings running, as their functions' execution roles."""
