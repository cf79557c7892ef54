"""Jinja environments, one per locale: texts known when a template is compiled are translated then, so that showing it looks nothing up."""

import gettext
from collections.abc import MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, nodes, select_autoescape
from jinja2.visitor import NodeTransformer

from lms.kernel import file_kinds, i18n
from lms.kernel.paths import resource

_plugin_folders: dict[str, Path] = {}  # filled while plugins are loaded, before anything is shown


class _Fold(NodeTransformer):
    """Replaces `_("literal")`, `pgettext("context", "literal")` and `{% trans %}` without variables by the translation."""

    def __init__(self, translations: gettext.NullTranslations) -> None:
        self.translations = translations

    def visit_Call(self, node: nodes.Call, *_arguments: Any) -> nodes.Node:
        """The constant for a call that can be answered now, else the call."""
        self.generic_visit(node)
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        literals = [str(argument.value) for argument in node.args if isinstance(argument, nodes.Const)]
        if node.kwargs or len(literals) != len(node.args) or len(literals) != {"_": 1, "gettext": 1, "pgettext": 2}.get(name):
            return node
        message = self.translations.pgettext(*literals) if name == "pgettext" else self.translations.gettext(*literals)
        if "%(" in message:
            return node
        text = nodes.Const(message.replace("%%", "%"), lineno=node.lineno)
        # {% trans %} blocks (which call `gettext`) may hold markup; a text in `_()` is plain and gets escaped like any other.
        return nodes.MarkSafeIfAutoescape(text, lineno=node.lineno) if name == "gettext" else text


class Templates(Environment):
    """The suite's and the plugins' templates in one locale."""

    def __init__(self, translations: gettext.NullTranslations, **options: Any) -> None:
        super().__init__(extensions=["jinja2.ext.i18n"], **options)
        self._translations = translations
        self.policies["ext.i18n.trimmed"] = True
        self.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]  # added by the extension

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names every template knows. As one plain dictionary: a chain of two is searched at each import of each page."""
        return {**self.globals, **d} if d else self.globals

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        folded: nodes.Template = _Fold(self._translations).visit(parsed)
        return folded


def register(name: str, folder: Path) -> None:
    """Add a plugin's templates under its name."""
    if _plugin_folders.get(name) != folder:
        _plugin_folders[name] = folder
        environment.cache_clear()


@lru_cache
def environment(code: str) -> Templates:
    """The templates in a locale; an undefined name in one of them is an error, not an empty place."""
    plugins = PrefixLoader({name: FileSystemLoader(folder) for name, folder in _plugin_folders.items()})
    templates = Templates(
        i18n.translations(code),
        loader=ChoiceLoader([FileSystemLoader(resource("templates")), plugins]),
        autoescape=select_autoescape(("html", "htm", "xml", "svg"), default_for_string=True),
        undefined=StrictUndefined,
        auto_reload=False,  # looking at every included file on every page costs more than the page
        cache_size=-1,
    )
    formats = {"date": i18n.format_date, "datetime": i18n.format_datetime, "number": i18n.format_number, "percent": i18n.format_percent}
    names = {"country_name": i18n.country_name, "language_name": i18n.language_name, "text_direction": i18n.text_direction(code)}
    files = {"file_size": i18n.format_size, "file_facts": file_kinds.facts}
    templates.globals.update(formats, locale=code, **names, **files)
    return templates
