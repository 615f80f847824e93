from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models

from ..lib.replenishment import Stock, Supply
from .series import get_seller_unit

# receipts in a year from which on a supplier's own spread of lead times is trusted
FEW_RECEIPTS = 5
# days; a longer lead time is a mistake on the vendor's line, and nobody plans that far
LONGEST_LEAD_TIME = 730.0
LEAD_TIMES = """
    SELECT line.product_id, picking_type.warehouse_id, count(*),
           stddev_samp(extract(epoch FROM move.date - purchase.date_approve) / 86400)
    FROM stock_move move
    JOIN purchase_order_line line ON line.id = move.purchase_line_id
    JOIN purchase_order purchase ON purchase.id = line.order_id
    JOIN stock_picking_type picking_type ON picking_type.id = purchase.picking_type_id
    WHERE move.state = 'done' AND move.date >= %(since)s AND purchase.date_approve IS NOT NULL
      AND line.product_id = ANY(%(products)s) AND picking_type.warehouse_id = ANY(%(warehouses)s)
    GROUP BY line.product_id, picking_type.warehouse_id
    HAVING count(*) >= %(few)s
"""


class DistPlanningReplenishment(models.AbstractModel):
    """What is there of planned items, what is on its way, and how more of them is ordered."""

    _name = "dist.planning.replenishment"
    _description = "Replenishment of planned items"

    # how they are ordered

    @api.model
    def _get_supplies(self, items, source):
        """How items are replenished.

        :param items: dist.planning.item
        :return: dict, item to (Supply, seller or empty product.supplierinfo, warehouse that it comes from or empty)
        """
        sellers = self._get_sellers(items.product_id, source.company_id)
        deviations = self._get_lead_time_deviations(items, source.company_id)
        return {
            item: self._get_supply(
                item,
                source,
                sellers.get(item.product_id, self.env["product.supplierinfo"]),
                deviations.get((item.product_id.id, item.warehouse_id.id), 0.0),
            )
            for item in items
        }

    @api.model
    def _get_supply(self, item, source, seller, deviation):
        product = item.product_id.with_company(source.company_id)
        from_warehouse = self._get_from_warehouse(item, seller)
        company = source.company_id
        if from_warehouse:
            rules = item.warehouse_id.resupply_route_ids.rule_ids.filtered(
                lambda rule: rule.route_id.supplier_wh_id == from_warehouse
            )
            lead_time, seller = sum(rules.mapped("delay")), seller.browse()
        else:
            lead_time = seller.delay + company.days_to_purchase
        supply = Supply(
            service_level=(item.service_level or source.service_level) / 100.0,
            lead_time=min(max(lead_time, 1.0), LONGEST_LEAD_TIME),
            lead_time_deviation=0.0 if from_warehouse else deviation,
            review_time=source.review_days,
            minimum=self._get_minimum(seller, product),
            multiple=self._get_multiple(seller, product),
            unit_cost=product.standard_price,
            order_cost=source.order_cost,
            holding_rate=source.holding_rate / 100.0,
        )
        return supply, seller, from_warehouse

    @api.model
    def _get_sellers(self, products, company):
        """The supplier an item is bought from: the first of its list that is valid.

        :return: dict, product.product to product.supplierinfo
        """
        today = fields.Date.context_today(self)
        sellers = self.env["product.supplierinfo"].search(
            [
                ("product_tmpl_id", "in", products.product_tmpl_id.ids),
                ("company_id", "in", [False, company.id]),
                "|",
                ("date_start", "=", False),
                ("date_start", "<=", today),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", today),
            ]
        )
        by_template = defaultdict(list)
        for seller in sellers:
            by_template[seller.product_tmpl_id].append(seller)
        found = {}
        for product in products:
            for seller in by_template[product.product_tmpl_id]:
                if seller.partner_id.active and seller.product_id in (product, product.browse()):
                    found[product] = seller
                    break
        return found

    @api.model
    def _get_minimum(self, seller, product):
        """:return: smallest quantity of an order, in the product's unit"""
        return self._to_unit_of(product, seller, seller.min_qty)

    @api.model
    def _get_multiple(self, seller, product):
        """:return: what ordered quantities are multiples of, in the product's unit; 0.0 for none"""
        return self._to_unit_of(product, seller, seller.dist_order_multiple)

    @api.model
    def _to_unit_of(self, product, seller, quantity):
        """:return: a quantity in the supplier's unit in that of the product"""
        if not seller:
            return 0.0
        return get_seller_unit(seller)._compute_quantity(quantity, product.uom_id, round=False)

    @api.model
    def _get_from_warehouse(self, item, seller):
        """:return: stock.warehouse that resupplies an item; empty where it is bought"""
        warehouse = item.warehouse_id
        if not warehouse.resupply_wh_ids:
            return warehouse.browse()
        routes = item.product_id.route_ids | item.product_id.categ_id.total_route_ids
        for other in warehouse.resupply_wh_ids:
            if not seller or routes & warehouse.resupply_route_ids.filtered(
                lambda route, other=other: route.supplier_wh_id == other
            ):
                return other
        return warehouse.browse()

    @api.model
    def _get_lead_time_deviations(self, items, company):
        """How far suppliers' lead times of the last year spread.

        :return: dict, (product id, warehouse id) to standard deviation in days
        """
        self.env.flush_all()
        self.env.cr.execute(
            LEAD_TIMES,
            {
                "since": fields.Datetime.now() - timedelta(days=365),
                "products": items.product_id.ids,
                "warehouses": items.warehouse_id.ids,
                "few": FEW_RECEIPTS,
            },
        )
        return {
            (product, warehouse): spread or 0.0
            for product, warehouse, _count, spread in self.env.cr.fetchall()
        }

    # what is there and on its way

    @api.model
    def _get_stocks(self, items, today, days, count):
        """Stock of items, and what comes and goes.

        :param items: dist.planning.item
        :param today: date from which on time is counted
        :param days: length of a bucket
        :param count: buckets ahead; what arrives later is left out
        :return: dict, item to Stock in the product's unit
        """
        found = {}
        for warehouse in items.warehouse_id:
            own = items.filtered(lambda item, warehouse=warehouse: item.warehouse_id == warehouse)
            products = own.product_id.ids
            on_hand = self._get_on_hand(products, warehouse)
            owed = self._get_owed(products, warehouse)
            incoming = defaultdict(lambda: [0.0] * count)
            for product_id, day, quantity in self._get_arrivals(products, warehouse):
                index = max(0, int((day - today).days // days))
                if index < count:
                    incoming[product_id][index] += quantity
            for item in own:
                key = item.product_id.id
                found[item] = Stock(on_hand.get(key, 0.0), incoming[key], owed.get(key, 0.0))
        return found

    @api.model
    def _get_on_hand(self, product_ids, warehouse):
        groups = self.env["stock.quant"]._read_group(
            [
                ("product_id", "in", product_ids),
                ("location_id", "child_of", warehouse.view_location_id.id),
                ("location_id.usage", "=", "internal"),
            ],
            ["product_id"],
            ["quantity:sum"],
        )
        return {product.id: quantity for product, quantity in groups}

    @api.model
    def _get_owed(self, product_ids, warehouse):
        """:return: dict, product id to what leaves the warehouse and did not yet"""
        groups = self.env["stock.move"]._read_group(
            [
                *self._get_open_moves(product_ids),
                ("location_id", "child_of", warehouse.view_location_id.id),
                "!",
                ("location_dest_id", "child_of", warehouse.view_location_id.id),
            ],
            ["product_id"],
            ["product_qty:sum"],
        )
        return {product.id: quantity for product, quantity in groups}

    @api.model
    def _get_arrivals(self, product_ids, warehouse):
        """What is on its way into a warehouse, and what suppliers were asked for (rule 15).

        :return: list of (product id, date, quantity in the product's unit)
        """
        moves = self.env["stock.move"].search(
            [
                *self._get_open_moves(product_ids),
                ("location_dest_id", "child_of", warehouse.view_location_id.id),
                "!",
                ("location_id", "child_of", warehouse.view_location_id.id),
            ]
        )
        lines = self.env["purchase.order.line"].search(
            [
                ("product_id", "in", product_ids),
                ("state", "in", ("draft", "sent", "to approve")),
                ("order_id.picking_type_id.warehouse_id", "=", warehouse.id),
                ("order_id.dest_address_id", "=", False),
            ]
        )
        return [
            *((move.product_id.id, move.date.date(), move.product_qty) for move in moves),
            *((line.product_id.id, line.date_planned.date(), line.product_uom_qty) for line in lines),
            *self._get_approved(product_ids, warehouse),
        ]

    @api.model
    def _get_approved(self, product_ids, warehouse):
        """:return: list as of `_get_arrivals` of proposals, of every source, that are about to be carried out"""
        proposals = self.env["dist.planning.proposal"].search(
            [
                ("product_id", "in", product_ids),
                ("warehouse_id", "=", warehouse.id),
                ("kind", "in", ("purchase", "transfer")),
                ("state", "=", "approved"),
            ]
        )
        return [
            (
                one.product_id.id,
                one.date_planned or fields.Date.today(),
                one.uom_id._compute_quantity(one.approved_quantity, one.product_id.uom_id, round=False),
            )
            for one in proposals
        ]

    @api.model
    def _get_open_moves(self, product_ids):
        return [("product_id", "in", product_ids), ("state", "not in", ("draft", "done", "cancel"))]
