"""Plain Python shared by every room of the house; nothing here imports Django."""
