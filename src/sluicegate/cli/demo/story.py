"""How the demo tells its story: numbered steps, what was asked, and what came back."""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

_WIDTH = 100


class StepFailed(Exception):
    """The story did not go as told."""


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key, with the token of temporary ones."""

    access_key: str
    secret_key: str
    token: str | None = None


@dataclass(slots=True)
class Story:
    """Prints numbered steps: what was asked, and what came back."""

    endpoint: str
    region: str
    count: int = field(default=0)

    def client(self, service: str, keys: Keys) -> Any:
        """A boto3 client as anybody would make it."""
        session = boto3.Session(keys.access_key, keys.secret_key, keys.token, self.region)
        retries = Config(retries={"total_max_attempts": 1})
        return session.client(service, endpoint_url=self.endpoint, config=retries)

    def tell(self, title: str) -> None:
        """Begin a step."""
        self.count += 1
        print(f"\n{self.count}. {title}")

    def ask(self, who: str, call: Callable[..., Any], /, **parameters: Any) -> Any:
        """Make a call that must succeed, and show it."""
        self._show_call(who, call, parameters)
        return call(**parameters)

    def refused(self, who: str, call: Callable[..., Any], /, **parameters: Any) -> str:
        """Make a call that must be denied, and show why it was; the id of the decision."""
        self._show_call(who, call, parameters)
        try:
            call(**parameters)
        except ClientError as error:
            shown = error.response["Error"]
            self.show("denied", f"{shown['Code']}: {shown['Message']}")
            if not shown["Code"].startswith("AccessDenied"):
                raise StepFailed(f"expected a denial, got {shown['Code']}") from None
            headers = error.response["ResponseMetadata"]["HTTPHeaders"]
            decision_id: str = headers["x-sluicegate-authorization-id"]
            return decision_id
        raise StepFailed("the call was allowed, and must not be")

    def show(self, label: str, text: str) -> None:
        """One thing that came back."""
        lines = textwrap.wrap(text, _WIDTH - 14, break_long_words=False, break_on_hyphens=False)
        print(f"   {label:<9} " + "\n             ".join(lines))

    def _show_call(self, who: str, call: Callable[..., Any], parameters: Mapping[str, Any]) -> None:
        given = ", ".join(f"{key}={short(value)}" for key, value in parameters.items())
        self.show(who, f"{call.__name__}({given})")


def short(value: object) -> str:
    """A value as a call is shown with it: no password, no long text."""
    if isinstance(value, dict) and isinstance(packed := value.get("ZipFile"), bytes):
        return f"{{'ZipFile': … {len(packed)} bytes}}"
    text = str(value)
    if "password" in text:
        return "…"
    return text if len(text) <= 140 else text[:139] + "…"
