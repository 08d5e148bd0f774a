"""`sluicegate demo`: the story so far, told with boto3 and a Kafka client against a `serve`.

It is a user: it knows the endpoint and the credentials that `serve` printed and wrote, nothing
else of Sluicegate.
"""

import sys
import tempfile
import time
from pathlib import Path

from botocore.exceptions import ClientError

from ...settings import Settings
from . import clusters, functions, permissions, trigger
from .served import root_keys, served, wait
from .story import Keys, StepFailed, Story


def demo(settings: Settings, *, keep: bool) -> int:
    """Tell the story; 0 when it went as told, 1 when not."""
    with tempfile.TemporaryDirectory(prefix="sluicegate-demo-") as folder:
        started = time.monotonic()
        with served(Path(folder), settings) as endpoint:
            print(
                f"sluicegate serve answers at {endpoint} after {time.monotonic() - started:.1f} s"
            )
            story = Story(endpoint, settings.region)
            try:
                _tell(story, root_keys(Path(folder)))
            except (StepFailed, ClientError) as error:
                print(f"\nsluicegate demo: step {story.count}: {error}", file=sys.stderr)
                return 1
            took = time.monotonic() - started
            print(f"\nAll {story.count} steps went as on AWS, in {took:.0f} s.")
            if keep:
                wait(endpoint, folder)
    return 0


def _tell(story: Story, root: Keys) -> None:
    iam = story.client("iam", root)
    # First, as it takes longest: the first time of all, Apache Kafka is fetched.
    asked = clusters.a_cluster(story, root)
    alice = permissions.a_new_user(story, iam)
    permissions.denied_then_allowed(story, iam, root, alice)
    session = permissions.an_assumed_role(story, iam, alice)
    secret, key = permissions.a_secret(story, iam, root, session)
    permissions.logs(story, session)
    permissions.network(story, alice, session)
    functions.a_function(story, iam, root, secret)
    clusters.its_brokers(story, root, asked)
    clusters.a_user_of_it(story, root, asked.arn, secret)
    clusters.records(story, root, asked.arn)
    made = trigger.a_trigger(story, iam, root, asked.arn, secret, key)
    trigger.orders(made)
    trigger.revoked(made)
