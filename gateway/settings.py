"""The gateway's settings: one frozen model, whose fields are the keys of ``gateway.yaml``.

`gateway.settings_file` builds it from a file, the environment and flags. `docs/gateway/settings.md` is written from the docstrings.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.override_labels import is_label, percentage

HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_|~-]+")
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s]+")
FIELD_COORDINATE = re.compile(r"[_A-Za-z][_0-9A-Za-z]*\.[_A-Za-z][_0-9A-Za-z]*")

# Headers that say who the caller is, or how the connection works: never passed on as the client sent them, listed or not.
NEVER_FORWARDED = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        "x-real-ip",
    }
)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SupergraphSettings(_Section):
    """The schema that the gateway serves: give `path` or `subgraphs`.

    Attributes:
        path: Supergraph file.
        subgraphs: List of subgraphs in rover's format; the gateway composes them when it starts.
        watch: Serve a changed file within a second. A file that cannot be served leaves the old schema in service.
    """

    path: Path | None = None
    subgraphs: Path | None = None
    watch: bool = True


class ServerSettings(_Section):
    """The HTTP edge.

    Attributes:
        host: Address to listen on. ``GATEWAY_HOST`` is short for it.
        port: Port to listen on; 0 takes a free one. ``GATEWAY_PORT`` is short for it.
        workers: Processes that serve the port.
        path: Path of the GraphQL route.
        max_body_bytes: Largest body of a request, after decompression.
        max_connections: Most open connections; a further one is answered 503.
        max_in_flight: Most requests in progress, subscriptions excepted; a further one is answered 503
            instead of waiting.
        read_timeout_seconds: Longest time for a request to arrive, and for a client to accept an answer.
        keep_alive_seconds: Time after which an idle connection is closed.
        drain_seconds: Longest time for requests in progress when the process is told to stop.
        trusted_proxies: Number of proxies in front whose word about the client's address is believed.
        cors_origins: Origins whose pages may call the gateway: a list, or in the file a text separated by commas.
        subgraphs_ready_path: Path beside each subgraph's address that answers 200 when the subgraph is ready.
            None asks no subgraph.
        subgraphs_required: Names of the subgraphs without any of which ``/ready`` fails; or ``all`` of them; or
            ``any``, and it fails while none is ready.
        metrics_token: Bearer token that ``/metrics`` requires. Without one, every client that reaches the
            port reads the metrics.
        metrics_port: Port of ``/metrics``, for all workers; `port` then answers 404 there. None leaves it on `port`.
        metrics_host: Address of `metrics_port`.
    """

    host: str = "127.0.0.1"
    port: int = Field(4000, ge=0, le=65535)
    workers: int = Field(1, ge=1, le=256)
    path: str = Field("/graphql", pattern=r"^/[^?#]*$")
    max_body_bytes: int = Field(1_000_000, ge=1)
    max_connections: int = Field(20_000, ge=1)
    max_in_flight: int = Field(5_000, ge=1)
    read_timeout_seconds: float = Field(12.0, gt=0)
    keep_alive_seconds: float = Field(65.0, gt=0)
    drain_seconds: float = Field(30.0, ge=0)
    trusted_proxies: int = Field(0, ge=0, le=16)
    cors_origins: tuple[str, ...] = ()
    subgraphs_ready_path: str | None = Field(None, pattern=r"^/[^?#]*$")
    subgraphs_required: tuple[str, ...] | Literal["any", "all"] = "any"
    metrics_token: SecretStr = SecretStr("")
    metrics_port: int | None = Field(None, ge=1, le=65535)
    metrics_host: str = "127.0.0.1"

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_at_commas(cls, origins: object) -> object:
        return [origin.strip() for origin in origins.split(",")] if isinstance(origins, str) else origins

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is not an origin such as https://shop.example")
        return origins

    @model_validator(mode="after")
    def _required_subgraphs_are_asked(self) -> "ServerSettings":
        if self.subgraphs_required != "any" and self.subgraphs_ready_path is None:
            raise ValueError("subgraphs_required needs subgraphs_ready_path")
        return self


class LimitSettings(_Section):
    """The most that one operation may have, need and cost.

    The cost limits are those of `gateway.operation.cost`, the others of `gateway.operation.limits.Limits`.

    Attributes:
        max_length: Characters of the document. Long values belong in variables.
        max_tokens: Lexical tokens of the document, comments included; 5,000 are parsed in 40 ms.
        max_depth: Nested fields.
        max_selections: Fields, fragments expanded.
        max_aliases: Aliased fields, fragments expanded.
        max_root_fields: Fields of the root type, fragments expanded.
        max_directives: Directives, fragments expanded.
        max_list_items: Items of one list in a literal or a variable.
        max_input_depth: Nested lists and objects in a literal or a variable.
        max_input_values: Items and members of all lists and objects in a request's variables together.
        max_introspection_lists: Lists of the introspection schema in one operation; the usual introspection
            query has 9.
        max_cost: Highest cost by `@cost` and `@listSize` (``MAX_COST_EXCEEDED``); None for no limit.
        cost_mode: ``measure`` computes costs and refuses nothing, with or without `max_cost`.
        actual_cost: Answers whose actual cost is computed: of requests that ask (see `explain`), or ``all``.
            It takes as long as decoding the answer.
        assumed_list_size: Items of a list without a size in the schema, for the cost.
        max_planning_steps: Steps of the search for a plan; the same on every machine.
        max_planning_seconds: Processor time of the search for a plan.
    """

    max_length: int = Field(200_000, ge=1)
    max_tokens: int = Field(5_000, ge=1)
    max_depth: int = Field(60, ge=1, le=190)
    max_selections: int = Field(10_000, ge=1)
    max_aliases: int = Field(500, ge=0)
    max_root_fields: int = Field(100, ge=1)
    max_directives: int = Field(500, ge=0)
    max_list_items: int = Field(10_000, ge=1)
    max_input_depth: int = Field(64, ge=1, le=190)
    max_input_values: int = Field(100_000, ge=1)
    max_introspection_lists: int = Field(40, ge=1)
    max_cost: int | None = Field(None, ge=1)
    cost_mode: Literal["enforce", "measure"] = "enforce"
    actual_cost: Literal["asked", "all"] = "asked"
    assumed_list_size: int = Field(10, ge=1)
    max_planning_steps: int = Field(100_000, ge=1)
    max_planning_seconds: float = Field(2.0, gt=0)

    @property
    def counts_costs(self) -> bool:
        """Whether what an operation costs is worked out."""
        return self.max_cost is not None or self.cost_mode == "measure"


class BucketSettings(_Section):
    """A token bucket.

    Attributes:
        limit: Tokens that flow in during `per_seconds`.
        per_seconds: Period of `limit`.
        burst: Tokens that the bucket holds, so that many may be taken at once; None for as many as `limit`.
    """

    limit: int = Field(ge=1, le=1_000_000)
    per_seconds: float = Field(1.0, gt=0, le=86_400)
    burst: int | None = Field(None, ge=1, le=1_000_000)


class FieldRateSettings(BucketSettings):
    """The rate limit of a root field: a bucket, and its owner.

    Attributes:
        by: Owner of the bucket: an account (``client``; an anonymous client by its address), or an ``address``.
    """

    by: Literal["client", "address"] = "client"


class RateLimitSettings(_Section):
    """Rates of requests and of root fields. A request beyond them is refused with status 429, ``Retry-After``
    and the code RATE_LIMITED.

    Attributes:
        mode: ``measure`` refuses nothing and counts the requests that ``enforce`` would refuse.
        client: Bucket of each client: of an account, or else of an address (IPv6 by its /64; see
            ``server.trusted_proxies``).
        fields: Buckets of root fields, by coordinate such as ``Mutation.signIn``. Each execution counts, aliases too.
        redis_url: Redis server in which gateways and workers share the buckets; None keeps them in the memory
            of each process.
    """

    mode: Literal["enforce", "measure"] = "enforce"
    client: BucketSettings | None = None
    fields: Mapping[str, FieldRateSettings] = {}
    redis_url: SecretStr | None = None

    @field_validator("fields")
    @classmethod
    def _are_coordinates(cls, fields: Mapping[str, FieldRateSettings]) -> Mapping[str, FieldRateSettings]:
        for coordinate in fields:
            if not FIELD_COORDINATE.fullmatch(coordinate):
                raise ValueError(f"{coordinate!r} is not a coordinate such as Mutation.signIn")
        return fields

    @property
    def is_enabled(self) -> bool:
        """Whether there is any limit."""
        return self.client is not None or bool(self.fields)


class BatchingSettings(_Section):
    """Arrays of requests in one body. Each request of an array costs as much as one alone.

    Attributes:
        enabled: Accept arrays.
        max_operations: Most requests of an array.
    """

    enabled: bool = False
    max_operations: int = Field(10, ge=1)


class PersistedSettings(_Section):
    """Operations that clients name by their hash.

    Attributes:
        automatic: Let clients register queries by their SHA-256 (automatic persisted queries).
        manifest: Folder of ``*.graphql`` operations, named by the SHA-256 of their text.
        safelist: Refuse every operation that is not in the manifest. Switches `automatic` off.
    """

    automatic: bool = True
    manifest: Path | None = None
    safelist: bool = False

    @model_validator(mode="after")
    def _safelist_needs_a_manifest(self) -> "PersistedSettings":
        if self.safelist and self.manifest is None:
            raise ValueError("safelist needs a manifest")
        return self


Algorithm = Literal["EdDSA", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]


class IssuerSettings(_Section):
    """An issuer whose tokens the gateway accepts.

    Attributes:
        issuer: Value of ``iss``.
        jwks_url: Address of the issuer's public keys.
        audience: Value of ``aud``; None for tokens without one.
        algorithms: Signature algorithms; a token's header cannot choose another. Symmetric algorithms do not
            exist here.
        roles_claim: Claim with a list of names: the roles that subgraphs read, and the policies that the
            caller satisfies.
        scope_claim: Claim with the caller's scopes.
    """

    issuer: str
    jwks_url: str = Field(pattern=r"^https?://")
    audience: str | None = None
    algorithms: tuple[Algorithm, ...] = Field(("EdDSA", "ES256", "RS256"), min_length=1)
    roles_claim: str = "roles"
    scope_claim: str = "scope"


class ServiceTokenSettings(_Section):
    """Tokens that the gateway signs for subgraphs, in place of the client's.

    Attributes:
        keys: Keys as ``kid:base64url-secret[,kid2:secret2]``; the first signs.
        anonymous_header: Header of the client whose value becomes the claim ``anon``, such as the id of a device.
    """

    keys: SecretStr
    anonymous_header: str | None = Field(None, pattern=rf"^(?i:{HEADER_NAME.pattern})$")


class IdentitySettings(_Section):
    """Identity of the client, and how subgraphs read it.

    Attributes:
        issuers: Issuers whose tokens are accepted; with none, every client is anonymous.
        service_tokens: Tokens for subgraphs; None sends none.
        refresh_seconds: Time after which an issuer's keys are fetched again.
        keys_dir: Folder that keeps each issuer's last valid keys, so that a restart does not depend on the
            issuer; None keeps nothing. A process that can write there can sign in as any account.
    """

    issuers: tuple[IssuerSettings, ...] = ()
    service_tokens: ServiceTokenSettings | None = None
    refresh_seconds: float = Field(300.0, gt=0)
    keys_dir: Path | None = None


class HeaderSettings(_Section):
    """Headers for subgraphs. The gateway forwards no other header of the client.

    Attributes:
        forward: Names of headers that subgraphs get as the client sent them.
        client_address: Name of a header of the gateway with the client's address, as far as the trusted
            proxies tell it. Identical queries of several clients may share one fetch, which then has the
            address of one of them: a subgraph may count by it, and must not answer by it. Forward
            `x-forwarded-for` to a subgraph whose answers depend on the address.
    """

    forward: tuple[str, ...] = ()
    client_address: str | None = Field(None, pattern=r"^x-[a-z0-9-]+$")

    @field_validator("forward")
    @classmethod
    def _are_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        lowered = tuple(name.lower() for name in names)
        for name in lowered:
            if not HEADER_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a header")
            if name in NEVER_FORWARDED:
                raise ValueError(f"the header {name!r} belongs to the connection and cannot be forwarded")
        return lowered


class ErrorSettings(_Section):
    """The part of subgraphs' errors that clients read. All errors keep their path and ``serviceName``; the
    log has the rest.

    Attributes:
        message: Pass the text; otherwise clients read that the subgraph reported an error.
        code: Pass ``extensions.code``; otherwise it is ``DOWNSTREAM_SERVICE_ERROR``.
        extensions: Names of further extensions to pass, or ``all``.
        max_message_length: Characters of a text; a longer one is cut.
        max_extensions_bytes: Size of the further extensions of one error; those that do not fit are dropped.
    """

    message: bool = False
    code: bool = False
    extensions: tuple[str, ...] | Literal["all"] = ()
    max_message_length: int = Field(2_000, ge=1, le=1_000_000)
    max_extensions_bytes: int = Field(20_000, ge=0, le=1_000_000)


class LivenessSettings(_Section):
    """A probe that finds a stopped process before the time-out of a fetch that waits for it.

    A process that waits for a lock or for another service answers `path` at once; a stopped process does not. The probe costs a
    living process nothing, unless its event loop is blocked for the whole of `timeout_seconds`. Choose it above the longest such
    pause (garbage collection included), and above a second where connections lose packets: a lost first packet is sent again
    after a second.

    Attributes:
        path: Path that the process answers by itself, such as ``/health``. Any HTTP answer counts.
        after_seconds: Time that a fetch has waited before the first probe, and the pause between probes.
        timeout_seconds: Longest time for the answer. Without one, the fetches that were sent before end as by their time-out
            (``SUBGRAPH_TIMEOUT``).
    """

    path: str = Field(pattern=r"^/[!-~]*$")
    after_seconds: float = Field(0.2, gt=0)
    timeout_seconds: float = Field(0.65, gt=0)


class SubgraphSettings(_Section):
    """One subgraph, beside its entry in the supergraph.

    Attributes:
        url: Address in this deployment; None for the supergraph's own.
        timeout_seconds: Longest time of a fetch that only reads, and for a subscription to be accepted; None
            for the time of the whole request. A fetch that takes longer costs its own fields (``SUBGRAPH_TIMEOUT``).
        mutation_timeout_seconds: Longest time of a fetch of a mutation's own fields, whose outcome is unknown after it.
        deadline_header: Name of a header of the gateway with the milliseconds that a fetch has left, so that
            the subgraph can stop in time; None sends none.
        liveness: Probe while a fetch waits; None sends none, and a fetch waits for its time-out.
        errors: Errors that pass; None for the rules of `errors` at the top.
    """

    url: str | None = Field(None, pattern=r"^https?://")
    timeout_seconds: float | None = Field(None, gt=0)
    mutation_timeout_seconds: float | None = Field(None, gt=0)
    deadline_header: str | None = Field(None, pattern=r"^x-[a-z0-9-]+$")
    liveness: LivenessSettings | None = None
    errors: ErrorSettings | None = None


class ExecutionSettings(_Section):
    """Resources of one request.

    Attributes:
        timeout_seconds: Longest time of the whole request.
        max_connections: Most connections to one subgraph.
        max_wait_seconds: Longest wait for one of them; then the fetch fails with ``SUBGRAPH_OVERLOADED``.
        max_response_bytes: Size of one subgraph's answer. To decode, merge and write 8 MB of usual JSON takes
            about 60 ms of the process.
        max_response_values: Lists, objects and leaves of one subgraph's answer. So many of the smallest take
            about 300 ms and 130 MiB on the
            general path; 64 MB of them took 8 s and gigabytes.
        max_representations: Entities in one request to a subgraph; a longer list is sent in several requests.
        max_answer_bytes: Approximate size of all fetched entities of one answer, each counted at every place
            where it occurs.
    """

    timeout_seconds: float = Field(30.0, gt=0)
    max_connections: int = Field(128, ge=1)
    max_wait_seconds: float = Field(3.0, gt=0)
    max_response_bytes: int = Field(8_000_000, ge=1)
    max_response_values: int = Field(500_000, ge=1)
    max_representations: int = Field(2_000, ge=1)
    max_answer_bytes: int = Field(16_000_000, ge=1)


class CacheSettings(_Section):
    """Sizes of the caches. The least used entries are dropped first.

    Attributes:
        documents: Parsed documents.
        document_bytes: Approximate memory of parsed documents.
        plans: Plans.
        plan_bytes: Approximate memory of plans with their documents; the plan of the market's home screen takes about 0.25 MB.
    """

    documents: int = Field(2_000, ge=1)
    document_bytes: int = Field(100_000_000, ge=1)
    plans: int = Field(2_000, ge=1)
    plan_bytes: int = Field(200_000_000, ge=1)


class ExplainSettings(_Section):
    """``extensions.queryPlan``, ``extensions.trace`` and the header ``x-gateway-cost``, for requests that ask.

    Attributes:
        enabled: Allow it; None allows it in development only, because plans show the inside of the graph.
        header: Header by which a request asks, with some of ``plan``, ``trace`` and ``cost``.
    """

    enabled: bool | None = None
    header: str = Field("x-gateway-explain", pattern=rf"^(?i:{HEADER_NAME.pattern})$")


class GraphiqlSettings(_Section):
    """The page at ``GET /graphql`` in a browser.

    Attributes:
        enabled: Serve the page.
        operations: Folder of example operations; see `gateway.graphiql.examples`.
        accounts: Offer the folder's demo accounts; None offers them in development only.
    """

    enabled: bool = True
    operations: Path | None = None
    accounts: bool | None = None


class LogSettings(_Section):
    """Standard output.

    Attributes:
        format: One JSON object a line, or text for people.
        level: Least level that is written.
        requests: ``all`` writes one event a request, ``failed`` only those with errors.
    """

    format: Literal["json", "console"] = "json"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    requests: Literal["all", "failed", "none"] = "all"


class Settings(BaseSettings):
    """The gateway's settings. A command builds them once and passes them down; no other code reads the environment.

    Attributes:
        environment: Default of every setting that protects the inside from strangers: `errors`,
            `explain.enabled`, `graphiql.accounts`.
        introspection: Answer introspection queries.
        errors: Errors of subgraphs that clients read; None for everything in development, and for their mere
            existence in production.
        subgraphs: Subgraphs by name.
        override_labels: Labels of `@override` that are active for every request. A label `percent(n)` needs no setting.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="GATEWAY_", env_nested_delimiter="__", env_ignore_empty=True
    )

    environment: Literal["development", "production"] = "production"
    supergraph: SupergraphSettings = SupergraphSettings()
    server: ServerSettings = ServerSettings()
    limits: LimitSettings = LimitSettings()
    rate_limits: RateLimitSettings = RateLimitSettings()
    introspection: bool = True
    batching: BatchingSettings = BatchingSettings()
    persisted: PersistedSettings = PersistedSettings()
    identity: IdentitySettings = IdentitySettings()
    headers: HeaderSettings = HeaderSettings()
    errors: ErrorSettings | None = None
    subgraphs: Mapping[str, SubgraphSettings] = {}
    override_labels: tuple[str, ...] = ()
    execution: ExecutionSettings = ExecutionSettings()
    cache: CacheSettings = CacheSettings()
    explain: ExplainSettings = ExplainSettings()
    graphiql: GraphiqlSettings = GraphiqlSettings()
    log: LogSettings = LogSettings()

    @field_validator("override_labels")
    @classmethod
    def _are_labels(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        for label in labels:
            if not is_label(label) or percentage(label) is not None:
                raise ValueError(
                    f"{label!r} is not the name of a label; percent(n) in a schema holds for n in 100 requests by itself"
                )
        return labels

    @property
    def explains(self) -> bool:
        """Whether requests may ask for plans and traces."""
        return self._or_in_development(self.explain.enabled)

    @property
    def shows_accounts(self) -> bool:
        """Whether the GraphiQL page offers the demo accounts."""
        return self._or_in_development(self.graphiql.accounts)

    def errors_of(self, subgraph: str) -> ErrorSettings:
        """What of a subgraph's errors clients read."""
        own = self.subgraphs[subgraph].errors if subgraph in self.subgraphs else None
        if (said := own or self.errors) is not None:
            return said
        is_open = self.environment == "development"
        return ErrorSettings(message=is_open, code=is_open, extensions="all" if is_open else ())

    def _or_in_development(self, said: bool | None) -> bool:
        return self.environment == "development" if said is None else said
