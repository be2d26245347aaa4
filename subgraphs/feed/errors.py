"""What the feed refuses besides the shared refusals."""

from subgraphs.kit.runtime.refusals import Refusal


class QueueDown(Refusal):
    """Raised when events cannot be kept now; none of them was."""

    code = "QUEUE_UNAVAILABLE"

    def __init__(self, retry_after_ms: int) -> None:
        super().__init__("Events cannot be taken at the moment: send them again later")
        self.retry_after_ms = retry_after_ms
