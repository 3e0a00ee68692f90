"""From a scene to pictures: ray casting, light, the figures in it."""
