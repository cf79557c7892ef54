"""The declaration of the plugin."""

from lms.certificates import models  # noqa: F401  # its tables
from lms.plugin import Plugin

plugin = Plugin(name="certificates", package="lms.certificates")
