"""The pages of this plugin."""

from lms.grading import gradebook_pages, marking_pages, submission_pages
from lms.kernel.web import Router

pages = Router()
# One router to a plugin; `include_router` would lose what each route declares.
pages.routes.extend([*submission_pages.pages.routes, *marking_pages.pages.routes, *gradebook_pages.pages.routes])
