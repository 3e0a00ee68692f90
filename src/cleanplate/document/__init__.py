"""The document that the project began with: its rows as runs that learn, and what once made its depth blank."""
