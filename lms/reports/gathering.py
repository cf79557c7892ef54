"""The datasets of all plugins, with the measures that other plugins add to them."""

from collections.abc import Mapping
from dataclasses import replace

from lms.kernel.datasets import Dataset
from lms.kernel.permissions import Actor
from lms.plugin import PluginError, Plugins
from lms.reports.refusals import NoReports, UnknownReport, listed

Datasets = Mapping[str, Dataset]


def datasets(plugins: Plugins) -> Datasets:
    """Every dataset by its name. Raises PluginError where two plugins use one name."""
    found: dict[str, Dataset] = plugins.named("datasets")
    for addition in plugins.collect("dataset_measures"):
        base = found.get(addition.dataset)
        if base is None:
            continue  # a measure for a plugin that is not installed
        if addition.measure.name in {measure.name for measure in base.measures}:
            raise PluginError(f"dataset {base.name}: measure {addition.measure.name!r} exists already")
        source = base.source.outerjoin(addition.table, addition.on)
        found[base.name] = replace(base, source=source, measures=(*base.measures, addition.measure))
    return found


def open_to(datasets: Datasets, actor: Actor) -> list[Dataset]:
    """The datasets that this person may ask, at least for a part of the campus."""
    return [dataset for dataset in datasets.values() if actor.can_anywhere(dataset.permission)]


def find(datasets: Datasets, actor: Actor, name: str) -> Dataset:
    """The dataset of this name, for somebody who may ask it. Raises UnknownReport, NoReports."""
    known = open_to(datasets, actor)
    if not known:
        raise NoReports()
    if name not in {dataset.name for dataset in known}:
        raise UnknownReport(report=name, known=listed([dataset.name for dataset in known]))
    return datasets[name]
