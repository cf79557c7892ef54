"""Telling other systems what happened: endpoints, signed deliveries, their log."""
