"""Generated input for every endpoint.

In `make test` each run tries the same few examples; `make fuzz` tries others until its
time is up.
"""
