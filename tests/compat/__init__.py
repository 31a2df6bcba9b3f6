"""Tests of the doors in other protocols."""
