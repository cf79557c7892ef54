"""A plugin that plants and picks pears, for tests of many processes: the version that runs before the upgrade."""
