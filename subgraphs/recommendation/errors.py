"""What the recommendation service refuses besides the shared refusals."""

from subgraphs.kit.runtime.refusals import Refusal


class BelowBaseline(Refusal):
    """Raised when a model that ranks worse than plain popularity would be activated without force."""

    code = "QUALITY_GATE"

    def __init__(self, metric: str, *, candidate: float, baseline: float) -> None:
        super().__init__(f"The model's {metric} is not above the baseline's")
        self.metric = metric
        self.candidate = candidate
        self.baseline = baseline


class LeaseLost(Exception):
    """Raised when a worker would settle a ranking that another one has taken over; what it wrote is rolled back."""
