"""What a process of ours asks of the host for itself."""

import resource


def allow_descriptors(count: int) -> None:
    """Have that many descriptors, or as many as the host lets us; never fewer than before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
