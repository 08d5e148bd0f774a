"""DOOR to brokers as a client: admin, producer, consumer (the only importer of confluent_kafka)."""

from .admin import Admin, BrokerFault

__all__ = ["Admin", "BrokerFault"]
