"""Trials: the suite is killed and starved while a crowd works, and afterwards its database is compared with what the crowd was told."""
