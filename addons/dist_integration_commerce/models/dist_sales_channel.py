from typing import NamedTuple

from odoo import _, api, fields, models, tools
from odoo.exceptions import ValidationError

from odoo.addons.dist_integration_base.lib.handling import BusinessError


class AvailabilityTerms(NamedTuple):
    """What of the stock a channel may see.

    ``warehouses`` leads from the ids of warehouses to their codes, in the order in which they are shown; ``governed``
    tells that rules or holds decide on what may be promised, beside the buffer.
    """

    system_id: int
    company_id: int
    buffer: float
    warehouses: dict
    channel_id: int = 0
    governed: bool = False


class DistSalesChannel(models.Model):
    """Where orders come from, and the terms on which they are taken."""

    _name = "dist.sales.channel"
    _description = "Sales channel"
    _inherit = ["dist.company.mixin", "mail.thread", "dist.cached.mixin", "dist.guarded.mixin"]
    _order = "sequence, name"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(
        required=True,
        help="Name of the channel in messages. Needed by a caller whose system has more than one channel.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    system_id = fields.Many2one(
        "dist.system",
        required=True,
        ondelete="restrict",
        check_company=True,
        index=True,
        tracking=True,
        help="The shop or portal that submits the orders of this channel and may read them back.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        required=True,
        check_company=True,
        default=lambda self: self._default_warehouse_id(),
        tracking=True,
        help="Ships the orders of this channel. Its stock is what an order is checked against.",
    )
    availability_warehouse_ids = fields.Many2many(
        "stock.warehouse",
        "dist_sales_channel_warehouse_rel",
        "channel_id",
        "warehouse_id",
        string="Published warehouses",
        check_company=True,
        help="Warehouses whose stock the channel may ask for. Empty: the warehouse of the channel.",
    )
    pricelist_id = fields.Many2one(
        "product.pricelist",
        check_company=True,
        tracking=True,
        help="Used for every order of this channel. Empty: the pricelist of the customer.",
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    team_id = fields.Many2one("crm.team", string="Sales Team", check_company=True)

    customer_policy = fields.Selection(
        [
            ("existing", "Customers are known beforehand"),
            ("create", "An order may bring a new customer"),
        ],
        string="Customers",
        required=True,
        default="existing",
        tracking=True,
    )
    blocked_policy = fields.Selection(
        [("hold", "Hold the order"), ("refuse", "Refuse the order")],
        string="Blocked customer",
        required=True,
        default="hold",
        tracking=True,
    )
    price_policy = fields.Selection(
        [
            ("hold", "Hold the order"),
            ("refuse", "Refuse the line"),
            ("contract", "Take the contract price"),
            ("accept", "Take the submitted price"),
        ],
        string="Price beyond tolerance",
        required=True,
        default="hold",
        tracking=True,
        help="What happens when the submitted unit price differs from the price of the pricelist by more than "
        "the tolerance.",
    )
    price_tolerance = fields.Float(
        string="Price tolerance (%)",
        digits=(5, 2),
        tracking=True,
        help="Difference, in per cent of the contract price, up to which the submitted price is taken. "
        "0: none allowed.",
    )
    stock_policy = fields.Selection(
        [
            ("backorder", "Accept, ship the rest later"),
            ("partial", "Accept what is available"),
            ("hold", "Hold the order"),
        ],
        string="Not enough stock",
        required=True,
        default="backorder",
        tracking=True,
    )
    safety_buffer = fields.Float(
        digits="Product Unit of Measure",
        tracking=True,
        help="Quantity of every product, in its own unit, kept back from this channel in each warehouse.",
    )
    credit_check = fields.Boolean(
        tracking=True,
        help="Hold an order that takes the customer beyond the credit limit of the contact: open receivables, "
        "confirmed orders not invoiced yet, and this order.",
    )
    require_tax = fields.Boolean(
        string="Every line is taxed",
        tracking=True,
        help="Hold an order with a line without tax when no fiscal position explains it.",
    )
    minimum_amount = fields.Monetary(
        string="Minimum order value",
        currency_field="currency_id",
        tracking=True,
        help="Orders below this untaxed amount are refused. 0: no minimum.",
    )
    minimum_quantity = fields.Float(
        string="Minimum line quantity",
        digits="Product Unit of Measure",
        tracking=True,
        help="In the unit of the product; rules for a product or a category come first. 0: no minimum.",
    )
    quantity_rule_ids = fields.One2many("dist.quantity.rule", "channel_id", string="Quantity rules")
    carrier_ids = fields.Many2many(
        "delivery.carrier",
        "dist_sales_channel_carrier_rel",
        "channel_id",
        "carrier_id",
        string="Allowed shipping methods",
        check_company=True,
        help="Empty: every shipping method that serves the address.",
    )
    carrier_id = fields.Many2one(
        "delivery.carrier",
        string="Default shipping method",
        check_company=True,
        help="Used for an order that names none.",
    )
    follow_orders = fields.Boolean(
        string="Customers follow their orders",
        help="Make the customer a follower of the order, so that comments on it are mailed to the customer. "
        "Leave it off when the shop informs its customers itself.",
    )
    return_policy = fields.Selection(
        [("authorise", "Authorise at once"), ("ask", "A person decides")],
        string="Returns",
        required=True,
        default="ask",
        tracking=True,
        help="What happens to a return that the channel asks for.",
    )
    return_days = fields.Integer(
        string="Days to return",
        tracking=True,
        help="After so many days since the last shipment of the order a person decides. 0: no limit.",
    )
    return_credit = fields.Selection(
        [("manual", "By hand"), ("draft", "Draft credit note"), ("post", "Posted credit note")],
        string="Credit of returns",
        required=True,
        default="draft",
        tracking=True,
        help="What is made of a return of the channel once its goods have come back.",
    )
    order_count = fields.Integer(compute="_compute_order_counts", compute_sudo=True)
    held_order_count = fields.Integer(compute="_compute_order_counts", compute_sudo=True)

    _sql_constraints = [
        ("code_system_uniq", "unique(system_id, code)", "Another channel of this system has this code."),
        (
            "price_tolerance_positive",
            "CHECK(price_tolerance >= 0)",
            "The price tolerance cannot be negative.",
        ),
        ("return_days_positive", "CHECK(return_days >= 0)", "The days to return cannot be negative."),
        ("safety_buffer_positive", "CHECK(safety_buffer >= 0)", "The safety buffer cannot be negative."),
        (
            "minimum_amount_positive",
            "CHECK(minimum_amount >= 0)",
            "The minimum order value cannot be negative.",
        ),
        (
            "minimum_quantity_positive",
            "CHECK(minimum_quantity >= 0)",
            "The minimum line quantity cannot be negative.",
        ),
    ]

    @api.model
    def _default_warehouse_id(self):
        return self.env["stock.warehouse"].search([("company_id", "=", self.env.company.id)], limit=1)

    @api.depends("pricelist_id", "company_id")
    def _compute_currency_id(self):
        for channel in self:
            channel.currency_id = channel.pricelist_id.currency_id or channel.company_id.currency_id

    def _compute_order_counts(self):
        groups = self.env["sale.order"]._read_group(
            [("dist_channel_id", "in", self.ids)], ["dist_channel_id", "dist_state"], ["__count"]
        )
        for channel in self:
            counts = {state: count for owner, state, count in groups if owner == channel}
            channel.order_count = sum(counts.values())
            channel.held_order_count = counts.get("held", 0)

    @api.constrains("carrier_id", "carrier_ids")
    def _check_default_carrier(self):
        for channel in self:
            if channel.carrier_id and channel.carrier_ids and channel.carrier_id not in channel.carrier_ids:
                raise ValidationError(
                    _(
                        "%(carrier)s is not among the allowed shipping methods of %(channel)s.",
                        carrier=channel.carrier_id.display_name,
                        channel=channel.display_name,
                    )
                )

    @api.model
    def _find_for(self, system, company, code=None):
        """Channel of an incoming message.

        :param system: dist.system that sent it
        :param company: company it is meant for
        :param code: channel named in the message, when it names one
        :return: the channels that fit; the caller decides what none or several mean
        """
        return self.browse(self._find_ids_for(system.id, company.id, code))

    @api.model
    @tools.ormcache("system_id", "company_id", "code")
    def _find_ids_for(self, system_id, company_id, code):
        domain = [("system_id", "=", system_id), ("company_id", "=", company_id)]
        if code:
            domain.append(("code", "=", code))
        return tuple(self.sudo().search(domain).ids)

    @api.model
    def _choose(self, system, company, code=None):
        """The one channel of an incoming message.

        :raises BusinessError: there is none, or several and the message names none
        """
        channels = self._find_for(system, company, code)
        if len(channels) == 1:
            return channels
        if code:
            raise BusinessError(
                "unknown_channel",
                _("%(system)s has no sales channel %(code)s.", system=system.name, code=code),
                "/channel",
            )
        if channels:
            raise BusinessError(
                "channel_missing",
                _("Name the sales channel, one of: %s.", ", ".join(channels.mapped("code"))),
                "/channel",
            )
        raise BusinessError(
            "no_channel",
            _("%s has no sales channel yet.", system.name),
            "/channel",
            suggestion=_("Create a sales channel for this system, then use Retry."),
            severity="high",
        )

    @api.model
    @tools.ormcache("system_id", "company_id", "code")
    def _get_availability_terms(self, system_id, company_id, code=None):
        """What an answer about stock needs to know of a channel, kept in the registry's cache.

        :return: AvailabilityTerms
        :raises BusinessError: there is no such channel, or several and the message names none
        """
        system = self.env["dist.system"].browse(system_id)
        channel = self._choose(system, self.env["res.company"].browse(company_id), code)
        warehouses = channel.availability_warehouse_ids or channel.warehouse_id
        codes = {warehouse.id: warehouse.code for warehouse in warehouses}
        governed = channel._is_governed()
        return AvailabilityTerms(system_id, company_id, channel.safety_buffer, codes, channel.id, governed)

    def _get_pricelist(self, partner):
        """Pricelist that holds the contract prices of a customer in this channel.

        :return: product.pricelist, empty when prices are the plain sales prices
        """
        self.ensure_one()
        return self.pricelist_id or partner.with_company(self.company_id).property_product_pricelist

    def action_view_orders(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("sale.action_orders")
        return dict(action, domain=[("dist_channel_id", "=", self.id)], context={})

    def action_view_held_orders(self):
        self.ensure_one()
        action = self.action_view_orders()
        return dict(action, domain=[("dist_channel_id", "=", self.id), ("dist_state", "=", "held")])
