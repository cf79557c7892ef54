"""Bringing rows in from files and taking them out: reading, running, undoing, for every plugin that declares an importer."""
