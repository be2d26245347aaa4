"""How many examples Hypothesis tries: few and always the same by default, as many as are asked for in a long run.

A test of every commit should give the same verdict twice, so its examples are derived from the test itself. To look for what they
miss, set PROPERTY_EXAMPLES to how many each property should try; those are other ones each time. Random worlds can also run for an
hour: `python -m tests.property.run --seconds 3600`.
"""

import os

from hypothesis import HealthCheck, settings


def examples(few: int) -> settings:
    """The settings of a property that tries `few` examples by default, none of which is stopped for being slow."""
    asked = os.environ.get("PROPERTY_EXAMPLES")
    return settings(
        max_examples=int(asked) if asked else few,
        derandomize=asked is None,
        suppress_health_check=[HealthCheck.too_slow],
    )
