"""What the crowd was told was done: kept by the clients, compared with the database afterwards."""

import threading
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """Acknowledged deeds of all clients. Each is one that was answered with a 2xx."""

    people: set[str] = field(default_factory=set)
    """E-mail addresses."""
    enrolled: dict[int, str] = field(default_factory=dict)
    """Id of the enrolment -> e-mail address."""
    handed_in: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Code of the submission -> (number of the trainee, text)."""
    graded: dict[str, int] = field(default_factory=dict)
    """Feedback, another one each time -> number of the trainee."""
    last_grade: dict[int, str] = field(default_factory=dict)
    """Number of the trainee -> the last feedback."""
    completed: set[int] = field(default_factory=set)
    """Ids of enrolments."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def deeds(self) -> int:
        """How many things were acknowledged."""
        return len(self.people) + len(self.enrolled) + len(self.handed_in) + len(self.graded) + len(self.completed)
