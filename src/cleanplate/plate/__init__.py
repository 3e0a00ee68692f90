"""What a plate can tell beyond its picture: how far its surfaces are."""
