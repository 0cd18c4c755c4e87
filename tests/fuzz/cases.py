"""How many cases there are, and how many were tried."""

import collections
import os

from hypothesis import HealthCheck, settings

SHARE = float(os.environ.get("PNET_FUZZ", "1"))
"""Of the full number of cases; .ci/run runs a part."""

counted: collections.Counter = collections.Counter()


def cases(number: int) -> settings:
    """That many cases, the same in every run."""
    return settings(
        max_examples=max(int(SHARE * number), 1),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
