"""SQLite for tests: emptying it puts back the migrated database as it was.

Django deletes the rows of every table instead, and then asks each application to make
its content types and permissions again, which takes 30 times as long.
"""
