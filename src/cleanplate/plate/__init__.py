"""The doctor of plates: brings a plate onto a shot (position, light) and says what it is worth."""
