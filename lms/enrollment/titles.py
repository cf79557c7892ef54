"""What the states of enrolments and applications, and the ways in, are called on screens."""

from lms.kernel.i18n import N_, LazyText

ENROLMENT_TITLES: dict[str, LazyText] = {
    "active": N_("Active"),
    "suspended": N_("Suspended"),
    "completed": N_("Completed"),
    "failed": N_("Failed"),
    "withdrawn": N_("Withdrawn"),
}
APPLICATION_TITLES: dict[str, LazyText] = {
    "submitted": N_("Waiting"),
    "shortlisted": N_("Shortlisted"),
    "accepted": N_("Accepted"),
    "waitlisted": N_("On the waiting list"),
    "rejected": N_("Rejected"),
    "withdrawn": N_("Withdrawn"),
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
