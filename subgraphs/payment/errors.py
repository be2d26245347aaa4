"""What the payment service refuses besides the shared refusals. None of them has taken money."""

from subgraphs.kit.runtime.refusals import Refusal

IN_FLIGHT_RETRY_MS = 1_000


class PaymentDeclined(Refusal):
    """Raised when the provider declined; the payment is kept as failed.

    Args:
        is_retryable: the same method may work later.
    """

    code = "PAYMENT_DECLINED"

    def __init__(self, payment_id: str, message: str, *, is_retryable: bool) -> None:
        super().__init__(message, "input", "method")
        self.payment_id = payment_id
        self.is_retryable = is_retryable


class AlreadyPaid(Refusal):
    """Raised when the order has a payment that took the money."""

    code = "ALREADY_PAID"

    def __init__(self, payment_id: str, message: str = "This order is paid") -> None:
        super().__init__(message, "input", "orderId")
        self.payment_id = payment_id


class PaymentInProgress(AlreadyPaid):
    """Raised when the provider is still at work on the order's payment and may yet take the money."""

    code = "PAYMENT_IN_PROGRESS"

    def __init__(self, payment_id: str) -> None:
        super().__init__(payment_id, "This order's payment is being processed")


class ProviderUnavailable(Refusal):
    """Raised when the provider did not answer. Whether it acted is not known: the same key may, and should, be tried again."""

    code = "PROVIDER_UNAVAILABLE"

    def __init__(
        self, retry_after_ms: int, message: str = "The payment provider does not answer: try again with the same key"
    ) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class RequestInFlight(ProviderUnavailable):
    """Raised when a request with the same key, or another one for the same order, is at work now."""

    code = "REQUEST_IN_FLIGHT"

    def __init__(self, retry_after_ms: int = IN_FLIGHT_RETRY_MS) -> None:
        super().__init__(retry_after_ms, "The same request is being worked on: try again with the same key")


class PaymentsPaused(ProviderUnavailable):
    """Raised while payments are switched off by configuration."""

    code = "PAYMENTS_PAUSED"

    def __init__(self) -> None:
        super().__init__(60_000, "Payments are paused: try again later")


class ProviderRefused(Exception):
    """Raised when the provider understood a call and will not do it: an unknown method, a wrong state, too large an amount.

    Args:
        code: the provider's own, stable.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class InvalidSignature(Exception):
    """Raised when a webhook's signature is missing, malformed, too old, or not made with our secret."""
