from . import (
    test_approval,
    test_audited_configuration,
    test_concurrency,
    test_constraints,
    test_every_screen,
    test_execution,
    test_import,
    test_import_folder,
    test_import_http,
    test_work_list,
)
