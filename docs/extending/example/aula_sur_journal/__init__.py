"""A learning journal: what trainees will try at work, and a letter that asks about it weeks later."""
