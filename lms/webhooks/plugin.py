"""The declaration of the plugin that tells other systems what happens."""

from datetime import timedelta

from lms.kernel.events import Published
from lms.kernel.i18n import N_
from lms.kernel.permissions import Permission
from lms.kernel.schedules import Schedule
from lms.plugin import NavItem, Plugin
from lms.webhooks import delivering, outbox
from lms.webhooks.pages import pages

plugin = Plugin(
    name="webhooks",
    title=N_("Webhooks"),
    package="lms.webhooks",
    requires=("courses",),
    permissions=(Permission("webhooks.manage", N_("Tell other systems what happens"), ("administrator", "staff"), site_only=True),),
    pages=pages,
    navigation=(NavItem("staff", N_("Webhooks"), "/staff/webhooks", "webhooks.manage", 75),),
    subscriptions=((Published, outbox.write),),
    jobs={outbox.DELIVER: delivering.deliver, "webhooks.tidy": delivering.tidy},
    schedules=(Schedule("webhooks.tidy", "webhooks.tidy", timedelta(days=1)),),
)
