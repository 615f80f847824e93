"""Ids of messages and events."""

import uuid


def new_id(prefix):
    """A new id that is unique everywhere and holds no dot, as Standard Webhooks asks of `webhook-id`.

    :param prefix: short kind, such as ``msg``
    :return: text such as ``msg_1b9d6bcd4b1a4f0f9e7c2f1f5a3c8e11``
    """
    return f"{prefix}_{uuid.uuid4().hex}"
