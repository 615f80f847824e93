from typing import NamedTuple

from odoo import api, models


class Availability(NamedTuple):
    """Quantities of a product in a warehouse, in the product's unit.

    ``available`` is on hand less reserved, without goods that are damaged, on hold or in repair.
    """

    on_hand: float = 0.0
    reserved: float = 0.0
    incoming: float = 0.0
    available: float = 0.0


class AvailabilityTable(dict):
    """(product id, warehouse id) to Availability; what has no stock at all is not stored but reads as zeros."""

    NOTHING = Availability()

    def __missing__(self, key):
        return self.NOTHING


class DistAvailability(models.AbstractModel):
    """Quantities of many products in many warehouses, read in one go."""

    _name = "dist.availability"
    _description = "Availability of products"

    @api.model
    def _get_availability(self, product_ids, warehouse_ids):
        """Stock of products per warehouse. Access is the caller's affair: no rule is applied here.

        The same figures as Odoo's ``qty_available``, ``incoming_qty`` and ``free_qty`` with the warehouse in the
        context, except that goods in a warehouse's places for what is damaged, on hold or in repair are not available.

        :param product_ids: list of ids
        :param warehouse_ids: list of ids
        :return: AvailabilityTable
        """
        if not product_ids or not warehouse_ids:
            return AvailabilityTable()
        places = self._get_places(warehouse_ids)
        self._flush()
        parameters = {
            "products": list(product_ids),
            "locations": [location_id for location_id, _warehouse_id, _sellable in places],
            "warehouses": [warehouse_id for _location_id, warehouse_id, _sellable in places],
            "sellable": [sellable for _location_id, _warehouse_id, sellable in places],
        }
        self.env.cr.execute(self._get_query(), parameters)
        rows = self.env.cr.fetchall()
        return AvailabilityTable({(row[0], row[1]): Availability._make(row[2:]) for row in rows})

    def _flush(self):
        self.env["stock.quant"].flush_model(["product_id", "location_id", "quantity", "reserved_quantity"])
        self.env["stock.move"].flush_model(
            ["product_id", "location_id", "product_qty", "state", *self._get_destination_fields()]
        )
        self.env["stock.location"].flush_model(["parent_path"])

    def _get_destination_fields(self):
        """:return: names of the fields that say where a move leads to, the first that is set counts"""
        # from 18.0 on a move of a longer way also knows the end of it
        known = self.env["stock.move"]._fields
        return [name for name in ("location_final_id", "location_dest_id") if name in known]

    def _get_places(self, warehouse_ids):
        """:return: list of (location id, warehouse id, whether goods there may be sold)"""
        self.env["stock.warehouse"].flush_model(
            [
                "view_location_id",
                "dist_damaged_location_id",
                "dist_hold_location_id",
                "dist_repair_location_id",
            ]
        )
        self.env["stock.location"].flush_model(["parent_path"])
        self.env.cr.execute(
            """
            SELECT location.id, warehouse.id,
                   NOT EXISTS (
                       SELECT FROM stock_location apart
                       WHERE apart.id IN (warehouse.dist_damaged_location_id, warehouse.dist_hold_location_id,
                                          warehouse.dist_repair_location_id)
                         AND location.parent_path LIKE apart.parent_path || '%%'
                   )
            FROM stock_warehouse warehouse
            JOIN stock_location top ON top.id = warehouse.view_location_id
            JOIN stock_location location ON location.parent_path LIKE top.parent_path || '%%'
            WHERE warehouse.id = ANY(%s)
            """,
            (list(warehouse_ids),),
        )
        return self.env.cr.fetchall()

    def _get_query(self):
        """A quant made while another transaction held its location's own has no quantity until Odoo merges the two;
        what it reserves counts all the same.
        """
        destination = ", ".join(f"move.{name}" for name in self._get_destination_fields())
        return f"""
            WITH place AS (
                SELECT * FROM unnest(%(locations)s, %(warehouses)s, %(sellable)s) AS t (id, warehouse_id, sellable)
            ), present AS (
                SELECT quant.product_id, place.warehouse_id,
                       SUM(quant.quantity) AS on_hand, SUM(quant.reserved_quantity) AS reserved,
                       SUM(COALESCE(quant.quantity, 0) - COALESCE(quant.reserved_quantity, 0))
                           FILTER (WHERE place.sellable) AS available
                FROM stock_quant quant JOIN place ON place.id = quant.location_id
                WHERE quant.product_id = ANY(%(products)s)
                GROUP BY quant.product_id, place.warehouse_id
            ), coming AS (
                SELECT move.product_id, target.warehouse_id, SUM(move.product_qty) AS incoming
                FROM stock_move move
                JOIN place target ON target.id = COALESCE({destination})
                WHERE move.product_id = ANY(%(products)s)
                  AND move.state IN ('waiting', 'confirmed', 'assigned', 'partially_available')
                  AND NOT EXISTS (
                      SELECT FROM place source
                      WHERE source.id = move.location_id AND source.warehouse_id = target.warehouse_id
                  )
                GROUP BY move.product_id, target.warehouse_id
            )
            SELECT product_id, warehouse_id,
                   ROUND(COALESCE(on_hand, 0)::numeric, 6)::float, ROUND(COALESCE(reserved, 0)::numeric, 6)::float,
                   ROUND(COALESCE(incoming, 0)::numeric, 6)::float, ROUND(COALESCE(available, 0)::numeric, 6)::float
            FROM present FULL JOIN coming USING (product_id, warehouse_id)
        """
