"""From recipe and shards to checkpoints and an exported model."""
