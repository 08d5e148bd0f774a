"""The numbers under which a sandbox is given its descriptors; what is done when none is left."""

import errno

OUTPUT = 2
# What tells a pre-started runtime which function it is; the only one open beside the first three.
GO = 3
# bubblewrap's own; it closes them before function code runs.
ARGUMENTS, FILTER, INFO, BLOCK = 4, 5, 6, 7
FIRST_FREE = 8

# How many go with one message.
MOST_SENT = 8

NONE_LEFT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What accepting a connection fails with when this process, or the host, has room for no more."""

PAUSE_SECONDS = 0.1
"""So long a listener is left alone then: what waits there would be told of again and again."""
