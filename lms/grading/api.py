"""The JSON API of this plugin."""

from lms.grading import grade_api, submission_api
from lms.kernel.api import Router

api = Router(tag="Work and grades")
# One router to a plugin; `include_router` would lose what each route declares.
api.routes.extend([*grade_api.api.routes, *submission_api.api.routes])
