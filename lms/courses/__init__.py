"""The catalogue: topics, courses, modules, activities; cohorts and what trainees have done in them."""
