"""Run the benchmarks, print one table and write `var/bench.json`: `python -m benchmarks [NAME]... [--list]`."""

import argparse
import importlib
import json
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from pkgutil import iter_modules

from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks.measurement import Measurement

Benchmark = Callable[[], list[Measurement]]


def found() -> dict[str, Benchmark]:
    """The benchmarks by name: modules of this package that define `run`."""
    modules = {m.name: importlib.import_module(f"benchmarks.{m.name}") for m in iter_modules(benchmarks.__path__) if m.name != "__main__"}
    return {name: module.run for name, module in sorted(modules.items()) if hasattr(module, "run")}


def table(results: dict[str, list[Measurement]]) -> Table:
    """All figures as one table for the terminal."""
    shown = Table(title="Benchmarks")
    for title in ("benchmark", "measured", "value", "unit", "ratio", "compared with"):
        shown.add_column(title, justify="right" if title in ("value", "ratio") else "left")
    for name, measurements in results.items():
        for m in measurements:
            shown.add_row(name, m.name, f"{m.value:,.1f}", m.unit, "" if m.ratio is None else f"{m.ratio:.3f}", m.reference)
    return shown


def write(results: dict[str, list[Measurement]], path: Path) -> None:
    """Write the figures and where they were taken as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "benchmarks": {name: [asdict(m) for m in measurements] for name, measurements in results.items()},
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Run what was asked for. Answers 0, or 2 for a name nobody knows."""
    parser = argparse.ArgumentParser(prog="script/bench", description="Measure the suite.")
    parser.add_argument("names", nargs="*", help="benchmarks to run; all when none is named")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
    parser.add_argument("--out", type=Path, default=Path("var/bench.json"))
    asked = parser.parse_args()
    known = found()
    if asked.list:
        print("\n".join(known))
        return 0
    if unknown := sorted(set(asked.names) - set(known)):
        print(f"No benchmark is called {', '.join(unknown)}. There are: {', '.join(known)}", file=sys.stderr)
        return 2
    results = {name: known[name]() for name in asked.names or known}
    write(results, asked.out)
    Console(width=None if sys.stdout.isatty() else 160).print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
