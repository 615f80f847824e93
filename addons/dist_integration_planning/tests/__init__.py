from . import (
    test_accuracy,
    test_approval,
    test_audited_configuration,
    test_circle,
    test_concurrency,
    test_constraints,
    test_demo_year,
    test_execution,
    test_import,
    test_import_folder,
    test_import_http,
    test_planner,
)
