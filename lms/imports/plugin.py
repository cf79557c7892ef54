"""The declaration of the plugin."""

from lms.kernel.i18n import N_
from lms.plugin import Plugin

plugin = Plugin(name="imports", title=N_("Import and export"), requires=("accounts",))
