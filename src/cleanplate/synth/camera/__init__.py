"""What cameras and lights do to a clean pair of pictures; drawn anew every time a sample is seen."""

from cleanplate.synth.camera.degradation import degrade
from cleanplate.synth.camera.effects import Effects

__all__ = ["Effects", "degrade"]
