"""Work over many items: units on disk, what of them is done, processes, a Ray cluster, progress; written once."""
