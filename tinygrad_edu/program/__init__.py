"""The tape as a program."""
