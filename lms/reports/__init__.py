"""Datasets, tables, charts and exports."""
