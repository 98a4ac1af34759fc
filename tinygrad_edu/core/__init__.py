"""The engine: READ ME FIRST."""
