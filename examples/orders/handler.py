"""The function: handles orders from Kafka, and prints what it was given."""

import base64
import json
from typing import Any


def handler(event: dict[str, Any], context: Any) -> None:
    """Handle a batch: `event["records"]` holds lists of records, by topic and partition."""
    del context
    for partition, records in event["records"].items():
        orders = [json.loads(base64.b64decode(record["value"])) for record in records]
        handled = {
            "partition": partition,
            "offsets": [records[0]["offset"], records[-1]["offset"]],
            "orders": len(orders),
            "amount": sum(order["amount"] for order in orders),
        }
        print(json.dumps(handled))
