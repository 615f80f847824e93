from . import (
    test_acknowledgements,
    test_audited_configuration,
    test_constraints,
    test_control_numbers,
    test_every_screen,
    test_inbound,
    test_outbound,
    test_partners,
    test_purchase_acknowledged,
    test_screens,
    test_security,
    test_third_party,
)
