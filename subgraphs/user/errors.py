"""What the user service refuses besides the shared refusals."""

from subgraphs.kit.runtime.refusals import Refusal


class SlugTaken(Refusal):
    """Raised when another seller has the slug; carries a free one."""

    code = "SLUG_TAKEN"

    def __init__(self, suggestion: str) -> None:
        super().__init__("This slug is taken", "input", "slug")
        self.suggestion = suggestion


class EmailTaken(Refusal):
    """Raised when an account with the e-mail address exists."""

    code = "EMAIL_TAKEN"

    def __init__(self) -> None:
        super().__init__("There is an account with this e-mail address", "input", "email")


class InvalidCredentials(Refusal):
    """Raised when the e-mail address or the password is wrong; never says which."""

    code = "INVALID_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong")


class TooManyAttempts(Refusal):
    """Raised when an account was tried too often lately; the wait is in milliseconds."""

    code = "TOO_MANY_ATTEMPTS"

    def __init__(self, retry_after_ms: int) -> None:
        super().__init__("Too many attempts: wait before the next one")
        self.retry_after_ms = retry_after_ms


class SessionExpired(Refusal):
    """Raised when a refresh token is unknown, expired, revoked, or was used before."""

    code = "SESSION_EXPIRED"

    def __init__(self) -> None:
        super().__init__("The session is over: sign in again")


class VerificationExpired(Refusal):
    """Raised when a token that should prove an address is malformed, forged, expired, or for another address."""

    code = "VERIFICATION_EXPIRED"

    def __init__(self) -> None:
        super().__init__("This link is not good any more: ask for another message", "token")


class AttemptsNotCounted(Refusal):
    """Raised when an attempt cannot be counted; it is refused, since an uncounted one would be without a limit."""

    code = "SERVICE_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("Attempts cannot be counted at the moment: try again later")


class PasswordsBusy(Refusal):
    """Raised when more passwords wait to be hashed than can be in good time."""

    code = "SERVICE_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("Too many sign-ins at the moment: try again in a second")
