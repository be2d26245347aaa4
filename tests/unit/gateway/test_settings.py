"""Settings come from flags, the environment, a file, and defaults, in that order; unknown ones from nowhere."""

import pickle
from pathlib import Path

import pytest

from gateway.settings_file import InvalidSettings, load_settings
from subgraphs import SERVICES

KEYS = "k1:" + "c2VjcmV0" * 6


def written(folder: Path, text: str) -> Path:
    path = folder / "gateway.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(InvalidSettings) as refused:
        load_settings(written(folder, text))
    return str(refused.value)


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "server: {port: 1, workers: 2, host: file}")
    assert load_settings(path).server.port == 1
    monkeypatch.setenv("GATEWAY_PORT", "3")
    assert load_settings(path).server.port == 3
    monkeypatch.setenv("GATEWAY_SERVER__PORT", "4")
    monkeypatch.setenv("GATEWAY_SERVER__WORKERS", "5")
    settings = load_settings(path, flags={"server.port": 6, "server.host": None})
    assert (settings.server.port, settings.server.workers, settings.server.host) == (6, 5, "file")


def test_paths_in_the_file_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "a.graphql").write_text("{ a }", encoding="utf-8")
    settings = load_settings(written(tmp_path, "supergraph: {path: a.graphql}\npersisted: {manifest: ops}"))
    assert settings.supergraph.path == tmp_path / "a.graphql"
    assert settings.persisted.manifest == tmp_path / "ops"


def test_the_file_may_name_variables_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, 'subgraphs: {a: {url: "http://${env.A_HOST}:${env.A_PORT:-80}/x"}}')
    monkeypatch.setenv("A_HOST", "there")
    assert load_settings(path).subgraphs["a"].url == "http://there:80/x"
    monkeypatch.delenv("A_HOST")
    with pytest.raises(InvalidSettings, match="A_HOST"):
        load_settings(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sever: {port: 1}", "sever is not a setting"),
        ("server: {port: [1]}", "server.port"),
        ("server: {path: graphql}", "server.path"),
        ("server: {subgraphs_required: [a]}", "subgraphs_required needs subgraphs_ready_path"),
        ("server: {subgraphs_ready_path: /ready, subgraphs_required: some}", "server.subgraphs_required"),
        ("persisted: {safelist: true}", "safelist needs a manifest"),
        ("identity: {issuers: [{issuer: x, jwks_url: 'ftp://x'}]}", "identity.issuers.0.jwks_url"),
        ("identity: {issuers: [{issuer: x, jwks_url: 'https://x', algorithms: [HS256]}]}", "algorithms"),
        ("identity: {issuers: [{issuer: x, jwks_url: 'https://x', algorithms: [none]}]}", "algorithms"),
        ("subgraphs: {a: {url: 'file:///etc/passwd'}}", "subgraphs.a.url"),
        ("subgraphs: {a: {liveness: {path: health}}}", "subgraphs.a.liveness.path"),
        ("subgraphs: {a: {liveness: {path: '/health HTTP/1.1'}}}", "subgraphs.a.liveness.path"),
        ("subgraphs: {a: {liveness: {after_seconds: 1}}}", "subgraphs.a.liveness.path"),
        ("- a list", "must be a mapping"),
        ("a: [", ":1:5: not YAML"),
    ],
)
def test_a_wrong_setting_is_refused_with_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    message = refusal(tmp_path, text)
    assert told in message
    assert str(tmp_path / "gateway.yaml") in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"none\.yaml: cannot be read"):
        load_settings(tmp_path / "none.yaml")


def test_strangers_are_told_less_outside_development(tmp_path: Path) -> None:
    production = load_settings(None)
    assert (production.explains, production.shows_accounts) == (False, False)
    development = load_settings(written(tmp_path, "environment: development\nexplain: {enabled: false}"))
    assert (development.explains, development.shows_accounts) == (False, True)


def test_keys_are_not_shown(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, f"identity: {{service_tokens: {{keys: '{KEYS}'}}}}"))
    assert KEYS not in repr(settings)


def test_settings_reach_other_processes_whole(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "server: {workers: 4}"), flags={"server.port": 5})
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_the_market_has_a_file_that_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YARMARKA_SERVICE_KEYS", KEYS)
    monkeypatch.setenv("YARMARKA_ENVIRONMENT", "production")
    settings = load_settings(Path(__file__).parents[3] / "gateway.yaml")
    assert settings.subgraphs.keys() == SERVICES.keys()
    assert not settings.explains


def test_origins_may_be_separated_by_commas(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, 'server: {cors_origins: "https://a.test, http://localhost:3000"}'))
    assert settings.server.cors_origins == ("https://a.test", "http://localhost:3000")


@pytest.mark.parametrize("origin", ["a.test", "https://a.test/path", ""], ids=["no scheme", "with a path", "empty"])
def test_an_origin_has_a_scheme_and_no_path(tmp_path: Path, origin: str) -> None:
    assert "is not an origin" in refusal(tmp_path, f'server: {{cors_origins: ["{origin}"]}}')


def test_a_limited_field_is_a_coordinate(tmp_path: Path) -> None:
    assert "'signIn' is not a coordinate" in refusal(tmp_path, "rate_limits: {fields: {signIn: {limit: 1}}}")


def test_the_markets_gateway_limits_rates_and_answers_its_web_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YARMARKA_SERVICE_KEYS", KEYS)
    settings = load_settings(Path("gateway.yaml"))
    assert settings.rate_limits.mode == "enforce"
    assert {"Mutation.signIn", "Mutation.signUp", "Mutation.placeOrder"} <= settings.rate_limits.fields.keys()
    assert "http://localhost:3000" in settings.server.cors_origins


SERVICE_TOKENS = "identity: {service_tokens: {keys: %s}}"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (
            "log:\n  level: INFO\n  formt: json",
            3,
            "log.formt is not a setting that the gateway knows; did you mean format?",
        ),
        ("sever:\n  port: 1", 1, "sever is not a setting that the gateway knows; did you mean server?"),
        ("subgraphs:\n  a:\n    timeout: 1", 3, "subgraphs.a.timeout is not a setting that the gateway knows"),
        (
            "rate_limits:\n  fields:\n    Query.a: {limit: 1, per_second: 2}",
            3,
            "rate_limits.fields.Query.a.per_second is not a setting that the gateway knows; did you mean per_seconds?",
        ),
        ("server:\n  port: 1\n  port: 2", 3, "server.port is given twice"),
        ("log: {}\nserver: {}\nlog: {}", 3, "log is given twice"),
        ("log: {}\nserver: [1]", 2, "server: must be a mapping of settings"),
        ("subgraphs: [1]", 1, "subgraphs: must be a mapping of settings"),
        ("persisted:\n  manifest: nowhere", 2, "persisted.manifest: there is no folder"),
        ("persisted:\n  manifest: .", 2, "persisted.manifest: the folder"),
        ("graphiql:\n  operations: nowhere", 2, "graphiql.operations: there is no folder"),
        (
            "override_labels:\n  - new\n  - percent(200)",
            1,
            "override_labels: 'percent(200)' is not the name of a label",
        ),
        ("server:\n  cors_origins: [shop.example]", 2, "server.cors_origins: 'shop.example' is not an origin"),
        ("subgraphs:\n  a: {url: 'http://'}", 2, "subgraphs.a.url: 'http://' is not an address"),
        (
            "identity:\n  issuers:\n    - {issuer: x, jwks_url: 'https://'}",
            3,
            "identity.issuers.0.jwks_url: 'https://' is",
        ),
        ("rate_limits:\n  redis_url: redis.internal", 2, "rate_limits.redis_url: is not an address"),
        (SERVICE_TOKENS % "nokey", 1, "identity.service_tokens.keys: "),
        ("explain:\n  header: 'a b'", 2, "explain.header"),
        ("a: &x\n  b: *x", 1, "an alias refers to what it is part of"),
    ],
)
def test_what_means_nothing_is_refused_with_its_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    message = refusal(tmp_path, text)
    assert f"{tmp_path / 'gateway.yaml'}:{line}: {told}" in message


def test_a_flag_does_not_hide_a_section_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="server: must be a mapping"):
        load_settings(written(tmp_path, "server: [1]"), flags={"server.port": 5})


def test_a_wrong_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_SERVER__WORKERS", "many")
    assert refusal(tmp_path, "server: {workers: 2}").startswith(
        "GATEWAY_SERVER__WORKERS in the environment: server.workers: "
    )


def test_what_kubernetes_says_of_a_service_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "tcp://10.0.0.1:4000")
    assert load_settings(None).server.port == 4000
