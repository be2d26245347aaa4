"""Refusals that every domain knows. A command raises one before anything is written; the graph layer answers it as a `UserError`."""


class Refusal(Exception):
    """The root of all refusals; a domain's own are subclasses with a stable code.

    Args:
        path: the part of the input that is refused, such as ("input", "slug"); empty when it is not about one part.
    """

    code = "REFUSED"

    def __init__(self, message: str, *path: str) -> None:
        super().__init__(message)
        self.path = path


class InvalidInput(Refusal):
    """Raised when a value breaks a rule of the domain."""

    code = "VALIDATION_FAILED"


class NotFound(Refusal):
    """Raised when a thing is not there, or is somebody else's."""

    code = "NOT_FOUND"

    def __init__(self, what: str, *path: str) -> None:
        super().__init__(f"{what} was not found", *path)


class VersionConflict(Refusal):
    """Raised when an update was made from another version than the current one."""

    code = "VERSION_CONFLICT"

    def __init__(self, current_version: int) -> None:
        super().__init__("It was changed meanwhile: read it again and retry", "expectedVersion")
        self.current_version = current_version


class IdempotencyConflict(Refusal):
    """Raised when a known idempotency key comes with another body."""

    code = "IDEMPOTENCY_CONFLICT"

    def __init__(self) -> None:
        super().__init__("This idempotency key was used with another request", "idempotencyKey")
