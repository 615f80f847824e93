from . import dist_planning_refuse
