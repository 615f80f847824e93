from . import test_accuracy, test_circle, test_demo_year, test_planner
