"""What the notification service learns by events, and what it makes of them. It publishes none."""

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.notification.model import Notice, notice_of_status

STATUS_CHANGED = "order.status_changed"


def notice_of(envelope: Envelope) -> Notice | None:
    """What somebody is told because of the event; None if nobody is.

    Raises:
        KeyError: when the event lacks what its version promises.
    """
    if envelope.type != STATUS_CHANGED:
        return None
    data = envelope.data
    return notice_of_status(
        data["after"],
        before=data["before"],
        buyer_id=data["buyer_id"],
        order_id=data["order_id"],
        order_number=data["number"],
    )
