"""Gathers people, furniture, textures and light from package registries and bakes them into a pack."""
