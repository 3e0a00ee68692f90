"""Empty scenes: rooms and outdoor places with their furniture, light and camera."""
