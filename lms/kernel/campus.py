"""Everything that one running installation consists of, put together once and handed on: settings, plugins, database, storage."""

from dataclasses import dataclass
from functools import cached_property

from lms.kernel import i18n, mail, notices
from lms.kernel.database import Database
from lms.kernel.events import Hub
from lms.kernel.jobs import JobRegistry, WorkerContext, run_pending
from lms.kernel.permissions import PermissionRegistry
from lms.kernel.storage import Storage, open_storage
from lms.plugin import Plugins, discover
from lms.settings import Settings


@dataclass
class Campus:
    """One installation. Made by `Campus.open`; closed by `close`."""

    settings: Settings
    plugins: Plugins
    hub: Hub
    permissions: PermissionRegistry
    database: Database

    @classmethod
    def open(cls, settings: Settings | None = None, plugins: Plugins | None = None) -> "Campus":
        """Load the plugins and connect them. Opens no connection yet. Raises PluginError."""
        settings = settings or Settings()
        plugins = plugins or discover(settings.plugins)
        hub = Hub()
        mail.connect(hub, settings)
        hub.activity_types = plugins.named("activity_types")
        for plugin in plugins:
            for event, subscriber in plugin.subscriptions:
                hub.subscribe(event, subscriber)
            for action, guard in plugin.guards:
                hub.guard(action, guard)
            for public in plugin.public_events:
                hub.publish(public)
            for notice in plugin.notices:
                hub.notice(notice)
                notices.register(notice)
            if locale := plugin.folder("locale"):
                i18n.register_catalogue(locale, plugin.name)
            if templates := plugin.folder("templates"):
                i18n.register_templates(plugin.name, templates)
        return cls(settings, plugins, hub, plugins.permissions, Database(settings.database, hub))

    @cached_property
    def storage(self) -> Storage:
        """Where files are kept."""
        return open_storage(self.settings)

    @cached_property
    def jobs(self) -> JobRegistry:
        """What can be done in the background."""
        return JobRegistry.of(self.plugins, kernel={mail.DELIVERY: mail.deliver})

    def worker_context(self) -> WorkerContext:
        """What a job worker needs."""
        return WorkerContext(self.database, self.jobs, self.settings, self.storage, tuple(self.plugins.collect("schedules")))

    def run_jobs(self) -> int:
        """Do every job that is ready, here and now; answers how many."""
        return run_pending(self.database, self.jobs, self.settings, self.storage)

    def close(self) -> None:
        """Close every connection."""
        self.database.dispose()
