"""The `lms` command. Plugins add sub-commands; a refusal ends with exit code 1 and its sentence on stderr."""

import os
import sys
import threading
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from lms.kernel import migrations
from lms.kernel.campus import Campus
from lms.kernel.errors import Refused
from lms.kernel.middleware import configure_logging
from lms.kernel.worker import run_worker, stop_on_signals, stop_with_parent
from lms.kernel.worker_child import beside
from lms.plugin import PluginError
from lms.settings import Misconfigured

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Aula Sur: learning management for programmes that teach across borders."
)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    worker: Annotated[bool, typer.Option(help="Run a job worker beside the server.")] = True,
    processes: Annotated[int, typer.Option(min=1, help="Processes that answer requests; more than one needs PostgreSQL.")] = 1,
) -> None:
    """Serve the campus. On the embedded database it migrates first and runs the job worker, as a child at lower priority."""
    import uvicorn

    campus = Campus.open()
    configure_logging(campus.settings.log_level)
    is_embedded = campus.database.dialect == "sqlite"
    if is_embedded and processes > 1:
        raise typer.BadParameter("the embedded database is served by one process", param_hint="--processes")
    if is_embedded:
        migrations.upgrade(campus)
    from lms.app import create_app, settle

    site: Any = "lms.app:served"
    if processes == 1:
        site = create_app(campus)
        settle()
    with closing(campus), beside() if worker and is_embedded else nullcontext():
        uvicorn.run(
            site, factory=processes > 1, workers=processes, host=host, port=port, log_config=None, access_log=False,
            server_header=False, proxy_headers=True, forwarded_allow_ips=campus.settings.trusted_proxies,
        )  # fmt: skip


@app.command()
def worker(
    child: Annotated[int, typer.Option(hidden=True, help="Process id of the server that it works beside.")] = 0,
    threads: Annotated[int, typer.Option(help="Jobs done at the same time.")] = 1,
) -> None:
    """Do background jobs until stopped."""
    campus = Campus.open()
    configure_logging(campus.settings.log_level)
    stop = threading.Event()
    stop_on_signals(stop)
    os.nice(10)  # pages come first
    if child:
        stop_with_parent(stop, child)
    run_worker(campus.worker_context(), stop, threads)


@app.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="Where to: `head`, or `base` to take everything down.")] = "head",
    plugin: Annotated[str, typer.Option(help="With `base`: only the tables of this plugin, before it is uninstalled for good.")] = "",
) -> None:
    """Bring the database to the newest state (or down to `base`)."""
    if plugin and revision != "base":
        raise typer.BadParameter("goes with `base` alone", param_hint="--plugin")
    campus = Campus.open()
    if revision == "base":
        migrations.downgrade(campus, plugin=plugin)
    else:
        migrations.upgrade(campus, revision)


@app.command()
def plugins() -> None:
    """List the loaded plugins and where they come from."""
    table = Table("Plugin", "Title", "From", "Requires")
    for plugin in Campus.open().plugins:
        table.add_row(plugin.name, str(plugin.title), plugin.origin, " ".join(plugin.requires))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """Check configuration, database, storage, mail, fonts and jobs; says what to mend. Exit code 1 where something fails."""
    from lms.kernel import doctor as doctors

    try:
        findings = doctors.examine(Campus.open())
    except Exception as error:  # settings that cannot be read, or a plugin that cannot be loaded
        findings = [doctors.Finding("start", "FAIL", doctors.first_line(error), "Mend the settings, or the plugin that is named")]
    typer.echo(doctors.as_json(findings) if as_json else doctors.as_lines(findings))
    if any(finding.level == "FAIL" for finding in findings):
        raise typer.Exit(1)


@app.command()
def backup(path: Annotated[Path, typer.Argument(help="Archive to write, for example backup.tar.")]) -> None:
    """Save database and stored files in one archive, while the site runs."""
    from lms.kernel import backup as archives

    saved = archives.save(Campus.open(), path)
    gone = f" ({saved.gone} of which were gone already)" if saved.gone else ""
    typer.echo(f"{path}: {sum(saved.tables.values())} rows of {len(saved.tables)} tables, {saved.files} files{gone}")


@app.command()
def restore(path: Annotated[Path, typer.Argument(help="Archive that `lms backup` wrote.")]) -> None:
    """Bring an archive into an empty installation, and check that everything came."""
    from lms.kernel import backup as archives

    saved = archives.restore(Campus.open(), path)
    typer.echo(f"restored {sum(saved.tables.values())} rows of {len(saved.tables)} tables, {saved.files} files; counts and checksums agree")


@app.command()
def demo() -> None:
    """Fill an empty database with the demo campus. Safe to run again."""
    from lms.demo.campus import fill

    campus = Campus.open()
    migrations.upgrade(campus)
    fill(campus)


def main() -> None:
    """Entry point: mounts the plugins' commands and turns refusals into exit codes."""
    try:
        _mount_commands()
        app()
    except (Refused, PluginError, Misconfigured) as refusal:
        typer.echo(str(refusal), err=True)
        raise SystemExit(1) from None
    except ValidationError as error:
        for fault in error.errors():
            typer.echo(f"LMS_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}", err=True)
        raise SystemExit(1) from None


def _mount_commands() -> None:
    from lms.plugin import discover
    from lms.settings import Settings

    for plugin in discover(Settings().plugins):
        if plugin.commands:
            # A group under its name; a Typer without one puts its commands on the top level.
            app.add_typer(plugin.commands, name=plugin.commands.info.name or None)


if __name__ == "__main__":
    main()
