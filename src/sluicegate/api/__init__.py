"""The control path on one page, the front before it, and the ASGI app."""
