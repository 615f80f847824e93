from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models

from ..lib.promise import PromiseTerms, promise

ZERO = Decimal(0)


class DistAvailabilityPromise(models.AbstractModel):
    """How much a channel may promise, its rules and everybody's holds taken into account (C5).

    available = max(0, min(cap, floor(share * (on hand - reserved - quality holds - soft holds - orders that wait for
    their goods + incoming within the horizon) - buffer)))
    """

    _name = "dist.availability.promise"
    _description = "What sales channels may promise"

    @api.model
    def _get_promised(self, channel, product_ids, warehouse_ids, without_holds=()):
        """What a channel may promise of products, per warehouse. Access is the caller's affair.

        :param channel: dist.sales.channel
        :param product_ids: list of ids
        :param warehouse_ids: list of ids
        :param without_holds: ids of dist.availability.hold that do not count: those of the asker
        :return: defaultdict, (product id, warehouse id) to Decimal in the product's unit
        """
        product_ids, warehouse_ids = list(product_ids), list(warehouse_ids)
        promised = defaultdict(lambda: ZERO)
        if not product_ids or not warehouse_ids:
            return promised
        table = self.env["dist.availability"]._get_availability(product_ids, warehouse_ids)
        free = defaultdict(lambda: ZERO)
        for key, quantities in table.items():
            free[key] += _exact(quantities.available)
        for taken in (
            self._read_held(product_ids, warehouse_ids, without_holds),
            self._read_waiting(product_ids, warehouse_ids),
            self._read_held_orders(product_ids, warehouse_ids),
        ):
            for key, quantity in taken.items():
                free[key] -= quantity
        terms = self._get_terms(channel, product_ids, warehouse_ids)
        inbound = self._read_inbound(terms)
        steps = self._read_steps(terms)
        for key in {*free, *inbound}:
            promised[key] = promise(free[key], inbound.get(key, ZERO), terms[key], steps.get(key[0], ZERO))
        return promised

    # terms

    def _get_terms(self, channel, product_ids, warehouse_ids):
        """The rule of each product and warehouse: the product's own, else the nearest category's, else that for
        everything; of each, that of the warehouse comes first.

        :return: dict, (product id, warehouse id) to PromiseTerms
        """
        rules = {
            (rule.product_id.id, rule.categ_id.id, rule.warehouse_id.id): rule._get_terms()
            for rule in channel.sudo().availability_rule_ids
        }
        default = PromiseTerms(Decimal(repr(channel.safety_buffer)))
        paths = self._read_paths(product_ids) if any(categ_id for _p, categ_id, _w in rules) else {}
        chosen, found = {}, {}
        for product_id in product_ids:
            path = paths.get(product_id, ())
            for warehouse_id in warehouse_ids:
                own = (product_id, False)
                # products without a rule of their own share that of their category
                group = own if any((*own, place) in rules for place in (warehouse_id, False)) else path
                if (group, warehouse_id) not in found:
                    targets = [own, *((False, categ_id) for categ_id in path), (False, False)]
                    keys = [(*target, place) for target in targets for place in (warehouse_id, False)]
                    found[group, warehouse_id] = next((rules[key] for key in keys if key in rules), default)
                chosen[product_id, warehouse_id] = found[group, warehouse_id]
        return chosen

    def _read_paths(self, product_ids):
        """:return: dict, product id to ids of its category and those above, the nearest first"""
        self.env["product.template"].flush_model(["categ_id"])
        self.env["product.product"].flush_model(["product_tmpl_id"])
        self.env["product.category"].flush_model(["parent_path"])
        self.env.cr.execute(
            """
            SELECT product.id, category.parent_path
            FROM product_product product
            JOIN product_template template ON template.id = product.product_tmpl_id
            JOIN product_category category ON category.id = template.categ_id
            WHERE product.id = ANY(%s)
            """,
            (product_ids,),
        )
        known = {}
        paths = {}
        for product_id, text in self.env.cr.fetchall():
            if text not in known:
                known[text] = tuple(int(part) for part in reversed((text or "").split("/")) if part)
            paths[product_id] = known[text]
        return paths

    def _read_steps(self, terms):
        """:return: dict, product id to the smallest quantity of its unit, where a share is rounded"""
        shared = {product_id for (product_id, _warehouse), found in terms.items() if found.share != 100}
        products = self.env["product.product"].browse(sorted(shared))
        return {product.id: Decimal(repr(product.uom_id.rounding)) for product in products}

    # what is taken

    def _read_held(self, product_ids, warehouse_ids, without_holds=()):
        """:return: dict, (product id, warehouse id) to what is softly held"""
        self.env["dist.availability.hold.line"].flush_model()
        self.env.cr.execute(
            """
            SELECT product_id, warehouse_id, SUM(quantity)
            FROM dist_availability_hold_line
            WHERE state = 'held' AND expires_at > %s
              AND product_id = ANY(%s) AND warehouse_id = ANY(%s) AND hold_id != ALL(%s)
            GROUP BY product_id, warehouse_id
            """,
            (fields.Datetime.now(), product_ids, warehouse_ids, list(without_holds)),
        )
        return self._fetch()

    def _read_waiting(self, product_ids, warehouse_ids):
        """:return: dict, (product id, warehouse id) to what confirmed orders ask for and have not got reserved

        Of goods that leave in several steps the first one counts: it takes them from the stock.
        """
        self.env["stock.move"].flush_model(
            ["product_id", "location_id", "location_dest_id", "product_qty", "state"]
        )
        self.env["stock.move.line"].flush_model(["move_id", "quantity_product_uom"])
        self.env.cr.execute(
            """
            WITH place AS (
                SELECT * FROM unnest(%(locations)s, %(warehouses)s, %(sellable)s) AS t (id, warehouse_id, sellable)
            ), open_move AS (
                SELECT move.id, move.product_id, source.warehouse_id, move.product_qty
                FROM stock_move move
                JOIN place source ON source.id = move.location_id AND source.sellable
                LEFT JOIN place target ON target.id = move.location_dest_id
                WHERE move.product_id = ANY(%(products)s)
                  AND move.state IN ('waiting', 'confirmed', 'partially_available')
                  AND NOT EXISTS (SELECT FROM stock_move_move_rel before WHERE before.move_dest_id = move.id)
                  AND (target.warehouse_id IS DISTINCT FROM source.warehouse_id
                       OR EXISTS (SELECT FROM stock_move_move_rel after WHERE after.move_orig_id = move.id))
            )
            SELECT product_id, warehouse_id, SUM(product_qty - COALESCE(reserved, 0))
            FROM open_move
            LEFT JOIN (
                SELECT move_id, SUM(quantity_product_uom) AS reserved FROM stock_move_line
                WHERE move_id IN (SELECT id FROM open_move) GROUP BY move_id
            ) AS line ON line.move_id = open_move.id
            GROUP BY product_id, warehouse_id
            """,
            {"products": product_ids, **self._get_places(warehouse_ids)},
        )
        return self._fetch()

    def _read_held_orders(self, product_ids, warehouse_ids):
        """:return: dict, (product id, warehouse id) to what orders ask for that wait for a person"""
        lines = (
            self.env["sale.order.line"]
            .sudo()
            .search(
                [
                    ("order_id.dist_state", "=", "held"),
                    ("order_id.state", "in", ("draft", "sent")),
                    ("order_id.warehouse_id", "in", warehouse_ids),
                    ("product_id", "in", product_ids),
                ]
            )
        )
        taken = defaultdict(lambda: ZERO)
        for line in lines:
            taken[line.product_id.id, line.order_id.warehouse_id.id] += _exact(
                line._dist_get_product_quantity()
            )
        return taken

    def _read_inbound(self, terms):
        """:param terms: as of `_get_terms`
        :return: dict, (product id, warehouse id) to what comes in within the horizon
        """
        now = fields.Datetime.now()
        wanted = [
            (*key, now + timedelta(days=found.horizon)) for key, found in terms.items() if found.horizon
        ]
        if not wanted:
            return {}
        product_ids, warehouse_ids, moments = map(list, zip(*wanted, strict=True))
        destination = ", ".join(
            f"move.{name}" for name in self.env["dist.availability"]._get_destination_fields()
        )
        self.env["dist.availability"]._flush()
        self.env["stock.move"].flush_model(["date"])
        self.env.cr.execute(
            f"""
            WITH place AS (
                SELECT * FROM unnest(%(locations)s, %(warehouses)s, %(sellable)s) AS t (id, warehouse_id, sellable)
            ), wanted AS (
                SELECT * FROM unnest(%(products)s, %(owners)s, %(moments)s::timestamp[])
                    AS t (product_id, warehouse_id, moment)
            )
            SELECT move.product_id, target.warehouse_id, SUM(move.product_qty)
            FROM stock_move move
            JOIN place target ON target.id = COALESCE({destination}) AND target.sellable
            JOIN wanted ON wanted.product_id = move.product_id AND wanted.warehouse_id = target.warehouse_id
            WHERE move.state IN ('waiting', 'confirmed', 'assigned', 'partially_available')
              AND move.date <= wanted.moment
              AND NOT EXISTS (
                  SELECT FROM place source
                  WHERE source.id = move.location_id AND source.warehouse_id = target.warehouse_id
              )
            GROUP BY move.product_id, target.warehouse_id
            """,  # pylint: disable=sql-injection
            {
                "products": product_ids,
                "owners": warehouse_ids,
                "moments": moments,
                **self._get_places(sorted(set(warehouse_ids))),
            },
        )
        return self._fetch()

    def _get_places(self, warehouse_ids):
        places = self.env["dist.availability"]._get_places(warehouse_ids)
        names = ("locations", "warehouses", "sellable")
        return dict(zip(names, map(list, zip(*places, strict=True)), strict=True))

    def _fetch(self):
        return {(row[0], row[1]): _exact(row[2]) for row in self.env.cr.fetchall()}


def _exact(number):
    """:return: Decimal of a stored quantity, without the noise of floats"""
    return round(Decimal(repr(number) if isinstance(number, float) else number), 6)
