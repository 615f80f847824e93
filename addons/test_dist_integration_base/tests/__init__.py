from . import (
    test_api,
    test_catalogue,
    test_delivery,
    test_events,
    test_exceptions,
    test_inbound,
    test_mapping,
    test_routes_security,
    test_screens,
    test_secrets,
    test_security,
    test_views,
)
