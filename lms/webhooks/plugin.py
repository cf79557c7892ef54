"""The declaration of the plugin."""

from lms.kernel.i18n import N_
from lms.plugin import Plugin

plugin = Plugin(name="webhooks", title=N_("Webhooks"), requires=("accounts",))
