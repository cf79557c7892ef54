"""How people come into a cohort: enrolment, applications, places."""
