"""Spoken conversations in the database."""
