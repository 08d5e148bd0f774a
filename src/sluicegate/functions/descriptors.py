"""The numbers under which a sandbox is given its descriptors."""

OUTPUT = 2
# What tells a pre-started runtime which function it is; the only one open beside the first three.
GO = 3
# bubblewrap's own; it closes them before function code runs.
ARGUMENTS, FILTER, INFO, BLOCK = 4, 5, 6, 7
FIRST_FREE = 8

# How many go with one message.
MOST_SENT = 8
