"""Vectors, triangles with a surface, and solids that become triangles."""
