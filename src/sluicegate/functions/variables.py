"""The environment variables function code finds, as on AWS."""

from collections.abc import Mapping

from .model import Credentials, FunctionVersion
from .places import Places
from .platform_lines import JSON

# Read by an interpreter, or by the C library, before any code of ours runs: a function that sets
# one is not given a process that is already running.
_READ_AT_START = ("PYTHON", "LD_", "MALLOC_", "GLIBC_", "LC_", "LANG", "AWS_LAMBDA_LOG_")
_PROXIES = frozenset({"http_proxy", "https_proxy", "no_proxy"})


def defaults(places: Places, *, python: bool) -> dict[str, str]:
    """What a function may set otherwise."""
    language = {"PYTHONPATH": places.runtime} if python else {}
    temporary = {"TMPDIR": places.temporary} if places.temporary else {}
    proxies = {
        "http_proxy": places.proxy,
        "https_proxy": places.proxy,
        "no_proxy": "127.0.0.1,localhost",
    }
    # In both writings: neither is read by every program.
    proxies |= {name.upper(): value for name, value in proxies.items()}
    return {
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:"
        "/var/task:/var/task/lib:/opt/lib",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_ENDPOINT_URL": places.endpoint,
        **temporary,
        **(proxies if places.proxy else {}),
        **language,
    }


def variables(
    version: FunctionVersion, stream: str, credentials: Credentials, places: Places
) -> dict[str, str]:
    """All of them: defaults, the function's own, and those no function may set."""
    python = version.runtime.startswith("python")
    # Not defined where only the operating system is provided.
    execution = {"AWS_EXECUTION_ENV": f"AWS_Lambda_{version.runtime}"} if python else {}
    # Programs read one or the other writing of these: who sets one does not get ours beside it.
    own = _PROXIES & {name.lower() for name in version.environment}
    given = defaults(places, python=python).items()
    return {
        **{name: value for name, value in given if name.lower() not in own},
        **version.environment,
        "AWS_LAMBDA_FUNCTION_NAME": version.name,
        "AWS_LAMBDA_FUNCTION_VERSION": version.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(version.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": version.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_RUNTIME_API": places.runtime_api,
        "AWS_REGION": version.region,
        "AWS_DEFAULT_REGION": version.region,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.token,
        "_HANDLER": version.handler,
        "LAMBDA_TASK_ROOT": places.task,
        "LAMBDA_RUNTIME_DIR": places.runtime,
        "PWD": places.task,
        **execution,
        **_logging(version),
    }


def must_start(version: FunctionVersion) -> bool:
    """Whether some of a function's variables only count when a process starts with them."""
    return any(
        name.startswith(_READ_AT_START) for name in (*version.environment, *_logging(version))
    )


def _logging(version: FunctionVersion) -> Mapping[str, str]:
    """What has AWS's runtime clients write JSON, of these levels; text is what they write."""
    if version.log_format != JSON:
        return {}
    return {"AWS_LAMBDA_LOG_FORMAT": JSON, "AWS_LAMBDA_LOG_LEVEL": version.log_level}
