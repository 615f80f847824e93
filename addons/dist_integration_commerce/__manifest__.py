{
    "name": "Commerce Integration for Distributors",
    "summary": "Shops and portals: customers, orders checked in real time, availability, invoices",
    "version": "17.0.1.0.0",
    "license": "LGPL-3",
    "category": "Integration",
    "author": "Distribution Integration maintainers, Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/distribution-integration",
    "depends": ["dist_integration_base", "sale_management", "sale_stock", "stock_delivery"],
    "data": [
        "security/ir.model.access.csv",
        "security/dist_commerce_security.xml",
        "data/dist_api_scope.xml",
        "data/dist_message_type.xml",
    ],
    "demo": ["demo/dist_commerce_demo.xml"],
}
