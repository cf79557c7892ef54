"""A worker whose jobs are taken over soon after it was killed: `python -m benchmarks.trials.hasty SECONDS`. For trials in a hurry."""

import sys
import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

from lms.kernel.campus import Campus
from lms.kernel.worker import run_worker, stop_on_signals

if __name__ == "__main__":
    stop = threading.Event()
    stop_on_signals(stop)
    with closing(Campus.open()) as campus:
        run_worker(replace(campus.worker_context(), lease=timedelta(seconds=float(sys.argv[1]))), stop, threads=1)
