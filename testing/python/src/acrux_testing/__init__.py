"""A local Azure Container Registry for tests: starts ``acrux emulator``, and controls it. Standard library only."""

from .emulator import Acrux, AcruxStartError, start
from .control import ControlError

__all__ = ["Acrux", "AcruxStartError", "ControlError", "start"]
