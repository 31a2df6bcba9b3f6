"""Tests of the OpenAI Realtime API."""
