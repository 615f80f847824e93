from decimal import Decimal, InvalidOperation

from odoo import _, models

from ..lib.handling import BusinessError, MissingMapping


class DistHandler(models.AbstractModel):
    """Gives one inbound message type its business effect.

    One abstract model a type, named ``dist.handler.<type code>``. Methods run in the name of the client's
    service user with superuser access and the client's company; what the caller may touch is checked here.
    """

    _name = "dist.handler"
    _description = "Handler of an inbound message"
    # items of a bulk message that share a transaction, and keep others waiting that long
    _batch_size = 10
    # how a record is now, not what happened to it: applied again, a message changes nothing, and the last one counts
    _tells_state = False

    def _get_external_id(self, payload):
        """:return: what the sender calls the document; shown and searched as the message's business key"""
        return None

    def _prepare_repeated(self, payload):
        """:return: content of a message that is applied again, after one that came late: what it was to meet then is
        no condition any more
        """
        return payload

    def _prefetch(self, pairs):
        """Read in one go what messages name that are applied together.

        :param pairs: list of (message, payload)
        """

    def _get_lock_keys(self, message, payload):
        """Texts on which messages are processed one after another.

        Locks are taken in sorted order before the transaction's snapshot, so that a handler sees whatever the
        former holder committed.
        """
        return []

    def _apply(self, message, payload):
        """Apply the message in the current transaction.

        :param message: dist.message
        :param payload: dict, valid against the schema of the message's version
        :return: HandlerResult
        :raises ApplyError: nothing of the effect is kept
        """
        raise NotImplementedError

    def _apply_batch(self, pairs):
        """Apply several messages in one transaction; all or none.

        :param pairs: list of (message, payload)
        :return: list of HandlerResult in the same order
        :raises ApplyError: nothing is kept; the messages are then applied in two halves, and so on
        """
        return [self._apply(message, payload) for message, payload in pairs]

    def _describe_file(self, name):
        """What a file fetched from an endpoint says by its name, for a type whose content is a file.

        :return: dict, the message without its file; values that the name does not tell are left out. None when the
            file itself is the message
        """
        return None

    def _get_progress(self, message):
        """How far the work is that an applied message has started; whoever polls its operation is told.

        :return: lib.handling.Progress; None when applying the message was all there is to do
        """
        return None

    def _get_payload_impact(self, message, payload):
        """What is at risk while a message waits or failed before it had a document, as its content tells.

        The content may be anything: it need not fit its schema.

        :param payload: dict; None when the content cannot be read
        :return: as of `_dist_get_impact`
        """
        return self.env["base"]._dist_get_impact()

    # cut-over

    def _find_counterpart(self, message, payload):
        """The record that the old interface made of the same message, and this one has not made itself.

        :return: record, empty when there is none
        """
        return self.env["base"]

    def _get_comparison_view(self, message, record):
        """:return: document (JSON) of a record, to be compared with that of its counterpart; None compares the
        answer with what the old interface reports
        """
        return None

    def _adopt(self, message, payload, record):
        """Recognise what the old interface did, instead of doing it again.

        :param record: as of `_find_counterpart`
        :return: HandlerResult; None when the message is to be applied to the record after all
        """
        return None

    def _read_counterpart(self, message, payload):
        """:return: (the counterpart, its document); (None, None) when there is none yet"""
        record = self._find_counterpart(message, payload)
        return (record, self._get_comparison_view(message, record)) if record else (None, None)

    # help

    def _resolve_code(self, message, domain, code, pointer, model=None):
        """What an external code means here.

        :param domain: kind of code, such as ``unit`` or ``carrier``
        :param pointer: JSON pointer of the code in the payload
        :param model: name of the model a record is expected of; None for a plain value
        :return: record, or text when the code map holds a value
        :raises MissingMapping: nobody has said yet what the code means
        """
        found = self.env["dist.code.map"]._find(message.system_id, domain, code)
        if found is None or (model and getattr(found, "_name", None) != model):
            raise MissingMapping(domain, code, pointer, model=model)
        return found

    def _find_bound(self, system, model_name, external_id):
        """:return: the record bound to an external id of a system; empty when there is none"""
        return self.env["dist.binding"]._find(system, model_name, external_id)

    def _bind(self, system, record, external_id):
        return self.env["dist.binding"]._bind(system, record, external_id)

    def _create_inbound(self, message, model_name, vals, pointers=None):
        """Create a record from the values of a message, as far as its sender may set them.

        :param pointers: dict, field name to JSON pointer of its value in the message
        :return: the record
        :raises OwnershipConflict: others own what the message says
        """
        model = self.env[model_name]
        record = model.create(self.env["dist.ownership"]._filter_inbound(message, model, vals, pointers))
        self.env["dist.inbound.change"]._note(message, record, vals)
        return record

    def _write_inbound(self, message, record, vals, pointers=None, document=None):
        """Write the values of a message to a record, as far as its sender may change them.

        :param document: record that this one is a part of
        :return: True when something was written
        :raises OwnershipConflict: others own what the message changes
        """
        allowed = self.env["dist.ownership"]._filter_inbound(
            message, record, vals, pointers, document=document
        )
        if not allowed:
            return False
        record.write(allowed)
        self.env["dist.inbound.change"]._note(message, record, allowed)
        return True

    def _decimal(self, text, pointer=""):
        """:return: Decimal of a decimal string; :raises BusinessError: not a number"""
        try:
            return Decimal(str(text))
        except InvalidOperation as error:
            raise BusinessError("not_a_number", _("%s is not a number.", text), pointer=pointer) from error
