"""Every error code of a running gateway: its statuses, its meaning, and what to do.

`gateway.composition.codes` has those of composition. `docs/gateway/errors.md` is written from both, and a test compares them with the code.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A code and its explanation.

    Attributes:
        name: Value of ``extensions.code``, or the name in brackets that a command prints.
        statuses: HTTP statuses of an answer with the code; empty if the answer has the status of the whole request.
        meaning: Cause, in one or two sentences.
        remedy: Action of the person who reads the code.
    """

    name: str
    statuses: tuple[int, ...]
    meaning: str
    remedy: str


REFUSALS = (
    ErrorCode(
        "GRAPHQL_PARSE_FAILED",
        (400,),
        "The document is not GraphQL.",
        "Correct the syntax at the place in `locations`.",
    ),
    ErrorCode(
        "GRAPHQL_VALIDATION_FAILED",
        (400,),
        "The operation does not fit the schema.",
        "Correct the document; `locations` has the place.",
    ),
    ErrorCode(
        "OPERATION_RESOLUTION_FAILURE",
        (400,),
        "The document has no operation, or several and `operationName` names none of them.",
        "Send `operationName`, or one operation.",
    ),
    ErrorCode(
        "BAD_USER_INPUT",
        (400,),
        "A variable is missing, has the wrong type, or is null where `@skip` or `@include` needs a Boolean.",
        "Correct the variables.",
    ),
    ErrorCode(
        "MAX_LENGTH_EXCEEDED",
        (400,),
        "The document has too many characters.",
        "Send less, or raise `limits.max_length`.",
    ),
    ErrorCode(
        "MAX_TOKENS_EXCEEDED", (400,), "The document has too many tokens.", "Send less, or raise `limits.max_tokens`."
    ),
    ErrorCode(
        "MAX_OPERATIONS_EXCEEDED", (400,), "The document has too many operations.", "Send one operation a document."
    ),
    ErrorCode(
        "MAX_DEPTH_EXCEEDED",
        (400,),
        "Selections, fragments or values are nested too deeply.",
        "Ask for less depth, or raise `limits.max_depth`.",
    ),
    ErrorCode(
        "MAX_SELECTIONS_EXCEEDED",
        (400,),
        "The operation has too many selections, fragments expanded.",
        "Ask for less, or raise `limits.max_selections`.",
    ),
    ErrorCode(
        "MAX_ALIASES_EXCEEDED",
        (400,),
        "The operation has too many aliases.",
        "Ask for less, or raise `limits.max_aliases`.",
    ),
    ErrorCode(
        "MAX_ROOT_FIELDS_EXCEEDED",
        (400,),
        "The operation has too many root fields.",
        "Ask for less, or raise `limits.max_root_fields`.",
    ),
    ErrorCode(
        "MAX_DIRECTIVES_EXCEEDED",
        (400,),
        "The operation has too many directives.",
        "Use fewer, or raise `limits.max_directives`.",
    ),
    ErrorCode(
        "MAX_LIST_ITEMS_EXCEEDED",
        (400,),
        "A list in the input has too many items.",
        "Send several requests, or raise `limits.max_list_items`.",
    ),
    ErrorCode(
        "MAX_INPUT_DEPTH_EXCEEDED",
        (400,),
        "The body or the variables are nested too deeply.",
        "Send flatter input, or raise `limits.max_input_depth`.",
    ),
    ErrorCode(
        "MAX_INPUT_VALUES_EXCEEDED",
        (400,),
        "The variables have too many values together.",
        "Send several requests, or raise `limits.max_input_values`.",
    ),
    ErrorCode(
        "MAX_INTROSPECTION_LISTS_EXCEEDED",
        (400,),
        "The introspection query nests too many lists.",
        "Use the introspection query of a client library, or raise `limits.max_introspection_lists`.",
    ),
    ErrorCode(
        "MAX_COST_EXCEEDED",
        (400,),
        "The operation may cost more than `limits.max_cost`; `cost` and `maxCost` have both figures.",
        "Ask for shorter lists or fewer fields. [Costs](costs.md) explains the sum.",
    ),
    ErrorCode(
        "SLICING_ARGUMENT_REQUIRED",
        (400,),
        "The schema demands exactly one of the arguments that bound the list (`requireOneSlicingArgument`).",
        "Give exactly one of them.",
    ),
    ErrorCode(
        "OPERATION_TOO_COMPLEX",
        (400,),
        "The operation selects too many fields under the same names to prove that they merge.",
        "Split the operation, or repeat fewer fields.",
    ),
    ErrorCode(
        "QUERY_TOO_COMPLEX",
        (400,),
        "To plan the operation or to compute its cost takes more steps than `limits.max_planning_steps` or `limits.max_planning_seconds` allow.",
        "Split the operation.",
    ),
    ErrorCode(
        "INTROSPECTION_DISABLED",
        (400,),
        "The gateway does not show its schema.",
        "Take the schema from its owner, or set `introspection: true`.",
    ),
    ErrorCode(
        "MALFORMED_BODY",
        (400,),
        "The body is not a GraphQL request in JSON and UTF-8.",
        'Send `{"query": ".."}` as JSON.',
    ),
    ErrorCode(
        "MALFORMED_QUERY_STRING",
        (400,),
        "The query string of a GET is not UTF-8, repeats a parameter, or has a parameter that is not a JSON object.",
        "Encode `variables` and `extensions` as JSON, each once.",
    ),
    ErrorCode("QUERY_MISSING", (400,), "The request has neither a query nor a hash of one.", "Send `query`."),
    ErrorCode("UNSUPPORTED_CHARSET", (400,), "The body is not in UTF-8.", "Send UTF-8."),
    ErrorCode(
        "UNSUPPORTED_ENCODING",
        (415,),
        "The gateway does not support the body's Content-Encoding.",
        "Send the body plain, or with gzip or deflate.",
    ),
    ErrorCode(
        "UNSUPPORTED_MEDIA_TYPE", (415,), "The Content-Type is not JSON.", "Send `content-type: application/json`."
    ),
    ErrorCode(
        "NOT_ACCEPTABLE",
        (406,),
        "The Accept header allows no format of this answer: JSON, or an event stream for a subscription.",
        "Accept `application/graphql-response+json`, `application/json` or `text/event-stream`.",
    ),
    ErrorCode(
        "METHOD_NOT_ALLOWED", (405,), "The address does not support the method.", "Use a method of the Allow header."
    ),
    ErrorCode("MUTATION_OVER_GET", (405,), "A GET carries a mutation.", "Send mutations by POST."),
    ErrorCode(
        "CSRF_PREVENTED",
        (400,),
        "A browser's form on another site could send this request.",
        "Add a header such as `graphql-require-preflight: 1`.",
    ),
    ErrorCode(
        "REPEATED_HEADER",
        (400,),
        "A header with a single value (authorization, content-type, host ..) occurs twice.",
        "Send it once.",
    ),
    ErrorCode(
        "MALFORMED_REQUEST",
        (400,),
        "The bytes are not an HTTP/1.1 request with one Host header.",
        "Use an HTTP client; look for a proxy that rewrites requests.",
    ),
    ErrorCode(
        "UNSUPPORTED_TRANSFER_CODING",
        (501,),
        "The body has a transfer coding other than chunked.",
        "Send the body with a length, or chunked.",
    ),
    ErrorCode(
        "BODY_TOO_LARGE",
        (413,),
        "The body is too large, after decompression.",
        "Send less, or raise `server.max_body_bytes`.",
    ),
    ErrorCode(
        "HEAD_TOO_LARGE",
        (431,),
        "The request's head has more than 64 KiB or 100 fields.",
        "Send fewer or shorter headers.",
    ),
    ErrorCode("NOT_FOUND", (404,), "The path has no answer.", "Send GraphQL to `server.path`, by default `/graphql`."),
    ErrorCode(
        "TIMED_OUT",
        (408,),
        "The request did not arrive within `server.read_timeout_seconds`.",
        "Send it again; look for a slow connection.",
    ),
    ErrorCode(
        "BATCHING_DISABLED",
        (400,),
        "The body is an array of requests, and `batching.enabled` is false.",
        "Send one request a body, or enable batching.",
    ),
    ErrorCode(
        "BATCH_TOO_LARGE",
        (400,),
        "The array has more requests than `batching.max_operations`.",
        "Send smaller arrays.",
    ),
    ErrorCode("BATCHED_SUBSCRIPTION", (400,), "An array of requests has a subscription.", "Send subscriptions alone."),
    ErrorCode(
        "PERSISTED_QUERY_NOT_FOUND",
        (200,),
        "The gateway does not know the hash.",
        "Send the query with its hash once; client libraries do so by themselves.",
    ),
    ErrorCode(
        "PERSISTED_QUERY_HASH_MISMATCH",
        (400,),
        "The hash is not the SHA-256 of the query.",
        "Compute the hash of the text that you send.",
    ),
    ErrorCode(
        "PERSISTED_QUERY_NOT_SUPPORTED",
        (400,),
        "`persisted.automatic` is false, or the request uses another version of the protocol.",
        "Send the query's text.",
    ),
    ErrorCode(
        "OPERATION_NOT_SAFELISTED",
        (400,),
        "`persisted.safelist` is true, and the manifest does not have the operation.",
        "Add the operation to the manifest and deploy it.",
    ),
    ErrorCode(
        "UNAUTHENTICATED",
        (401,),
        "The token is invalid, expired, or from an issuer that the settings do not name.",
        "Get a new token, or send none.",
    ),
    ErrorCode(
        "RATE_LIMITED",
        (429,),
        "The client sent more than a rate limit allows; `limit` names it.",
        "Wait for the seconds in `Retry-After` and `retryAfterSeconds`.",
    ),
    ErrorCode(
        "IDENTITY_UNAVAILABLE",
        (503,),
        "The issuer's keys cannot be fetched, so the gateway cannot verify the token.",
        "Try again; operators look at `identity.issuers`.",
    ),
    ErrorCode("NOT_READY", (503,), "The gateway has no schema yet.", "Try again in a moment."),
    ErrorCode(
        "OVERLOADED",
        (503,),
        "Too many connections, requests in flight, or operations that wait for a plan.",
        "Try again in a moment; operators add workers or gateways.",
    ),
    ErrorCode(
        "PLANNING_TIMEOUT",
        (503,),
        "The plan was not finished before the request's deadline.",
        "Try again in a moment, or split the operation.",
    ),
)
"""Errors of requests that are refused as a whole. No subgraph is called."""

PARTIAL = (
    ErrorCode("UNAUTHENTICATED", (), "The field demands a caller, and the request has no token.", "Sign in."),
    ErrorCode(
        "FORBIDDEN", (), "The caller lacks a scope or policy that the field demands.", "Ask for a token with the scope."
    ),
    ErrorCode(
        "SUBGRAPH_UNREACHABLE",
        (),
        "The gateway cannot connect to the subgraph.",
        "Try again; operators look at the subgraph and at `subgraphs.NAME.url`.",
    ),
    ErrorCode(
        "SUBGRAPH_TIMEOUT",
        (),
        "The subgraph did not answer in time. The outcome of a mutation is unknown.",
        "Read the state before you repeat a mutation; operators look at `subgraphs.NAME.timeout_seconds`.",
    ),
    ErrorCode(
        "SUBGRAPH_OVERLOADED",
        (),
        "Too many requests wait for a connection to the subgraph.",
        "Try again; operators look at `execution.max_connections`.",
    ),
    ErrorCode(
        "SUBGRAPH_HTTP_ERROR",
        (),
        "The subgraph answered with an HTTP error and without GraphQL.",
        "Operators look at the subgraph's log.",
    ),
    ErrorCode(
        "SUBGRAPH_MALFORMED_RESPONSE",
        (),
        "The subgraph's answer is not HTTP/1.1 or not GraphQL, or lacks a field that it was asked for.",
        "Operators look at the subgraph and at proxies before it.",
    ),
    ErrorCode(
        "SUBGRAPH_RESPONSE_TOO_LARGE",
        (),
        "The subgraph's answer has too many bytes or values.",
        "Ask for shorter lists; operators look at `execution.max_response_bytes` and `execution.max_response_values`.",
    ),
    ErrorCode(
        "INTROSPECTION_TIMEOUT",
        (),
        "`__schema` or `__type` was not answered before the request's deadline.",
        "Ask for less of the schema, or try again.",
    ),
    ErrorCode(
        "SUBGRAPH_STREAM_LOST",
        (),
        "The subgraph closed the connection of a subscription.",
        "Subscribe again.",
    ),
    ErrorCode(
        "DOWNSTREAM_SERVICE_ERROR",
        (),
        "The subgraph reported an error without a code, or with one that `errors` does not pass.",
        "Operators find the subgraph's error in the log (`subgraph.error_masked`).",
    ),
    ErrorCode(
        "INVALID_SUBGRAPH_VALUE",
        (),
        "The subgraph returned a value that its schema does not allow.",
        "The subgraph's owner corrects the resolver or the schema.",
    ),
    ErrorCode(
        "NON_NULL_FIELD_IS_NULL",
        (),
        "The subgraph returned null for a non-null field.",
        "The subgraph's owner corrects the resolver or the schema.",
    ),
    ErrorCode(
        "CONTEXT_WITHOUT_VALUE",
        (),
        "An argument with `@fromContext` is required, and the enclosing object has no value for it.",
        "The subgraph's owner makes the argument nullable, or the value non-null.",
    ),
    ErrorCode(
        "ANSWER_TOO_LARGE",
        (),
        "Lists in lists of entities grew past `execution.max_answer_bytes`; `data` is null.",
        "Ask for shorter lists.",
    ),
    ErrorCode(
        "TOO_MANY_ERRORS",
        (),
        "The answer has more errors than the gateway lists; this error stands for the rest.",
        "Correct the errors above it first.",
    ),
)
"""Errors of single fields: ``data`` has the rest, the status is 200, ``path`` is the client's."""

FAULTS = (
    ErrorCode(
        "INTERNAL_SERVER_ERROR",
        (500,),
        "A fault of the gateway. The client sees no details; the log has all of them.",
        "Report it with the trace id.",
    ),
    ErrorCode(
        "QUERY_NOT_PLANNABLE",
        (500,),
        "The gateway found no plan that it could prove, although composition promised one.",
        "Report it with the supergraph and the operation.",
    ),
)
"""Errors that are the gateway's fault."""

LOGGED = (
    ErrorCode("CLIENT_GONE", (), "The client closed its connection before the answer.", "None."),
    ErrorCode("CANCELLED", (), "The gateway stopped before the answer was complete.", "None."),
)
"""Codes of the request log that no client sees."""

SUPERGRAPH = (
    ErrorCode("INVALID_GRAPHQL", (), "The supergraph is not GraphQL.", "Compose it again."),
    ErrorCode(
        "INVALID_FEDERATION_SUPERGRAPH",
        (),
        "The text is not a supergraph of Federation 2, or its join directives contradict each other.",
        "Compose it again; do not edit a supergraph by hand.",
    ),
    ErrorCode(
        "UNKNOWN_LINK_VERSION",
        (),
        "The supergraph links a version of a specification that the gateway does not know.",
        "Compose with this gateway, or link an older version.",
    ),
    ErrorCode(
        "UNSUPPORTED_FEATURE",
        (),
        "The supergraph needs a feature that the gateway does not have (`for: SECURITY` or `for: EXECUTION`).",
        "Remove the feature from the subgraphs.",
    ),
    ErrorCode(
        "UNLINKED_DIRECTIVE",
        (),
        "The supergraph uses a directive of access without linking its specification, so nothing would be protected by it.",
        "Compose it again, or add the `@link` that the message shows.",
    ),
    ErrorCode(
        "INVALID_COST_DIRECTIVE",
        (),
        "`@cost` or `@listSize` has a weight or size that cannot be counted.",
        "Correct the directive in the subgraph.",
    ),
)
"""Errors of a supergraph that ``serve``, ``plan`` or ``check`` cannot load."""
