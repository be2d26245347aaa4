"""All rules that run over something whole, in the order in which they run; those of one place in the merge are called there."""

from collections.abc import Callable, Iterator

from gateway.composition.errors import CompositionError
from gateway.composition.model import SubgraphSchema
from gateway.composition.read.analysis import Analysis
from gateway.composition.read.parse import Document
from gateway.composition.rules.document import (
    core_definitions,
    link_imports,
    linked_versions,
    repeated_definitions,
    root_names,
    type_references,
)
from gateway.composition.rules.merging import (
    composed_directives,
    contextual_arguments,
    extension_base,
    field_sharing,
    interface_fields,
    link_import_names,
    merged_directive_on_external,
    no_queries,
    override_sources,
    override_usage,
    shared_runtime_types,
    transitive_access,
)
from gateway.composition.rules.merging import interface_objects as interface_objects_together
from gateway.composition.rules.subgraph import (
    context_arguments,
    context_names,
    disallowed_inaccessible,
    external_collision,
    external_on_interface,
    external_unused,
    field_set_arguments,
    field_set_directives,
    field_set_external,
    field_set_on_interface,
    field_set_validity,
    interface_keys,
    interface_objects,
    key_field_types,
    list_sizes,
    on_interfaces,
    provides_on_object,
    shareable_usage,
)
from gateway.composition.rules.supergraph import (
    api_schema,
    composed_uses,
    defaults,
    hidden_children,
    hidden_defaults,
    hidden_implementations,
    hidden_query_root,
    hidden_references,
    hidden_requirements,
    implementations,
    one_of_fields,
    selected_arguments,
    union_members,
)
from gateway.composition.state.merge_context import MergeContext

DOCUMENT_RULES: tuple[Callable[[Document], Iterator[CompositionError]], ...] = (
    core_definitions.check,
    linked_versions.check,
    link_imports.check,
    root_names.check,
    repeated_definitions.check,
    type_references.check,
)

SUBGRAPH_RULES: tuple[Callable[[SubgraphSchema, Analysis], Iterator[CompositionError]], ...] = (
    field_set_validity.check,
    field_set_directives.check,
    field_set_arguments.check,
    key_field_types.check,
    field_set_on_interface.check,
    field_set_external.check,
    provides_on_object.check,
    external_on_interface.check,
    external_unused.check,
    external_collision.check,
    shareable_usage.check,
    interface_objects.check,
    interface_keys.check,
    context_names.check,
    context_arguments.check,
    list_sizes.check,
    on_interfaces.check,
    disallowed_inaccessible.check,
)

MERGE_RULES: tuple[Callable[[MergeContext], None], ...] = (
    no_queries.check,
    link_import_names.check,
    extension_base.check,
    composed_directives.check,
    override_usage.check,
    override_sources.check,
    merged_directive_on_external.check,
    field_sharing.check,
    shared_runtime_types.check,
    interface_objects_together.check,
    contextual_arguments.check,
)

# Only over a supergraph that merged: before that, they would say again what is wrong already.
MERGED_RULES: tuple[Callable[[MergeContext], None], ...] = (
    interface_fields.check,
    selected_arguments.check,
    transitive_access.check,
)

# Only over one that is whole in itself, and for what clients are to see of it.
SUPERGRAPH_RULES: tuple[Callable[[MergeContext], None], ...] = (
    implementations.check,
    union_members.check,
    one_of_fields.check,
    composed_uses.check,
    defaults.check,
    hidden_query_root.check,
    hidden_references.check,
    hidden_defaults.check,
    hidden_requirements.check,
    hidden_implementations.check,
    hidden_children.check,
)

# Only over what clients see of a supergraph that keeps all other rules.
API_RULES: tuple[Callable[[MergeContext], None], ...] = (api_schema.check,)
