from .lane import LaneDrain
from .poll import Poll
