from . import (
    base_partner_merge,
    dist_release_ask,
    dist_release_ask_line,
    dist_release_override,
    dist_release_wave_make,
)
