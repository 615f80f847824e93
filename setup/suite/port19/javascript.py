"""JavaScript of the web client."""

import re

from . import markers

# Services that became plain imports.
SERVICES = {"rpc": "@web/core/network/rpc", "user": "@web/core/user"}
REPLACED = {
    "@web_tour/tour_service/tour_utils": "@web_tour/tour_utils",
    'run: "text ': 'run: "edit ',
}


def port(text):
    """Return a module's text for 19.0."""
    text = markers.apply(text, "//")
    for service, module in SERVICES.items():
        used = f'useService("{service}")'
        if used in text:
            imported = f'import {{ {service} }} from "{module}";\n'
            text = text.replace(used, service)
            text = re.sub(r"^(?=import )", imported, text, count=1, flags=re.M)
    for old, new in REPLACED.items():
        text = text.replace(old, new)
    return text
