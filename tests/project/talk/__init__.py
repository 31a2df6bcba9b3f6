"""The client of `manage.py talk`."""
