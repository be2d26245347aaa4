"""All rules that run over a whole, in the order in which they run."""

from collections.abc import Callable

from gateway.composition.merge.context import MergeContext
from gateway.composition.rules.merging import field_sharing, interface_fields, override_usage

MERGE_RULES: tuple[Callable[[MergeContext], None], ...] = (
    override_usage.check,
    field_sharing.check,
    interface_fields.check,
)
