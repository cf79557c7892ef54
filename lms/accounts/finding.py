"""What the search of the site finds of people, for those who may see them."""

from lms.accounts import listing
from lms.kernel.database import ReadSession
from lms.kernel.finding import Hit, Search
from lms.kernel.i18n import N_, country_name
from lms.kernel.permissions import Actor


def people(session: ReadSession, actor: Actor, words: str, most: int) -> list[Hit]:
    """People by name, address or code."""
    found = listing.people(session, actor, listing.WantedPeople(q=words), 0, most)
    return [
        Hit(p.name, f"/staff/people/{p.code}", " · ".join(filter(None, (country_name(p.country) if p.country else "", p.email))))
        for p in found
    ]


SEARCHES = (Search("people", N_("People"), people, listing.SEES_PEOPLE, 40, "/staff/people"),)
