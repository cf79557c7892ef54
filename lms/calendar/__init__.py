"""Dates of courses as a page and as a private calendar to subscribe to."""
