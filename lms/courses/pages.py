"""All pages of this plugin."""

from lms.courses import content_pages, learning_pages, picture_pages, public_pages, staff_cohort_pages, staff_pages, words_pages
from lms.kernel.web import Router

pages = Router()
for part in (public_pages, learning_pages, staff_pages, staff_cohort_pages, content_pages, picture_pages, words_pages):
    pages.routes.extend(part.pages.routes)
