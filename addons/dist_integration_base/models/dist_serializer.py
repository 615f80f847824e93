from odoo import models


class DistSerializer(models.AbstractModel):
    """Turns a record into the canonical message of one outbound type.

    One abstract model a type, named ``dist.serializer.<type code>``.
    """

    _name = "dist.serializer"
    _description = "Serializer of an outbound message"

    def _for_records(self, records):
        """Read in one go what the payloads of these records need.

        :return: this serializer, which holds in its context what it read and the records' cache does not hold
        """
        if len(records) > 1:
            self._prefetch(records)
        return self

    def _prefetch(self, records):
        """Read into the cache of several records what their payloads need."""

    def _is_relevant(self, record):
        """Whether the record's final state still justifies the event.

        False drops it: the change was undone in the same transaction, by a savepoint or a second write.
        """
        return True

    def _get_payload(self, record):
        """:return: dict, the ``data`` of the message: decimals as strings, moments in UTC"""
        raise NotImplementedError

    def _get_business_key(self, record):
        """:return: what a person calls the record, such as the order's number"""
        return record.display_name

    def _get_ordering_key(self, record):
        """:return: messages of one flow with the same key are delivered one after another"""
        return f"{record._name}/{record.id}"

    def _get_full_model(self):
        """:return: name of the model of which a partner can be sent everything; None where that makes no sense"""
        return None

    def _get_full_domain(self, company):
        """Which records are everything, archived ones included.

        :param company: res.company of the flow
        """
        return []

    def _get_company(self, record):
        """:return: company of the record; empty for one that all companies share: the flows of each carry it"""
        return record.company_id if "company_id" in record._fields else self.env.company
