"""Runs a shipped model: from plate and shot to matte, foreground and disparity."""
