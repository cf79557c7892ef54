"""The kind of activity: what staff set, what the trainee sees, what a copy takes along."""

from collections.abc import Mapping
from typing import Any

from aula_sur_journal import queries
from aula_sur_journal.models import JournalPrompt
from lms.courses import loading
from lms.courses.activity_types import Plain, TypeForm
from lms.courses.models import Activity, Cohort
from lms.kernel.database import ReadSession, Session
from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_
from lms.kernel.permissions import Actor


class JournalType(Plain):
    """A question that trainees answer for themselves."""

    name = "journal"
    title = N_("Journal")
    icon = "page"
    completions = ("submitted", "viewed", "none")
    template = "journal/activity.html"
    form_template = "journal/activity_form.html"

    def context(self, session: ReadSession, actor: Actor, activity: Activity) -> Mapping[str, Any]:
        """The question, and the person's own entry. In the preview of a course there is no cohort, and nobody writes."""
        cohort = session.get(Cohort, activity.cohort_id) if activity.cohort_id else None
        return {
            "prompt": session.get(JournalPrompt, activity.id),
            "entry": queries.entry_of(session, activity.id, actor.id),
            "can_write": cohort is not None and cohort.status == "published" and loading.is_trainee(actor, cohort),
            "action": f"/journal/{cohort.code}/{activity.id}" if cohort else "",
            "intentions": queries.intention_options(),
        }

    def form_context(self, session: ReadSession, activity: Activity) -> Mapping[str, Any]:
        """The settings as they are; an activity that is not saved yet has those of a new one."""
        return {"known": (session.get(JournalPrompt, activity.id) if activity.id else None) or JournalPrompt(activity_id=0, question="")}

    def save(self, session: Session, actor: Actor, activity: Activity, form: TypeForm) -> None:
        """Keep the question. Raises Invalid."""
        prompt = session.get(JournalPrompt, activity.id) or JournalPrompt(activity_id=activity.id or 0, question="")
        question, days = form.get("question", prompt.question).strip(), form.get("remind_after", prompt.remind_after).strip()
        if not question:
            raise Invalid({"question": N_("Please write a question.")})
        if not (days.isascii() and days.isdigit() and int(days) <= 365):
            raise Invalid({"remind_after": N_("A whole number from 0 to 365.")})
        prompt.question, prompt.remind_after = question, int(days)
        session.add(prompt)

    def copy(self, session: Session, source: Activity, target: Activity) -> None:
        """A cohort gets its own question, to be adapted there."""
        if prompt := session.get(JournalPrompt, source.id):
            session.add(JournalPrompt(activity_id=target.id or 0, question=prompt.question, remind_after=prompt.remind_after))
