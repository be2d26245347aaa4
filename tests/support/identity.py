"""Keys and identities for tests."""

from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.identity import GATEWAY, Identity, ServiceTokens, scopes_of
from subgraphs.kit.runtime.keys import KeyRing, new_secret

SERVICE_KEYS = new_secret("test", b"service-key-for-tests-only-32-bytes!")
CURSOR_KEYS = new_secret("test", b"cursor-key-for-tests-only-32-bytes!!")


def service_tokens(*, clock: Clock = utc_now) -> ServiceTokens:
    """Tokens under the tests' service keys."""
    return ServiceTokens(KeyRing.parse(SERVICE_KEYS), clock=clock)


def cursor_keys() -> KeyRing:
    """The tests' cursor keys."""
    return KeyRing.parse(CURSOR_KEYS)


ANONYMOUS = Identity(caller=GATEWAY)


def account(account_id: str, *roles: str) -> Identity:
    """An account that calls through the gateway, with its roles and their scopes."""
    return Identity(caller=GATEWAY, subject=account_id, roles=frozenset(roles), scopes=scopes_of(roles))


def service(name: str, *scopes: str) -> Identity:
    """A service that calls for itself."""
    return Identity(caller=name, scopes=frozenset(scopes))
