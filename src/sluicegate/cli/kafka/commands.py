"""`sluicegate kafka topics|produce|peek|client-config`."""

import sys
from argparse import Namespace

from ...errors import SettingRefused, StartRefused
from .. import answers
from ..reach import Reach
from ..table import show_anything
from . import login
from .configuration import configuration
from .records import peek, produce
from .topics import topics


def kafka(to: Reach, options: Namespace) -> int:
    """Run the one that is meant; 0 when it went well, `StartRefused` when not."""
    show_anything()
    try:
        _run(to, options)
    except KeyboardInterrupt:
        raise StartRefused(
            "interrupted; what was written stays, so look with `sluicegate kafka peek` before "
            "you run it again"
        ) from None
    return 0


def _run(to: Reach, options: Namespace) -> None:
    if options.verb == "topics" and options.partitions and options.create is None:
        raise SettingRefused(
            "--partitions are those of a topic that is made; name it with --create"
        )

    authority = answers.authority(to)
    clients = answers.clients(to)
    with answers.answered(to):
        cluster = login.cluster(clients, options.cluster)
        iam = login.by_iam(to.credentials, to.region, authority) if options.iam else None
        connection = login.connection(clients, authority, cluster, options.secret, iam)
    if not cluster.is_named:
        print(f"cluster {cluster.name}, the only one here", file=sys.stderr)
    as_json = options.verb != "client-config" and options.output == "json"
    match options.verb:
        case "topics":
            topics(connection, options.create, options.partitions, as_json=as_json)
        case "produce":
            key, separator = options.key, options.key_separator
            produce(connection, options.topic, key, separator, as_json=as_json)
        case "peek":
            where = (options.topic, options.partition, options.start, options.number)
            peek(connection, *where, as_json=as_json)
        case _:
            password = None if options.show_password else f"<password of {options.secret}>"
            configuration(connection, options.form, options.ca, password, to.region)
