"""Every code of composition's errors and hints, with its meaning and what to do.

The names are those of Apollo's composition where it has one. `docs/gateway/errors.md` is written from these tables, and a test compares
them with the code.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from dataclasses import dataclass

from gateway.codes import ErrorCode
from gateway.composition.errors import HintLevel


@dataclass(frozen=True, slots=True)
class HintCode:
    """A code of hints and its explanation.

    Attributes:
        name: Code in brackets that ``compose`` prints.
        level: Least ``--hints`` that shows it.
        meaning: Cause and effect, in a sentence.
    """

    name: str
    level: HintLevel
    meaning: str


ERRORS = (
    ErrorCode(
        "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE",
        (),
        "An access directive is on an interface or on a field of one.",
        "Put it on the implementations.",
    ),
    ErrorCode(
        "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS",
        (),
        "An argument takes a context in one subgraph and is required of clients in another.",
        "Use `@fromContext` in both, or make the argument nullable.",
    ),
    ErrorCode(
        "CONTEXT_INVALID_SELECTION",
        (),
        "`@fromContext` selects something that the context cannot give.",
        "Select one field of the argument's type on every type that sets the context.",
    ),
    ErrorCode(
        "CONTEXT_NAME_INVALID",
        (),
        "The name in `@context` is not letters and digits.",
        "Begin with a letter and use only letters and digits.",
    ),
    ErrorCode(
        "CONTEXT_NOT_SET",
        (),
        "`@fromContext` names a context that no type of the subgraph sets, is on an interface, or has a default.",
        "Put `@context` on the type that has the value; take contexts on objects' fields, without a default.",
    ),
    ErrorCode(
        "CONTEXT_NO_RESOLVABLE_KEY", (), "A type with `@fromContext` has no resolvable `@key`.", "Give the type a key."
    ),
    ErrorCode(
        "COST_APPLIED_TO_INTERFACE_FIELD",
        (),
        "`@cost` is on a field of an interface.",
        "Put it on the implementations' fields.",
    ),
    ErrorCode(
        "DEFAULT_VALUE_USES_INACCESSIBLE",
        (),
        "A visible default uses an element that is `@inaccessible`.",
        "Choose another default, or show the element.",
    ),
    ErrorCode(
        "DIRECTIVE_COMPOSITION_ERROR",
        (),
        "`@composeDirective` names a directive that cannot be kept: unlinked, or with another name, specification or major version elsewhere.",
        "Link and import the directive in the same way in all subgraphs.",
    ),
    ErrorCode(
        "DIRECTIVE_DEFINITION_INVALID",
        (),
        "A definition of a federation directive contradicts its specification.",
        "Remove the definition: composition has its own.",
    ),
    ErrorCode(
        "DISALLOWED_INACCESSIBLE", (), "`@inaccessible` hides a part of GraphQL or of a specification.", "Remove it."
    ),
    ErrorCode(
        "EMPTY_MERGED_ENUM_TYPE",
        (),
        "No value of an enum that arguments use is in all subgraphs.",
        "Define a common value, or give the enums different names.",
    ),
    ErrorCode(
        "EMPTY_MERGED_INPUT_TYPE",
        (),
        "No field of an input type is in all subgraphs.",
        "Define a common field, or give the types different names.",
    ),
    ErrorCode(
        "ENUM_VALUE_MISMATCH",
        (),
        "An enum is both argument and result, and a value is not in all subgraphs.",
        "Add the value everywhere, or mark it `@inaccessible` until it is.",
    ),
    ErrorCode(
        "EXTENSION_WITH_NO_BASE",
        (),
        "A type is only extended, and no subgraph defines it.",
        "Define it in one subgraph, without `extend`.",
    ),
    ErrorCode(
        "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH",
        (),
        "An argument of an `@external` field has another default than where the field is resolved.",
        "Write the same default.",
    ),
    ErrorCode(
        "EXTERNAL_ARGUMENT_MISSING",
        (),
        "An `@external` field lacks an argument that it has where it is resolved.",
        "Add the argument.",
    ),
    ErrorCode(
        "EXTERNAL_ARGUMENT_TYPE_MISMATCH",
        (),
        "An argument of an `@external` field has another type than where the field is resolved.",
        "Write the same type.",
    ),
    ErrorCode(
        "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE",
        (),
        "An `@external` field has a directive that only a resolved field can have.",
        "Remove one of the two.",
    ),
    ErrorCode(
        "EXTERNAL_MISSING_ON_BASE",
        (),
        "No subgraph resolves a field that is `@external`.",
        "Define it without `@external` in the subgraph that resolves it.",
    ),
    ErrorCode(
        "EXTERNAL_ON_INTERFACE",
        (),
        "A field of an interface is `@external`.",
        "Put `@external` on the implementations' fields.",
    ),
    ErrorCode(
        "EXTERNAL_TYPE_MISMATCH",
        (),
        "An `@external` field has another type than where it is resolved.",
        "Write the same type.",
    ),
    ErrorCode(
        "EXTERNAL_UNUSED",
        (),
        "No `@key`, `@requires`, `@provides` or interface uses an `@external` field.",
        "Remove the field, or `@external`.",
    ),
    ErrorCode(
        "FIELD_ARGUMENT_DEFAULT_MISMATCH",
        (),
        "An argument has different defaults in different subgraphs.",
        "Write the same default.",
    ),
    ErrorCode(
        "FIELD_ARGUMENT_TYPE_MISMATCH",
        (),
        "The types of an argument cannot be merged.",
        "Use the same type, or types that differ only in nullability.",
    ),
    ErrorCode(
        "FIELD_TYPE_MISMATCH",
        (),
        "The types of a field cannot be merged.",
        "Use the same type, or types that differ in nullability or are related by an interface or union.",
    ),
    ErrorCode(
        "IMPLEMENTED_BY_INACCESSIBLE", (), "A hidden element implements a visible one.", "Hide both, or show both."
    ),
    ErrorCode(
        "INPUT_FIELD_DEFAULT_MISMATCH",
        (),
        "An input field has different defaults in different subgraphs.",
        "Write the same default.",
    ),
    ErrorCode(
        "INTERFACE_FIELD_NO_IMPLEM",
        (),
        "An implementation lacks a field that another subgraph adds to the interface.",
        "Add the field to the implementation, or remove it from the interface.",
    ),
    ErrorCode(
        "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
        (),
        "A subgraph has a key on an interface and lacks one of its implementations.",
        "Define the implementation there, with the key.",
    ),
    ErrorCode(
        "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
        (),
        "An interface has a key that an implementation lacks.",
        "Add the key to the implementation.",
    ),
    ErrorCode(
        "INTERFACE_OBJECT_USAGE_ERROR",
        (),
        "An `@interfaceObject` has no key, no interface elsewhere, or implementations beside it.",
        "Follow the advice of the message.",
    ),
    ErrorCode(
        "INVALID_FIELD_SHARING",
        (),
        "Several subgraphs resolve a field, and not all of them share it.",
        "Mark the field `@shareable` in all of them, or resolve it in one.",
    ),
    ErrorCode(
        "INVALID_GRAPHQL",
        (),
        "A subgraph's SDL, or the schema that clients would see, is not valid GraphQL.",
        "Correct the SDL at the place.",
    ),
    ErrorCode(
        "INVALID_LINK_DIRECTIVE_USAGE",
        (),
        "A `@link` has no url, imports an unknown or wrongly named element, or collides with another link.",
        "Correct the `@link`; rename with `as:`.",
    ),
    ErrorCode(
        "INVALID_LINK_IDENTIFIER",
        (),
        "The url of a `@link` is no address, has no version, or gives no usable name.",
        "Write the address of a specification with its version, or a name with `as:`.",
    ),
    ErrorCode(
        "INVALID_SHAREABLE_USAGE",
        (),
        "`@shareable` is on an interface's field or a subscription, or repeated in one declaration.",
        "Remove it.",
    ),
    ErrorCode(
        "INVALID_SUBGRAPH_NAME",
        (),
        "A subgraph's name is reserved, or occurs twice.",
        "Give each subgraph a name of its own.",
    ),
    ErrorCode(
        "KEY_DIRECTIVE_IN_FIELDS_ARG", (), "The fields of a `@key` contain a directive.", "Remove the directive."
    ),
    ErrorCode(
        "KEY_FIELDS_HAS_ARGS", (), "A `@key` selects a field with arguments.", "Select fields without arguments."
    ),
    ErrorCode(
        "KEY_FIELDS_SELECT_INVALID_TYPE",
        (),
        "A `@key` selects a field whose type is an interface or union.",
        "Select objects, scalars and enums.",
    ),
    ErrorCode(
        "KEY_INVALID_FIELDS_TYPE",
        (),
        "The fields of a `@key` are not a string.",
        'Write them as one string, as in `fields: "id name"`.',
    ),
    ErrorCode("KEY_INVALID_FIELDS", (), "The fields of a `@key` do not fit the type.", "Correct the field set."),
    ErrorCode(
        "KEY_UNSUPPORTED_ON_INTERFACE",
        (),
        "The subgraph's version of federation has no `@key` on interfaces.",
        "Link federation 2.3 or later, or move the key to the implementations.",
    ),
    ErrorCode(
        "LINK_IMPORT_NAME_MISMATCH",
        (),
        "Subgraphs import a directive under different names.",
        "Import it under one name.",
    ),
    ErrorCode(
        "LIST_SIZE_APPLIED_TO_NON_LIST",
        (),
        "`@listSize` sizes a field that is no list.",
        "Name the lists inside it with `sizedFields`, or remove the directive.",
    ),
    ErrorCode("LIST_SIZE_INVALID_ASSUMED_SIZE", (), "The `assumedSize` is negative.", "Write 0 or more."),
    ErrorCode(
        "LIST_SIZE_INVALID_SIZED_FIELD",
        (),
        "`sizedFields` names a field that the type does not have.",
        "Name fields of the type that are lists.",
    ),
    ErrorCode(
        "LIST_SIZE_INVALID_SLICING_ARGUMENT",
        (),
        "`slicingArguments` names an argument that does not exist or is no Int.",
        "Name arguments of type Int.",
    ),
    ErrorCode(
        "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED",
        (),
        "The proof that every query can be answered takes too many steps.",
        "Share fewer fields between subgraphs, or give the shared types keys.",
    ),
    ErrorCode(
        "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
        (),
        "A directive on an `@external` field has no effect there.",
        "Apply it in the subgraph that resolves the field.",
    ),
    ErrorCode(
        "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
        (),
        "A field is computed from another that fewer callers may see.",
        "Put the access directives of the message on the field.",
    ),
    ErrorCode(
        "NO_CONTEXT_IN_SELECTION",
        (),
        "`@fromContext` names no context or selects nothing.",
        'Write the context and a field of it, as in `"$name { field }"`.',
    ),
    ErrorCode("NO_QUERIES", (), "No subgraph defines a query.", "Define a field of `Query`."),
    ErrorCode(
        "ONLY_INACCESSIBLE_CHILDREN",
        (),
        "A visible type has only hidden fields, values or members.",
        "Show one of them, or hide the type.",
    ),
    ErrorCode(
        "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
        (),
        "`@override` meets `@external`, `@requires`, `@provides` or an interface object.",
        "Remove one of the two.",
    ),
    ErrorCode(
        "OVERRIDE_FROM_SELF_ERROR",
        (),
        "`@override` names its own subgraph.",
        "Name the subgraph that resolved the field so far.",
    ),
    ErrorCode(
        "OVERRIDE_LABEL_INVALID",
        (),
        "The label of an `@override` is neither a name nor `percent(n)`.",
        "Write a name, or `percent(n)` with n from 0 to 100.",
    ),
    ErrorCode(
        "OVERRIDE_ON_INTERFACE",
        (),
        "`@override` is on a field of an interface.",
        "Put it on the implementations' fields.",
    ),
    ErrorCode(
        "OVERRIDE_SOURCE_HAS_OVERRIDE",
        (),
        "`@override` takes a field from a subgraph that takes it from elsewhere.",
        "Name the subgraph that resolves the field; keep one `@override`.",
    ),
    ErrorCode(
        "PROVIDES_DIRECTIVE_IN_FIELDS_ARG",
        (),
        "The fields of a `@provides` contain a directive.",
        "Remove the directive.",
    ),
    ErrorCode(
        "PROVIDES_FIELDS_HAS_ARGS",
        (),
        "A `@provides` selects a field with arguments.",
        "Select fields without arguments.",
    ),
    ErrorCode(
        "PROVIDES_FIELDS_MISSING_EXTERNAL",
        (),
        "A `@provides` selects a field that the subgraph resolves itself.",
        "Mark the field `@external`, or remove it from `@provides`.",
    ),
    ErrorCode(
        "PROVIDES_INVALID_FIELDS_TYPE", (), "The fields of a `@provides` are not a string.", "Write them as one string."
    ),
    ErrorCode(
        "PROVIDES_INVALID_FIELDS", (), "The fields of a `@provides` do not fit the type.", "Correct the field set."
    ),
    ErrorCode(
        "PROVIDES_ON_NON_OBJECT_FIELD", (), "A `@provides` is on a field whose type has no fields.", "Remove it."
    ),
    ErrorCode(
        "PROVIDES_UNSUPPORTED_ON_INTERFACE",
        (),
        "A `@provides` is on a field of an interface.",
        "Put it on the implementations' fields.",
    ),
    ErrorCode("QUERY_ROOT_TYPE_INACCESSIBLE", (), "`Query` is `@inaccessible`.", "Hide fields of it instead."),
    ErrorCode(
        "REFERENCED_INACCESSIBLE", (), "A visible field or argument has a hidden type.", "Hide both, or show both."
    ),
    ErrorCode(
        "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
        (),
        "An argument is required in one subgraph and missing in another.",
        "Make it nullable, give it a default, or add it everywhere.",
    ),
    ErrorCode(
        "REQUIRED_INACCESSIBLE",
        (),
        "A required argument or input field is hidden, so no client can give it.",
        "Make it nullable, give it a default, or show it.",
    ),
    ErrorCode(
        "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
        (),
        "An input field is required in one subgraph and missing in another.",
        "Make it nullable, give it a default, or add it everywhere.",
    ),
    ErrorCode(
        "REQUIRES_DIRECTIVE_IN_FIELDS_ARG",
        (),
        "The fields of a `@requires` contain a directive.",
        "Remove the directive.",
    ),
    ErrorCode(
        "REQUIRES_FIELDS_MISSING_EXTERNAL",
        (),
        "A `@requires` selects a field that the subgraph resolves itself.",
        "Mark the field `@external`, or remove it from `@requires`.",
    ),
    ErrorCode(
        "REQUIRES_INVALID_FIELDS_TYPE", (), "The fields of a `@requires` are not a string.", "Write them as one string."
    ),
    ErrorCode(
        "REQUIRES_INVALID_FIELDS",
        (),
        "The fields of a `@requires` do not fit the type or the arguments of its fields.",
        "Correct the field set.",
    ),
    ErrorCode(
        "REQUIRES_UNSUPPORTED_ON_INTERFACE",
        (),
        "A `@requires` is on a field of an interface.",
        "Put it on the implementations' fields.",
    ),
    ErrorCode(
        "ROOT_MUTATION_USED",
        (),
        "A type is called `Mutation` and is not the mutation root.",
        "Rename it, or make it the root.",
    ),
    ErrorCode(
        "ROOT_QUERY_USED", (), "A type is called `Query` and is not the query root.", "Rename it, or make it the root."
    ),
    ErrorCode(
        "ROOT_SUBSCRIPTION_USED",
        (),
        "A type is called `Subscription` and is not the subscription root.",
        "Rename it, or make it the root.",
    ),
    ErrorCode(
        "SATISFIABILITY_ERROR",
        (),
        "Some query that clients may send cannot be answered: no route of keys leads to a field.",
        "Follow the advice of the message: usually a `@key` or `@shareable`.",
    ),
    ErrorCode(
        "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
        (),
        "The values of a shared field have no type in common.",
        "Give them a common type, or resolve the field in one subgraph.",
    ),
    ErrorCode(
        "TYPE_DEFINITION_INVALID",
        (),
        "A definition of a type of a specification contradicts it.",
        "Remove the definition, or rename your type.",
    ),
    ErrorCode(
        "TYPE_KIND_MISMATCH",
        (),
        "A type is an object in one subgraph and another kind elsewhere.",
        "Make it the same kind, or rename one.",
    ),
    ErrorCode(
        "TYPE_WITH_ONLY_UNUSED_EXTERNAL",
        (),
        "A type has only `@external` fields that nothing uses.",
        "Remove the type, or `@external`.",
    ),
    ErrorCode(
        "UNKNOWN_FEDERATION_LINK_VERSION",
        (),
        "A subgraph links a version of federation that does not exist.",
        "Link a version from the message.",
    ),
    ErrorCode(
        "UNKNOWN_LINK_VERSION", (), "A subgraph links an unknown version of the link specification.", "Link v1.0."
    ),
    ErrorCode("UNSUPPORTED_FEATURE", (), "A subgraph uses Apollo's connectors.", "Serve the data from a subgraph."),
    ErrorCode(
        "UNSUPPORTED_LINKED_FEATURE",
        (),
        "A subgraph links a specification for security, or a version, that composition does not know.",
        "Keep its directives with `@composeDirective`, or remove `for: SECURITY`.",
    ),
)
"""Reasons why there is no supergraph, by name."""

HINTS = (
    HintCode(
        "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS",
        HintLevel.WARN,
        "An argument takes a context in one subgraph, so clients cannot give it in another either.",
    ),
    HintCode("CONTRACT_TAG_UNUSED", HintLevel.WARN, "No element carries a tag of the contract."),
    HintCode(
        "DIRECTIVE_COMPOSITION_INFO",
        HintLevel.INFO,
        "A composed directive is linked in different major versions, or composition keeps it anyway.",
    ),
    HintCode(
        "DIRECTIVE_COMPOSITION_WARN",
        HintLevel.WARN,
        "A subgraph uses another name for a composed directive, so its uses are dropped.",
    ),
    HintCode("FROM_SUBGRAPH_DOES_NOT_EXIST", HintLevel.WARN, "`@override` names a subgraph that does not exist."),
    HintCode(
        "INCONSISTENT_ARGUMENT_PRESENCE",
        HintLevel.WARN,
        "An optional argument is not in all subgraphs, so it is dropped.",
    ),
    HintCode(
        "INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE",
        HintLevel.INFO,
        "An argument has different types; the supergraph has the most precise.",
    ),
    HintCode(
        "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE",
        HintLevel.INFO,
        "A field or input field has different types; the supergraph has the most general type of a field, the most precise of an input field.",
    ),
    HintCode(
        "INCONSISTENT_DEFAULT_VALUE_PRESENCE", HintLevel.WARN, "A default is not in all subgraphs, so it is dropped."
    ),
    HintCode("INCONSISTENT_DESCRIPTION", HintLevel.WARN, "Descriptions differ; the supergraph has the most frequent."),
    HintCode("INCONSISTENT_ENTITY", HintLevel.DEBUG, "A type is an entity in some subgraphs only."),
    HintCode(
        "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM",
        HintLevel.WARN,
        "A value of an enum for arguments is not in all subgraphs, so it is dropped.",
    ),
    HintCode(
        "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM",
        HintLevel.DEBUG,
        "A value of an enum for results is not in all subgraphs.",
    ),
    HintCode(
        "INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS",
        HintLevel.WARN,
        "A directive for operations has different locations; the common ones remain.",
    ),
    HintCode(
        "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE",
        HintLevel.WARN,
        "A directive for operations is not in all subgraphs, so it is dropped.",
    ),
    HintCode(
        "INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE",
        HintLevel.WARN,
        "A directive for operations is repeatable in some subgraphs only, so not for clients.",
    ),
    HintCode(
        "INCONSISTENT_INPUT_OBJECT_FIELD",
        HintLevel.WARN,
        "An optional input field is not in all subgraphs, so it is dropped.",
    ),
    HintCode(
        "INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD",
        HintLevel.DEBUG,
        "A field of an interface without a key is not in all subgraphs.",
    ),
    HintCode(
        "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
        HintLevel.WARN,
        "A directive has different arguments; the supergraph has the most frequent.",
    ),
    HintCode(
        "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD",
        HintLevel.DEBUG,
        "A field of an object without a key is not in all subgraphs.",
    ),
    HintCode(
        "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN",
        HintLevel.WARN,
        "The values of a shared field have different types in different subgraphs.",
    ),
    HintCode("INCONSISTENT_UNION_MEMBER", HintLevel.DEBUG, "A member of a union is not in all subgraphs."),
    HintCode(
        "LIST_SIZE_SLICING_ARGUMENT_LEFT_OUT",
        HintLevel.WARN,
        "`@listSize` names an argument that clients cannot give, because not all subgraphs have it.",
    ),
    HintCode(
        "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
        HintLevel.INFO,
        "A directive has different arguments, which are merged.",
    ),
    HintCode(
        "NEWER_FEDERATION_VERSION",
        HintLevel.WARN,
        "A subgraph links a newer version of federation than composition knows.",
    ),
    HintCode(
        "NO_EXECUTABLE_DIRECTIVE_INTERSECTION",
        HintLevel.WARN,
        "A directive for operations has no location common to all subgraphs, so it is dropped.",
    ),
    HintCode("OVERRIDDEN_FIELD_CAN_BE_REMOVED", HintLevel.INFO, "A field is overridden and can be removed."),
    HintCode(
        "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED",
        HintLevel.INFO,
        "An `@override` has no field to take over and can be removed.",
    ),
    HintCode("OVERRIDE_MIGRATION_IN_PROGRESS", HintLevel.INFO, "A field is overridden for a part of the requests."),
    HintCode("UNUSED_ENUM_TYPE", HintLevel.DEBUG, "An enum is used nowhere."),
)
"""What authors of subgraphs may want to change; no hint prevents a supergraph."""
