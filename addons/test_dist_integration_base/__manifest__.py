{
    "name": "Integration Framework for Distributors: tests",
    "summary": "Message types, handlers and routes that only the tests of the framework use",
    "version": "17.0.1.0.0",
    "license": "LGPL-3",
    "category": "Hidden/Tests",
    "author": "Distribution Integration maintainers, Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/distribution-integration",
    "depends": ["dist_integration_base"],
    "data": ["data/dist_message_type_data.xml"],
}
