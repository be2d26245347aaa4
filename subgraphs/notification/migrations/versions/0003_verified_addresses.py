"""What is known of addresses, and the texts that databases from before lack.

A database that was seeded before has the first text of `order.cancelled`, which promises money back to whoever paid nothing, and no text
that verifies an address. The new texts are written beside the old ones, as the newest version; a text that an administrator wrote stays
the newest. A new database has no texts yet: the seed writes them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

VERIFY = "account.verify_email"
CANCELLED = "order.cancelled"
SIGNED = "\n\nYarmarka"

REPLACED = {
    "PUSH": (
        "You owe nothing for it.",
        "{% if was_paid == true %}What you paid for it comes back to you.{% else %}You owe nothing for it.{% endif %}",
    ),
    "EMAIL": (
        "Hello {{ name }},\n\nyour order {{ order_number }} is cancelled. What you paid comes back to you." + SIGNED,
        "Hello {{ name }},\n\nyour order {{ order_number }} is cancelled. "
        "{% if was_paid == true %}What you paid comes back to you by the way you paid it; we write again when it is sent."
        "{% else %}Nothing was paid, and you owe nothing.{% endif %}" + SIGNED,
    ),
}
"""By channel: the body of version 1, and the one that replaces it."""

ADDED = {
    "PUSH": (
        "Confirm your e-mail address",
        "Follow the link that we sent you. Until then we send nothing else to that address.",
    ),
    "EMAIL": (
        "Confirm your e-mail address",
        "Hello {{ name }},\n\nfollow this link to confirm that this is your address:\n\n{{ verification_link }}\n\n"
        "If you did not sign up, do not follow it: we send nothing else to this address." + SIGNED,
    ),
}

templates = sa.table(
    "templates",
    *(sa.column(name, sa.String) for name in ("id", "key", "channel", "locale", "subject", "body")),
    sa.column("version", sa.Integer),
)


def upgrade() -> None:
    """Make the table, and write the texts where texts are."""
    op.create_table(
        "verifications",
        sa.Column("account_id", sa.String(36), primary_key=True),
        sa.Column("verified_at", UtcDateTime()),
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(templates)).mappings().all()
    if not rows:
        return
    newest = {(row["key"], row["channel"]): row for row in sorted(rows, key=_version) if row["locale"] == "en"}
    for channel, (old, new) in REPLACED.items():
        row = newest.get((CANCELLED, channel))
        if row is not None and row["version"] == 1 and row["body"] == old:
            _write(CANCELLED, channel, version=2, subject=row["subject"], body=new)
    for channel, (subject, body) in ADDED.items():
        if (VERIFY, channel) not in newest:
            _write(VERIFY, channel, version=1, subject=subject, body=body)


def downgrade() -> None:
    """Drop the table and the texts that are still what was written here."""
    for key, channel, body in [
        *((CANCELLED, channel, new) for channel, (_, new) in REPLACED.items()),
        *((VERIFY, channel, body) for channel, (_, body) in ADDED.items()),
    ]:
        version = 2 if key == CANCELLED else 1
        written = (templates.c.key == key, templates.c.channel == channel, templates.c.locale == "en")
        op.execute(templates.delete().where(*written, templates.c.version == version, templates.c.body == body))
    op.drop_table("verifications")


def _version(row: Any) -> int:
    return int(row["version"])


def _write(key: str, channel: str, *, version: int, subject: str | None, body: str) -> None:
    row = {"id": uuid7(), "key": key, "channel": channel, "locale": "en", "version": version}
    op.execute(templates.insert().values(**row, subject=subject, body=body))
