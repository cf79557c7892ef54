"""What the states of enrolments and applications, and the ways in, are called on screens."""

from lms.kernel.i18n import N_, LazyText, pgettext_lazy

ENROLMENT_TITLES: dict[str, LazyText] = {
    "active": pgettext_lazy("enrolment", "Active"),
    "suspended": pgettext_lazy("enrolment", "Suspended"),
    "completed": pgettext_lazy("enrolment", "Completed"),
    "failed": pgettext_lazy("enrolment", "Failed"),
    "withdrawn": pgettext_lazy("enrolment", "Withdrawn"),
}
APPLICATION_TITLES: dict[str, LazyText] = {
    "submitted": pgettext_lazy("application", "Waiting"),
    "shortlisted": pgettext_lazy("application", "Shortlisted"),
    "accepted": pgettext_lazy("application", "Accepted"),
    "waitlisted": N_("On the waiting list"),
    "rejected": pgettext_lazy("application", "Rejected"),
    "withdrawn": pgettext_lazy("application", "Withdrawn"),
}
METHOD_TITLES: dict[str, LazyText] = {
    "staff": N_("by staff"),
    "self": N_("by themselves"),
    "application": N_("by application"),
    "import": N_("from a file"),
}
# The look of a state's badge; the words carry the meaning.
BADGES: dict[str, str] = {
    "active": "place",
    "suspended": "wait",
    "completed": "ok",
    "failed": "no",
    "withdrawn": "",
    "submitted": "wait",
    "shortlisted": "new",
    "accepted": "ok",
    "waitlisted": "wait",
    "rejected": "no",
}
