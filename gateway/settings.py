"""Everything that the gateway can be told: one frozen model, whose fields are the keys of ``gateway.yaml``.

How it is made of a file, the environment and flags: `gateway.settings_file`.
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
    """Which schema is served.

    Attributes:
        path: a supergraph file.
        subgraphs: or a rover-style list of subgraphs, composed when the gateway starts.
        watch: serve a changed file as soon as it is there; a broken one leaves the old schema in service.
    """

    path: Path | None = None
    subgraphs: Path | None = None
    watch: bool = True


class ServerSettings(_Section):
    """The HTTP edge.

    Attributes:
        path: of the GraphQL route.
        max_body_bytes: of a request, after decompression.
        max_connections: open at once; more are told 503.
        max_in_flight: requests being answered at once, subscriptions aside; more are told 503 instead of waiting.
        read_timeout_seconds: for a whole request to arrive, and for a client to take an answer.
        keep_alive_seconds: an idle connection is closed after this long.
        drain_seconds: how long requests under way may take when the process is told to stop.
        trusted_proxies: how many proxies in front may be believed about the client's address; 0 believes nobody.
        cors_origins: origins whose pages may call the gateway, as a list or separated by commas; none by default.
        subgraphs_ready_path: the route beside each subgraph's address that answers 200 when it is ready; when none is, the gateway is
            not ready either. None asks no subgraph.
        metrics_token: bearer token that /metrics requires; without one everyone who reaches the port reads them.
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
    metrics_token: SecretStr = SecretStr("")

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


class LimitSettings(_Section):
    """See `operation.limits.Limits`, which these become; those of planning bound one plan, those of costs one request.

    Attributes:
        max_cost: The most that an operation may cost by `@cost` and `@listSize` (``MAX_COST_EXCEEDED``); None for no limit.
        cost_mode: ``measure`` refuses nothing, and works costs out without `max_cost` as well: to choose a limit.
        actual_cost: Whose answers are weighed as well: of requests that ask (see `ExplainSettings`), or of ``all``, which takes as long
            as decoding each answer.
        assumed_list_size: Items of a list that nothing is said of, for the cost.
        max_planning_steps: Of the search for a plan; the same on every machine.
        max_planning_seconds: Of processor time.
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
    """A token bucket: `limit` tokens in `per_seconds`, of which `burst` may be taken at once.

    Attributes:
        burst: None means as many as `limit`.
    """

    limit: int = Field(ge=1, le=1_000_000)
    per_seconds: float = Field(1.0, gt=0, le=86_400)
    burst: int | None = Field(None, ge=1, le=1_000_000)


class FieldRateSettings(BucketSettings):
    """The limit of a root field.

    Attributes:
        by: Whose executions share a bucket: those of an account (``client``; an anonymous one by its address), or of an address.
    """

    by: Literal["client", "address"] = "client"


class RateLimitSettings(_Section):
    """How often a client may ask; more is refused with status 429, ``Retry-After`` and the code RATE_LIMITED.

    Attributes:
        mode: ``measure`` refuses nothing and counts what ``enforce`` would refuse.
        client: The requests of one client: of an account, or else of an address (IPv6 by its /64; see ``server.trusted_proxies``).
        fields: Executions of root fields, aliases counted, by coordinate such as ``Mutation.signIn``.
        redis_url: Where gateways and workers share the buckets; None keeps them in the memory of each process.
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
    """Arrays of requests in one body; refused unless enabled, since each costs as much as one alone."""

    enabled: bool = False
    max_operations: int = Field(10, ge=1)


class PersistedSettings(_Section):
    """Queries known by their hash.

    Attributes:
        automatic: clients may register queries by SHA-256 (APQ).
        manifest: a folder of ``*.graphql`` operations, known by the SHA-256 of their text.
        safelist: refuse whatever is not in the manifest; switches `automatic` off.
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
    """Somebody whose tokens are believed.

    Attributes:
        issuer: the value that ``iss`` must have.
        jwks_url: where its public keys are.
        audience: the value that ``aud`` must have; None for tokens without one.
        algorithms: pinned; what a token's header says is never enough. Symmetric ones do not exist here.
        roles_claim: a claim with a list of names, passed on to subgraphs; also the policies that the caller satisfies.
    """

    issuer: str
    jwks_url: str = Field(pattern=r"^https?://")
    audience: str | None = None
    algorithms: tuple[Algorithm, ...] = Field(("EdDSA", "ES256", "RS256"), min_length=1)
    roles_claim: str = "roles"
    scope_claim: str = "scope"


class ServiceTokenSettings(_Section):
    """Minted toward subgraphs, in the place of whatever the client sent.

    Attributes:
        keys: ``kid:base64url-secret[,kid2:secret2]``; the first signs.
        issuer: the ``iss`` of our tokens.
        anonymous_header: a header whose value becomes the ``anon`` claim, the device of a client that has not signed in.
    """

    keys: SecretStr
    anonymous_header: str | None = Field(None, pattern=rf"^(?i:{HEADER_NAME.pattern})$")


class IdentitySettings(_Section):
    """Who the client is, and how subgraphs learn of it.

    Attributes:
        refresh_seconds: after which an issuer's keys are fetched anew.
        keys_dir: folder that keeps each issuer's last good keys, so that a restart does not depend on the issuer; None keeps nothing.
            Whoever can write there can sign in as anybody.
    """

    issuers: tuple[IssuerSettings, ...] = ()
    service_tokens: ServiceTokenSettings | None = None
    refresh_seconds: float = Field(300.0, gt=0)
    keys_dir: Path | None = None


class HeaderSettings(_Section):
    """Headers that go on to subgraphs as the client sent them; everything not listed stays here.

    Attributes:
        forward: their names.
        client_address: name of a header of ours with the client's address, as far as the trusted proxies tell it. Identical
            queries of several clients may share one fetch, which then has the address of one of them: a subgraph may count by
            it, and answers nothing by it. Forward `x-forwarded-for` to a subgraph whose answers depend on the address.
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
    """What of subgraphs' errors clients read; all errors keep their path and ``serviceName``. The log has the rest.

    Attributes:
        message: whether the text passes; otherwise clients read that the subgraph reported an error.
        code: whether ``extensions.code`` passes; otherwise it is ``DOWNSTREAM_SERVICE_ERROR``.
        extensions: names of further extensions that pass, or ``all`` of them.
        max_message_length: in characters; a longer text is cut.
        max_extensions_bytes: of the further extensions of one error; those that do not fit are left out.
    """

    message: bool = False
    code: bool = False
    extensions: tuple[str, ...] | Literal["all"] = ()
    max_message_length: int = Field(2_000, ge=1, le=1_000_000)
    max_extensions_bytes: int = Field(20_000, ge=0, le=1_000_000)


class LivenessSettings(_Section):
    """How a fetch that waits finds out that the process of its subgraph is stopped, before its time-out.

    A process that waits for a lock or for another service answers `path` at once, a stopped one does not. One that lives loses
    nothing, unless its loop is blocked for the whole of `timeout_seconds`; choose it above the longest such pause (collections of
    garbage included), and above a second where connections may lose packets: a lost first one is sent again after a second.

    Attributes:
        path: Answered by the process alone, whatever it waits for, such as ``/health``. Any HTTP answer counts.
        after_seconds: How long a fetch has waited when the process is asked, and the pause before it is asked again.
        timeout_seconds: For the answer. Without one, fetches that were sent before end as by their time-out (``SUBGRAPH_TIMEOUT``).
    """

    path: str = Field(pattern=r"^/[!-~]*$")
    after_seconds: float = Field(0.35, gt=0)
    timeout_seconds: float = Field(0.5, gt=0)


class SubgraphSettings(_Section):
    """What is said of one subgraph beside the supergraph.

    Attributes:
        url: where it answers here; None for the supergraph's own address.
        timeout_seconds: for one fetch that only reads, and for a subscription to be accepted; None leaves it the time of the
            whole request. A fetch that takes longer costs its own fields (``SUBGRAPH_TIMEOUT``).
        mutation_timeout_seconds: for one fetch of a mutation's own fields, which a client cannot know the outcome of after it.
        deadline_header: name of a header of ours with the milliseconds that a fetch has left as it is sent, so that the subgraph
            can stop when nobody waits any more; None sends none.
        liveness: a path that is asked while a fetch waits; None asks nothing, and a fetch waits for its time-out.
        errors: what of its errors clients read; None for what `errors` at the top says.
    """

    url: str | None = Field(None, pattern=r"^https?://")
    timeout_seconds: float | None = Field(None, gt=0)
    mutation_timeout_seconds: float | None = Field(None, gt=0)
    deadline_header: str | None = Field(None, pattern=r"^x-[a-z0-9-]+$")
    liveness: LivenessSettings | None = None
    errors: ErrorSettings | None = None


class ExecutionSettings(_Section):
    """What one request may take.

    Attributes:
        timeout_seconds: for the whole request.
        max_connections: to one subgraph.
        max_wait_seconds: for one of them to become free; then the fetch fails with ``SUBGRAPH_OVERLOADED``.
        max_response_bytes: of one subgraph's answer. Decoding, merging and writing 8 MB of usual JSON takes some 60 ms of the process.
        max_response_values: of one subgraph's answer: each list, object and leaf. So many of the smallest, by the general path, take
            some 300 ms and 130 MiB; 64 MB of them took 8 s and gigabytes.
        max_representations: entities that one request to a subgraph asks for; longer lists go in several.
        max_answer_bytes: about, of all fetched entities of one answer, each counted at every place where it is.
    """

    timeout_seconds: float = Field(30.0, gt=0)
    max_connections: int = Field(128, ge=1)
    max_wait_seconds: float = Field(3.0, gt=0)
    max_response_bytes: int = Field(8_000_000, ge=1)
    max_response_values: int = Field(500_000, ge=1)
    max_representations: int = Field(2_000, ge=1)
    max_answer_bytes: int = Field(16_000_000, ge=1)


class CacheSettings(_Section):
    """How much is remembered; what is used least goes first.

    Attributes:
        document_bytes: about the memory that parsed documents may take.
    """

    documents: int = Field(2_000, ge=1)
    document_bytes: int = Field(100_000_000, ge=1)
    plans: int = Field(2_000, ge=1)


class ExplainSettings(_Section):
    """``extensions.queryPlan``, ``extensions.trace`` and the header ``x-gateway-cost`` for requests that ask with a header.

    Attributes:
        enabled: None means in development only, since plans tell of the inside.
        header: a request that has it, with some of ``plan``, ``trace`` and ``cost``, gets them.
    """

    enabled: bool | None = None
    header: str = Field("x-gateway-explain", pattern=rf"^(?i:{HEADER_NAME.pattern})$")


class GraphiqlSettings(_Section):
    """The page at ``GET /graphql`` in a browser.

    Attributes:
        operations: a folder of example operations; see `gateway.graphiql.examples`.
        accounts: offer the folder's demo accounts; None means in development only.
    """

    enabled: bool = True
    operations: Path | None = None
    accounts: bool | None = None


class LogSettings(_Section):
    """What is written to standard output.

    Attributes:
        requests: ``all`` writes one event a request, ``failed`` only those with errors.
    """

    format: Literal["json", "console"] = "json"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    requests: Literal["all", "failed", "none"] = "all"


class Settings(BaseSettings):
    """The gateway's settings. Built once, in a command; passed down; nobody else reads the environment.

    Attributes:
        environment: decides what is said to strangers where a setting leaves it open.
        errors: what of the errors of subgraphs clients read; None for everything in development, and only that there is one in production.
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
