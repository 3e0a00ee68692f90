"""Who or what may step into a scene: people of all shapes, and animals."""
