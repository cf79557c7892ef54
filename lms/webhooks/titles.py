"""Words for the states of endpoints and messages, and the colours of their badges."""

from lms.kernel.i18n import N_, pgettext_lazy

ENDPOINT_TITLES = {"active": N_("Switched on"), "paused": N_("Paused"), "off": N_("Switched off")}
ENDPOINT_BADGES = {"active": "ok", "paused": "wait", "off": "no"}
DELIVERY_TITLES = {"waiting": pgettext_lazy("message", "Waiting"), "delivered": N_("Delivered"), "failed": N_("Not delivered")}
DELIVERY_BADGES = {"waiting": "wait", "delivered": "ok", "failed": "no"}
