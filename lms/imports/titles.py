"""Words for imports on screens."""

from lms.kernel.i18n import N_, LazyText, pgettext_lazy

STATE_TITLES: dict[str, LazyText] = {
    "waiting": N_("Not checked yet"),
    "checking": N_("Being checked"),
    "checked": N_("Checked, nothing changed yet"),
    "running": N_("Being imported"),
    "done": N_("Imported"),
    "failed": N_("Did not get through"),
    "cancelled": N_("Stopped in between"),
    "undoing": N_("Being undone"),
    "undone": N_("Undone"),
}
STATE_BADGES = {
    "checking": "wait", "checked": "new", "running": "wait", "done": "ok", "failed": "no", "cancelled": "no", "undoing": "wait",
}  # fmt: skip
MODE_TITLES: dict[str, LazyText] = {
    "upsert": N_("Add and update: what is new is added, what is there already is brought up to date."),
    "add": N_("Only add: a row that is there already is rejected."),
    "update": N_("Only update: a row that is not there yet is rejected."),
}
RESULT_TITLES: dict[str, LazyText] = {
    "created": pgettext_lazy("row", "Created"),
    "updated": pgettext_lazy("row", "Updated"),
    "unchanged": pgettext_lazy("row", "Unchanged"),
    "rejected": pgettext_lazy("row", "Rejected"),
}
RESULT_BADGES = {"created": "ok", "updated": "new", "unchanged": "", "rejected": "no"}
ENCODINGS: dict[str, LazyText | str] = {
    "": N_("Recognised by itself"),
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "windows-1252": "Windows-1252",
}
DELIMITERS: dict[str, LazyText] = {
    "": N_("Recognised by itself"),
    "comma": N_("Comma"),
    "semicolon": N_("Semicolon"),
    "tab": N_("Tab"),
}
DELIMITER_CHARACTERS = {"": "", "comma": ",", "semicolon": ";", "tab": "\t"}
