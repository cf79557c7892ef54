"""A worker like that of `lms worker`, but missed after two seconds instead of thirty when it dies: a test will not wait longer."""

import threading
from dataclasses import replace
from datetime import timedelta

from lms.kernel.campus import Campus
from lms.kernel.worker import run_worker, stop_on_signals

if __name__ == "__main__":
    stop = threading.Event()
    stop_on_signals(stop)
    run_worker(replace(Campus.open().worker_context(), lease=timedelta(seconds=2)), stop, threads=2)
