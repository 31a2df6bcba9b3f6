"""Tests of the endpoints in other protocols."""
