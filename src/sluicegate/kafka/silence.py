"""The logger librdkafka gets: none. What it has to say of its connections comes as troubles."""

import logging

silent = logging.getLogger("sluicegate.kafka")
silent.addHandler(logging.NullHandler())
silent.propagate = False
