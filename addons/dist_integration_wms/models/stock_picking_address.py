from odoo import _, api, fields, models

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec

from .stock_picking import FINISHED, RELEASED

ADDRESS_CHANGED = "address_changed"


class StockPicking(models.Model):
    """A delivery goes where the warehouse was told, whatever becomes of its contact in Odoo afterwards (W1)."""

    _inherit = "stock.picking"

    dist_former_address = fields.Char(
        string="Told to the warehouse",
        readonly=True,
        copy=False,
        help="The recipient and address that the warehouse knows, since the contact was changed in Odoo.",
    )
    dist_told_address = fields.Char(
        string="Address told last",
        readonly=True,
        copy=False,
        help="Recipient and address as the warehouse knows them, whatever becomes of the contact.",
    )

    def _dist_get_address(self):
        """:return: text of the address that a message about this delivery would tell now"""
        self.ensure_one()
        return self.partner_id._dist_get_address_text()

    def _dist_keep_told_address(self):
        """Keep what the warehouse is told of these, as the contacts may change, or be merged, afterwards; by one
        statement, as a wave has many.
        """
        told = {
            picking.id: picking._dist_get_address()
            for picking in self
            if picking._dist_get_release_kind() == "shipment"
        }
        if not told:
            return
        self.flush_recordset(["dist_told_address"])
        self.env.cr.execute(
            """
            UPDATE stock_picking AS picking SET dist_told_address = told.address
            FROM unnest(%s::integer[], %s::varchar[]) AS told (id, address) WHERE picking.id = told.id
            """,
            (list(told), list(told.values())),
        )
        self.invalidate_recordset(["dist_told_address"], flush=False)

    def _dist_review_address(self, before, assignee=None):
        """See whether the warehouse knows another address than the contact has now.

        :param before: text of the address before the contact changed, for what was told before that was kept
        :param assignee: as of `_dist_note_address`
        """
        self.ensure_one()
        if self.dist_is_untold or self._dist_is_requested_just_now():
            # nobody has seen what was written in this transaction, or what could not be told
            self._dist_keep_told_address()
        else:
            self._dist_note_address(self.dist_told_address or before, assignee)

    def _dist_note_address(self, told, assignee=None):
        """Show that the warehouse knows another address than the contact has, and have a person settle it; or that it
        knows the right one.

        :param told: text of the address that the warehouse was told
        :param assignee: res.users who changed it; the owner of the system for None
        """
        self.ensure_one()
        self.dist_told_address = told
        if told == self._dist_get_address():
            self._dist_settle_address()
            return
        self.dist_former_address = told
        self.env["dist.exception"]._open_without_message(
            self._dist_prepare_address_changed(), self.company_id, self.dist_system_id, assignee
        )

    def _dist_prepare_address_changed(self):
        """:return: ExceptionSpec for the person who changed the address"""
        suggestion = _(
            "Use Request change on the delivery to tell what is new, or Request hold until it is clear."
        )
        if not self._dist_takes_request("change"):
            suggestion = _("This warehouse takes no requests: call it, then use Mark as handled.")
        return ExceptionSpec(
            "business",
            ADDRESS_CHANGED,
            _(
                "%(delivery)s goes to the former recipient or address of %(contact)s",
                delivery=self.name,
                contact=self.partner_id.display_name,
            ),
            detail=_(
                "The warehouse was told: %(told)s\nThe contact has now: %(now)s",
                told=self.dist_former_address,
                now=self._dist_get_address(),
            ),
            record=self,
            severity="high",
            suggestion=suggestion,
            fingerprint=f"{self._name}/{self.id}",
        )

    def _dist_settle_address(self):
        """The warehouse knows the right address of these, or will not ship them any more."""
        settled = self.filtered("dist_former_address")
        if settled:
            settled.write({"dist_former_address": False})
            settled._dist_close_address_changed()

    def _dist_close_address_changed(self):
        self.env["dist.exception"]._close_for_record(self, [ADDRESS_CHANGED])

    def _dist_hand_on_address(self):
        """What is left of a delivery goes to the former address as well: its exception takes the place of the other."""
        exceptions = self.env["dist.exception"].sudo()
        for picking in self.filtered(lambda one: one.state in FINISHED and one.dist_former_address):
            unsolved = exceptions._find_open(
                picking.company_id,
                exceptions._get_document_fingerprint(ADDRESS_CHANGED, f"{self._name}/{picking.id}"),
            )
            rest = picking.backorder_ids.filtered(
                lambda one: one.dist_former_address and one.dist_release_state in RELEASED
            )
            picking._dist_settle_address()
            for other in rest if unsolved else ():
                other._dist_note_address(other.dist_former_address, unsolved.assignee_id)

    # what happens to the delivery

    def write(self, vals):
        result = super().write(vals)
        if "partner_id" in vals:
            # a message that is made yet tells the new one
            self.sudo().filtered("dist_is_untold")._dist_keep_told_address()
        return result

    def _dist_update_release(self):
        self._dist_hand_on_address()
        return super()._dist_update_release()

    def _dist_prepare_continued(self):
        return {
            **super()._dist_prepare_continued(),
            "dist_former_address": self.backorder_id.dist_former_address,
            "dist_told_address": self.backorder_id.dist_told_address,
        }

    @api.model
    def _dist_prepare_unreleased(self):
        return {**super()._dist_prepare_unreleased(), "dist_told_address": False}

    def _dist_release_request(self):
        # it is told as it is now
        self._dist_settle_address()
        self._dist_keep_told_address()
        return super()._dist_release_request()

    def _dist_release_refresh(self):
        self._dist_keep_told_address()
        return super()._dist_release_refresh()

    def _dist_release_take_back(self, reason):
        self._dist_settle_address()
        return super()._dist_release_take_back(reason)

    def _dist_drop_requests(self):
        self._dist_settle_address()
        return super()._dist_drop_requests()
