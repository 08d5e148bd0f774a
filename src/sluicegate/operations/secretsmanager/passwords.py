"""GetRandomPassword."""

import secrets
import string

from ...errors import AwsError
from ..operation import Call, Params, Result
from . import lookup

_DEFAULT_LENGTH = 32

_CLASSES = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}


def _generate(_call: Call, params: Params) -> Result:
    length = params.get("PasswordLength") or _DEFAULT_LENGTH
    classes = [characters for member, characters in _CLASSES.items() if not params.get(member)]
    if params.get("IncludeSpace"):
        classes.append(" ")
    excluded = set(params.get("ExcludeCharacters") or "")
    left = [[each for each in characters if each not in excluded] for characters in classes]
    pool = [each for characters in left for each in characters]
    if not pool:
        raise AwsError("InvalidRequestException", "Every character was excluded.")
    required = [characters for characters in left if characters]
    if not params.get("RequireEachIncludedType", True):
        required = []
    if len(required) > length:
        raise AwsError(
            "InvalidParameterException",
            f"PasswordLength must be at least {len(required)} to hold each included type.",
        )
    password = [secrets.choice(characters) for characters in required]
    password += [secrets.choice(pool) for _ in range(length - len(required))]
    secrets.SystemRandom().shuffle(password)
    return {"RandomPassword": "".join(password)}


OPERATIONS = (lookup.on_account("GetRandomPassword", _generate),)
