from .lane import LaneDrain
