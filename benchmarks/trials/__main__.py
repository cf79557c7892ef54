"""Run trials: `python -m benchmarks.trials kill --what server --database sqlite --times 50`, or `... disk`."""

import argparse
import sys

from benchmarks.trials.killing import DATABASES, TARGETS, trial


def main() -> int:
    """Run what was asked for. Answers 0 where all is well, else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trials", description="Kill and starve the suite, and compare.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    kill = kinds.add_parser("kill", help="kill -9 under a mixed load")
    kill.add_argument("--what", choices=TARGETS, default="server")
    kill.add_argument("--database", choices=DATABASES, default="sqlite")
    kill.add_argument("--times", type=int, default=50)
    kill.add_argument("--clients", type=int, default=6)
    asked = parser.parse_args()
    database = "postgresql" if asked.what == "postgresql" else asked.database
    result = trial([asked.what] * asked.times, database, clients=asked.clients)
    print("\n".join(result.lines()), flush=True)
    return 0 if result.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
