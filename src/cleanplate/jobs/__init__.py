"""Work over many items: progress and processes, written once."""
