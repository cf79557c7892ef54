"""Tables of webhooks: who is told, and what was sent."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, Column, Index, Text
from sqlmodel import Field

from lms.kernel.database import Row, UtcDateTime, reference

ENDPOINT_STATES = ("active", "paused", "off")
DELIVERY_STATES = ("waiting", "delivered", "failed")


class WebhookEndpoint(Row, table=True):
    """An address of another system that is told of chosen events. Its secret is derived from `salt` and kept nowhere."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint(f"state IN {ENDPOINT_STATES}", name="state_known"),
        CheckConstraint("failures >= 0", name="failures_counted"),
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str
    url: str
    events: list[str] = Field(sa_column=Column(JSON, nullable=False))
    state: str = "active"
    """paused: what happens is kept and sent later; off: it was given up, and nothing is kept."""
    salt: str
    old_salt: str = ""
    """That of the secret before, which still signs until `old_salt_until`."""
    old_salt_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failures: int = 0
    """Tries that failed since the last one that arrived."""
    quiet_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Nothing is tried before this instant: one that is down must not keep the workers from everything else."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: int | None = Field(default=None, sa_column=reference("person.id", ondelete="SET NULL", nullable=True))


class WebhookDelivery(Row, table=True):
    """One message for one endpoint: the very text that is signed and sent, and what came of it."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint(f"state IN {DELIVERY_STATES}", name="state_known"),
        CheckConstraint("tries >= 0 AND most_tries > 0", name="tries_counted"),
        CheckConstraint("(state = 'waiting') = (next_try_at IS NOT NULL)", name="waits_for_a_try"),
        Index("ix_webhook_delivery_endpoint", "endpoint_id", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    """`webhook-id`: the same at every try, so that the receiver recognises a second arrival."""
    endpoint_id: int = Field(sa_column=reference("webhook_endpoint.id", ondelete="CASCADE", index=False))
    event: str
    body: str = Field(sa_column=Column(Text, nullable=False))
    state: str = "waiting"
    tries: int = 0
    most_tries: int
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)
    tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    status_code: int | None = None
    milliseconds: int | None = None
    answer: str = ""
    """The beginning of what the receiver answered, or why there was no answer."""
