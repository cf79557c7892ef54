"""Work in the background: drawing pictures."""

from typing import Any

from lms.courses import picturing
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.jobs import JobRun
from lms.kernel.storage import StoredFile


def draw_picture(run: JobRun, *, file_id: int) -> dict[str, Any]:
    """Draw a picture that was sent, in every width. One that was taken away meanwhile, or is drawn already, is left alone."""
    with run.database.reading() as session:
        sent = session.get(StoredFile, file_id) if picturing.is_waiting(session, file_id) else None
    if sent is None:
        return {"drawn": 0}
    try:
        with run.storage.open(sent.key) as stream:
            drawn = picturing.draw(stream)
    except (Invalid, NotFound):
        with run.database.transaction() as session:
            picturing.give_up(session, file_id)
        return {"drawn": 0}
    with run.database.transaction() as session:
        picturing.keep(session, run.storage, file_id, drawn)
        run.finish(session, {"drawn": 1 + len(drawn.sizes)})
    return {}
