"""What the states of certificates are called on screens."""

from lms.kernel.i18n import N_, LazyText

STATUS_TITLES: dict[str, LazyText] = {
    "valid": N_("Valid"),
    "revoked": N_("Revoked"),
    "replaced": N_("Replaced"),
    "expired": N_("Expired"),
    "unavailable": N_("No longer available"),
    "unknown": N_("Not found"),
}
# The look of a state's badge; the words carry the meaning.
BADGES: dict[str, str] = {"valid": "ok", "revoked": "no", "replaced": "wait", "expired": "wait", "unavailable": "", "unknown": "no"}
