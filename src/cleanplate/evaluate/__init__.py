"""Scores an exported model, through the shipping runtime, on pictures it never saw."""
