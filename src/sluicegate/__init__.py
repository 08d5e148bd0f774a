"""AWS Lambda's Kafka trigger, self-hosted, with its permissions really enforced."""

__version__ = "0.1.0"
