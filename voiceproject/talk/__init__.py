"""A client of `/ws/voice` for the terminal, the tests and the benchmarks."""
