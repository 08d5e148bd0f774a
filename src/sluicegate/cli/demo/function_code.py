"""The demo's function: reads a secret with the credentials it runs with."""

import json
from typing import Any

import boto3

secrets = boto3.client("secretsmanager")


def handler(event: dict[str, str], context: Any) -> dict[str, str]:
    """Tell the user name in a secret, and nothing else of it."""
    print(f"asked for {event['secret']} by {context.invoked_function_arn}")
    value = json.loads(secrets.get_secret_value(SecretId=event["secret"])["SecretString"])
    return {"user": value["username"]}
