"""What a plate is worth for a shot, how it is brought onto it, and how far its surfaces are."""
