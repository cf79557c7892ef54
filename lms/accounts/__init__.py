"""People, organisations, regions, programmes and roles."""
