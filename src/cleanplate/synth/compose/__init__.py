"""A person's own photos and cut-outs become a data set."""
