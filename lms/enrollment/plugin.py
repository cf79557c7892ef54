"""The declaration of the plugin."""

from lms.enrollment import models  # noqa: F401  # its tables
from lms.plugin import Plugin

plugin = Plugin(name="enrollment", package="lms.enrollment")
