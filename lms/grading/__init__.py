"""Assignments, submissions, marking, grades."""
