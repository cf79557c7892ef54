"""What the kinds of people and of organisations are called on screens and in reports."""

from lms.kernel.i18n import N_, LazyText

GENDER_TITLES: dict[str, LazyText] = {
    "undisclosed": N_("Prefer not to say"),
    "female": N_("Female"),
    "male": N_("Male"),
    "other": N_("Other"),
}
ORGANISATION_TITLES: dict[str, LazyText] = {
    "think_tank": N_("Think tank or policy research institute"),
    "civil_society": N_("Civil society organisation"),
    "government": N_("Government"),
    "university": N_("University"),
    "international": N_("International organisation"),
    "private": N_("Private sector"),
    "media": N_("Media"),
    "other": N_("Other"),
}
