"""Invocation records, in the spelling of each kind of destination."""

import json

from tests.unit.delivery.making import TOPIC, batch, record

from sluicegate.delivery import (
    Context,
    Discard,
    EventEncoder,
    EventSource,
    Response,
    invocation_record,
    messages,
    object_key,
)

CLUSTER = "arn:aws:kafka:us-east-1:111122223333:cluster/c/6d1b2c58-0b5e-4b0a-9a57-0d2f1f6f0b11-2"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:f"
ENCODER = EventEncoder(EventSource(CLUSTER, "b-1:9092,b-2:9092"), TOPIC)
AT_MS = 1573691886021
BATCH = batch(
    [
        record(7, key=b"k", timestamp=1573691884835),
        record(9, timestamp=1573691885000),
        record(3, partition=2, value=b'"\xff', timestamp=10**15),
    ],
    encoder=ENCODER,
)
CONTEXT = Context(FUNCTION, f"{FUNCTION}:$LATEST", "request-1", AT_MS)
EXHAUSTED = Discard(
    1, BATCH, "RetryAttemptsExhausted", 3, Response("request-1", "$LATEST", "Unhandled")
)


def test_a_batch_for_a_queue() -> None:
    made = invocation_record(EXHAUSTED, CONTEXT, ENCODER, has_payload=False)
    assert json.loads(made) == {
        "requestContext": {
            "requestId": "request-1",
            "functionArn": FUNCTION,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": "2019-11-14T00:38:06.021Z",
        "KafkaBatchInfo": {
            "batchSize": 3,
            "eventSourceArn": CLUSTER,
            "bootstrapServers": "b-1:9092,b-2:9092",
            "payloadSize": len(ENCODER.event(BATCH)),
            "recordsInfo": {
                "orders-0": {
                    "firstRecordOffset": "7",
                    "lastRecordOffset": "9",
                    "firstRecordTimestamp": "2019-11-14T00:38:04.835Z",
                    "lastRecordTimestamp": "2019-11-14T00:38:05.000Z",
                },
                "orders-2": {
                    "firstRecordOffset": "3",
                    "lastRecordOffset": "3",
                    # What the producer said is no date; the last there is stands for it.
                    "firstRecordTimestamp": "9999-12-31T23:59:59.999Z",
                    "lastRecordTimestamp": "9999-12-31T23:59:59.999Z",
                },
            },
        },
    }


def test_a_bucket_gets_the_event_as_a_text() -> None:
    made = json.loads(invocation_record(EXHAUSTED, CONTEXT, ENCODER, has_payload=True))
    assert made["payload"] == ENCODER.event(BATCH).decode()
    key = object_key("uuid-of-mapping", BATCH, ENCODER, AT_MS, "uuid")
    assert key == "aws/lambda/uuid-of-mapping/orders-0/2019/11/14/2019-11-14T00.38.06-uuid"


def test_a_topic_gets_a_message_for_each_record() -> None:
    made = list(messages(EXHAUSTED, CONTEXT, ENCODER))
    assert [message.key for message in made] == [b"k", None, None]
    first = json.loads(made[0].value)
    assert first["requestContext"]["functionArn"] == f"{FUNCTION}:$LATEST"
    assert first["requestContext"]["condition"] == "RetriesExhausted"
    assert first["KafkaBatchInfo"]["batchSize"] == 1
    assert first["KafkaBatchInfo"]["recordInfo"] == {
        "offset": "7",
        "timestamp": "2019-11-14T00:38:04.835Z",
    }
    alone = batch([next(iter(BATCH))], encoder=ENCODER)
    assert first["payload"] == json.loads(ENCODER.event(alone))


def test_a_record_too_large_was_never_sent() -> None:
    too_large = Discard(1, BATCH, "MaximumPayloadSizeExceeded", 0, None)
    made = json.loads(invocation_record(too_large, CONTEXT, ENCODER, has_payload=False))
    assert made["responseContext"] is None
    assert made["requestContext"]["approximateInvokeCount"] == 0
    condition = json.loads(next(messages(too_large, CONTEXT, ENCODER)).value)["requestContext"]
    assert condition["condition"] == "MaximumPayloadSizeExceeded"


def test_a_self_managed_cluster_has_no_arn() -> None:
    encoder = EventEncoder(EventSource("", "b:9092"), TOPIC)
    made = json.loads(invocation_record(EXHAUSTED, CONTEXT, encoder, has_payload=False))
    assert "eventSourceArn" not in made["KafkaBatchInfo"]
