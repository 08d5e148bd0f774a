"""What who logs in at MSK's brokers by IAM signs: a request that nobody sends.

Said once, for who makes such a token and for who judges it.
"""

SERVICE, ACTION = "kafka-cluster", "kafka-cluster:Connect"

SECONDS = 900
"""How long a token is good for: a quarter of an hour, as every signer of AWS's asks for."""


def host(region: str) -> str:
    """Whom it is signed for."""
    return f"kafka.{region}.amazonaws.com"
