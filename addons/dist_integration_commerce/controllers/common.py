"""What the routes of this addon share."""

CHANGED = {
    "type": "string",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$",
    "anyOf": [{"format": "date"}, {"format": "date-time"}],
}
PAGE_PARAMETERS = {
    "limit": {
        "type": "integer",
        "minimum": 1,
        "maximum": 200,
        "description": "Items of a page, 50 by default.",
    },
    "cursor": {"type": "string", "maxLength": 500, "description": "`next` of the page before."},
}


def own_documents(call):
    """Domain of the documents that the caller may see: those of the channels of its system and company."""
    return [
        ("dist_channel_id.system_id", "=", call.system.id),
        ("company_id", "=", call.company_id),
    ]


def to_moment(text):
    """:return: text of a moment as Odoo stores it, from an ISO date or moment in UTC"""
    return text.replace("T", " ").removesuffix("Z")
