"""Answers of the library's administration, waited for."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from .faults import BrokerFault, Unreachable, fault

TIMEOUT_SECONDS = 5.0


def asked(ask: Callable[[], Any]) -> Any:
    """What `ask` returns; `BrokerFault` for what the library raises."""
    try:
        return ask()
    except KafkaException as error:
        raise fault(error) from None


def settled(future: "Future[Any]", timeout_seconds: float = 2 * TIMEOUT_SECONDS) -> Any:
    """What an answer is, once it is there."""
    try:
        return asked(lambda: future.result(timeout=timeout_seconds))
    except TimeoutError:
        text = "the brokers do not answer"
        raise BrokerFault(Unreachable(KafkaError._TIMED_OUT, text)) from None
