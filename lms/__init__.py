"""Aula Sur: a learning management plugin suite."""
