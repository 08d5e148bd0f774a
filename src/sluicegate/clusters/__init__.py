"""Keeps MSK clusters as the state says they should be."""
