from . import (
    test_acknowledgements,
    test_constraints,
    test_inbound,
    test_partners,
    test_security,
)
