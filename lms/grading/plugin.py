"""The declaration of the plugin."""

from lms.grading import models  # noqa: F401  # its tables
from lms.plugin import Plugin

plugin = Plugin(name="grading", package="lms.grading")
