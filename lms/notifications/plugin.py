"""The declaration of the plugin that tells people what is new."""

from datetime import timedelta

from lms.kernel.i18n import N_
from lms.kernel.notices import Noticed
from lms.kernel.permissions import SIGNED_IN
from lms.kernel.schedules import Schedule
from lms.notifications import digests, forgetting, keeping, panels
from lms.notifications.pages import pages
from lms.plugin import NavItem, PersonalData, Plugin, Slot

plugin = Plugin(
    name="notifications",
    title=N_("Notifications"),
    package="lms.notifications",
    requires=("accounts",),
    pages=pages,
    navigation=(NavItem("person", N_("Notifications"), "/notifications", weight=20),),
    subscriptions=((Noticed, keeping.write),),
    slots=(Slot("today", panels.today, SIGNED_IN, 10), Slot("profile", panels.profile, SIGNED_IN, 20)),
    jobs={"notifications.send_digests": digests.send_due, "notifications.tidy": keeping.tidy},
    schedules=(
        Schedule("notifications.send_digests", "notifications.send_digests", timedelta(hours=1)),
        Schedule("notifications.tidy", "notifications.tidy", timedelta(days=1)),
    ),
    personal_data=PersonalData(export=forgetting.export, erase=forgetting.erase),
)
