"""The record that training sees, and the shards it travels in."""
