"""A process that starts a node and says so, for a test that kills it.

python -m tests.contract.broker_parent FOLDER answering|started
"""

import sys
import threading
from pathlib import Path

from tests.contract.kafka_cluster import KafkaCluster
from tests.system.waiting import until

from sluicegate.brokers.installation import install
from sluicegate.settings import Settings

if __name__ == "__main__":
    folder, moment = Path(sys.argv[1]), sys.argv[2]
    settings = Settings()
    node = KafkaCluster(
        install(settings.cache_folder, settings.jars_folder, lambda _: None), folder
    ).launch(1)
    if moment == "answering":
        until(node.answers, "the node answers", 60)
    print(node.pid, flush=True)
    threading.Event().wait()
