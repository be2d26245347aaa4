"""What lives as long as the process, opened from the settings and closed at the end."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from subgraphs.kit.messaging.ended_sessions import EndedSessions
from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.feature_flags import ServiceConfig
from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.storage.session import Database
from subgraphs.user.attempts import AttemptCounter, SignInAttempts
from subgraphs.user.clients.notification import NotificationService
from subgraphs.user.ended import Ended
from subgraphs.user.outgoing import Bell, counting_loop, outgoing_loop, reviving_loop
from subgraphs.user.passwords import Passwords
from subgraphs.user.sessions import Sessions
from subgraphs.user.settings import UserSettings
from subgraphs.user.tokens import AccessTokens, TokenKeys, VerificationTokens
from subgraphs.user.verification import Verification

DEFAULT_CONFIG: dict[str, Any] = {"user.sign_up_open": True}


@dataclass(frozen=True, slots=True)
class UserResources:
    """The user service's resources."""

    settings: UserSettings
    database: Database
    tokens: ServiceTokens
    token_keys: TokenKeys
    sessions: Sessions
    verification: Verification
    notification: NotificationService
    loops: tuple[Loop, ...]
    attempts: AttemptCounter
    config: ServiceConfig
    ended_sessions: EndedSessions
    ended: Ended
    clock: Clock

    @classmethod
    def open(
        cls, settings: UserSettings, *, clock: Clock = utc_now, passwords: Passwords | None = None
    ) -> "UserResources":
        """Open everything; nothing is connected before it is used."""
        bell = Bell()
        database = Database(settings.database, on_committed=bell.ring)
        tokens = ServiceTokens(settings.service_key_ring, clock=clock)
        token_keys = TokenKeys(settings.token_keys)
        verification_tokens = VerificationTokens(
            token_keys, settings.issuer, timedelta(hours=settings.verification_ttl_hours)
        )
        notification = NotificationService(
            GraphQLClient(settings.notification_url, service="notification", caller="user", tokens=tokens)
        )
        ended_sessions = EndedSessions(settings.redis_url)
        ended = Ended(database, ended_sessions, timedelta(seconds=settings.access_ttl_seconds), clock)
        attempts = AttemptCounter(settings.redis_url)
        sessions = Sessions(
            database=database,
            passwords=passwords or Passwords(),
            access_tokens=AccessTokens(token_keys, settings.issuer, timedelta(seconds=settings.access_ttl_seconds)),
            attempts=SignInAttempts(
                attempts,
                per_address=settings.sign_in_attempts,
                per_account=settings.sign_in_attempts_per_account,
                window_seconds=settings.sign_in_window_seconds,
            ),
            refresh_ttl=timedelta(days=settings.refresh_ttl_days),
            clock=clock,
            ended=ended,
        )
        config = ServiceConfig(DEFAULT_CONFIG, service="user", settings=settings, tokens=tokens)
        return cls(
            settings=settings,
            database=database,
            tokens=tokens,
            token_keys=token_keys,
            sessions=sessions,
            verification=Verification(database, verification_tokens, clock),
            notification=notification,
            loops=(
                outgoing_loop(database, notification, bell, clock=clock),
                reviving_loop(database, clock=clock),
                counting_loop(database),
                ended.loop(),
            ),
            attempts=attempts,
            config=config,
            ended_sessions=ended_sessions,
            ended=ended,
            clock=clock,
        )

    async def close(self) -> None:
        """Close what was opened."""
        self.sessions.passwords.close()
        await self.config.close()
        await self.ended_sessions.close()
        await self.notification.close()
        await self.attempts.close()
        await self.database.close()
