"""The declaration of the plugin."""

from lms.plugin import Plugin

plugin = Plugin(name="reports", package="lms.reports")
