"""Makes training data: rooms, people, light and cameras by ray casting, with exact alpha and depth."""
