from odoo import _, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.dist_integration_base.lib.handling import BusinessError
from odoo.addons.dist_integration_base.lib.snapshot import Column, SnapshotError

from .series import get_stocked_condition

BY_LOCATION = "dist_integration.stock_by_location"
# what the queries read
FLUSHED = (
    "stock.quant",
    "stock.move.line",
    "stock.picking",
    "stock.lot",
    "product.product",
    "dist.stock.adjustment.line",
)
# messages that change stock once they are booked
IN_FLIGHT = (
    "shipment.confirmed",
    "receipt.confirmed",
    "return.confirmed",
    "stock.adjusted",
    "stock.status.changed",
)


class StockReconciliation(models.AbstractModel):
    """A warehouse's snapshot against Odoo's stock, by warehouse, product and lot; by location as well when the snapshot
    names locations.

    A key is ``warehouse/product/lot`` or ``warehouse.location/product/lot``, of ids and the lot's name; what is not
    known stands behind a question mark.

    expected(T) = stock now - movements that happened after T + confirmations of before T that wait. A movement happened
    when the warehouse says it did, whenever it was booked.
    """

    _name = "dist.reconciliation.domain.stock"
    _inherit = "dist.reconciliation.domain"
    _description = "Stock"

    _missing_is_zero = True
    _is_posted = True

    def _get_scope_model(self):
        return "product.product"

    def _get_line_model(self):
        return "product.product"

    def _get_columns(self):
        return [
            Column("warehouse", required=False, is_key=True),
            Column("sku", is_key=True),
            Column("lot", required=False, is_key=True),
            Column("location", required=False, is_key=True),
            Column("quantity", is_number=True),
            Column("unit", required=False),
        ]

    # what codes mean

    def _prepare(self, run):
        warehouses = run._get_warehouses()
        if not warehouses:
            raise BusinessError(
                "no_warehouse",
                _("%s runs no warehouse. Choose the warehouses on the profile.", run.system_id.name),
            )
        for model in FLUSHED:
            self.env[model].flush_model()
        self._create_table("dist_place (id integer, warehouse_id integer)", self._get_places(warehouses))
        self._create_table(
            "dist_known_warehouse (code varchar, warehouse_id integer)",
            self._get_known_warehouses(run, warehouses),
        )
        self._create_table(
            "dist_known_location (code varchar, warehouse_id integer, location_id integer)",
            self._get_known_locations(run, warehouses) if self._note_by_location() else [],
        )
        self._create_items(run)
        self._create_table(
            "dist_known_unit (code varchar, uom_id integer, factor numeric)", self._get_known_units(run)
        )
        self._create_table(
            "dist_unposted (key varchar, amount numeric, product_id integer)", self._get_unposted(run)
        )

    def _note_by_location(self):
        """Find out whether the snapshot names locations, for as long as it is in the database.

        :return: True when it does
        :raises SnapshotError: some lines do, others do not
        """
        self.env.cr.execute(
            "SELECT bool_or(location IS NOT NULL), bool_and(location IS NOT NULL) FROM dist_theirs"
        )
        some, every = self.env.cr.fetchone()
        if some and not every:
            raise SnapshotError(_("Some lines name a location and others do not. Name it in all or in none."))
        self.env.cr.cache[BY_LOCATION] = bool(some)
        return bool(some)

    def _is_by_location(self):
        return self.env.cr.cache[BY_LOCATION]

    def _get_known_locations(self, run, warehouses):
        """What codes of locations mean: those of the code map count before barcodes, those before names.

        :return: list of (code, warehouse id, location id)
        """
        rows = {}
        for warehouse in warehouses:
            places = self.env["stock.location"].search(
                [("id", "child_of", warehouse.view_location_id.id), ("usage", "=", "internal")]
            )
            names = places.mapped("name")
            known = {place.name: place.id for place in places if names.count(place.name) == 1}
            known.update({place.barcode: place.id for place in places if place.barcode})
            known.update(self._get_mapped(run, "location", places))
            rows.update({(code, warehouse.id): location_id for code, location_id in known.items()})
        return [(code, warehouse_id, location_id) for (code, warehouse_id), location_id in rows.items()]

    def _get_places(self, warehouses):
        locations = self.env["dist.availability"]._get_places(warehouses.ids)
        return [(location_id, warehouse_id) for location_id, warehouse_id, _sellable in locations]

    def _get_known_warehouses(self, run, warehouses):
        """A snapshot of a single warehouse need not name it."""
        rows = {warehouse.code: warehouse.id for warehouse in warehouses}
        rows.update(self._get_mapped(run, "warehouse", warehouses))
        if len(warehouses) == 1:
            rows[""] = warehouses.id
        return list(rows.items())

    def _get_mapped(self, run, domain, records):
        """:return: dict, code of the system to id, for those of the given records"""
        codes = self.env["dist.code.map"].search(
            [
                ("system_id", "=", run.system_id.id),
                ("domain", "=", domain),
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
            ]
        )
        return {code.external_code: code.res_id for code in codes}

    def _create_items(self, run):
        """Items by number: what persons said it means counts before internal reference and barcode."""
        self.env.cr.execute("DROP TABLE IF EXISTS pg_temp.dist_known_item")
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMP TABLE dist_known_item ON COMMIT DROP AS
                WITH named AS (
                    SELECT external_code AS code, res_id AS product_id, 1 AS rank FROM dist_code_map
                    WHERE system_id = %(system)s AND domain = 'product' AND res_model = 'product.product'
                    UNION ALL
                    SELECT external_id, res_id, 2 FROM dist_binding
                    WHERE system_id = %(system)s AND res_model = 'product.product'
                    UNION ALL
                    SELECT default_code, id, CASE WHEN active THEN 3 ELSE 5 END FROM product_product
                    WHERE default_code <> ''
                    UNION ALL
                    SELECT barcode, id, CASE WHEN active THEN 4 ELSE 6 END FROM product_product WHERE barcode <> ''
                )
                SELECT DISTINCT ON (named.code) named.code, template.uom_id, template.dist_count_class AS class_code,
                       %(stocked)s AS is_stocked,
                       CASE WHEN count(*) OVER (PARTITION BY named.code, named.rank) = 1 THEN product.id END AS
                       product_id
                FROM named JOIN product_product product ON product.id = named.product_id
                JOIN product_template template ON template.id = product.product_tmpl_id
                WHERE template.company_id IS NULL OR template.company_id = %(company)s
                ORDER BY named.code, named.rank
                """,
                system=run.system_id.id,
                company=run.company_id.id,
                stocked=get_stocked_condition(self.env["product.template"]),
            )
        )
        self.env.cr.execute("ANALYZE pg_temp.dist_known_item")

    def _get_known_units(self, run):
        """:return: list of (code, id of a product's unit, how many of it the code's unit makes)"""
        self.env.cr.execute("SELECT DISTINCT uom_id FROM product_template WHERE uom_id IS NOT NULL")
        units = self.env["uom.uom"].browse([row[0] for row in self.env.cr.fetchall()])
        everything = self.env["uom.uom"].with_context(active_test=False).search([])
        rows = {(unit.name, unit.id): 1.0 for unit in units}
        handler = self.env["dist.handler"]
        for code, unit_id in self._get_mapped(run, "unit", everything).items():
            unit = everything.browse(unit_id)
            for own in units:
                if handler._is_same_kind(unit, own):
                    rows[code, own.id] = unit._compute_quantity(1.0, own, round=False)
        return [(code, uom_id, factor) for (code, uom_id), factor in rows.items()]

    # both sides

    def _get_place(self, run):
        warehouses = run._get_warehouses()
        if len(warehouses) == 1:
            # a million keys need not be taken apart for that
            return SQL("%s::varchar", str(warehouses.id))
        return SQL("split_part(split_part(key, '/', 1), '.', 1)")

    def _get_covered(self, run):
        if not run.warehouse_id:
            return SQL("TRUE")
        return SQL("former.warehouse_id IS NULL OR former.warehouse_id = %s", run.warehouse_id.id)

    def _get_their_key(self):
        """:return: SQL expression of the key of a row of `dist_theirs` with what its codes mean"""
        location = SQL("")
        if self._is_by_location():
            location = SQL("|| '.' || COALESCE(bin.location_id::varchar, '?' || replace(location, '/', '|'))")
        return SQL(
            """
            COALESCE(place.warehouse_id::varchar, '?' || COALESCE(warehouse, '')) %s
            || '/' || COALESCE(item.product_id::varchar, '?' || sku) || '/' || COALESCE(lot, '')
            """,
            location,
        )

    def _get_their_rows(self):
        """:return: SQL of `dist_theirs` with what its codes mean"""
        locations = SQL("")
        if self._is_by_location():
            locations = SQL(
                "LEFT JOIN dist_known_location bin ON bin.code = location AND bin.warehouse_id = place.warehouse_id"
            )
        return SQL(
            """
            dist_theirs
            LEFT JOIN dist_known_warehouse place ON place.code = COALESCE(warehouse, '')
            LEFT JOIN dist_known_item item ON item.code = sku
            %s
            """,
            locations,
        )

    def _get_theirs(self, run):
        return SQL(
            """
            SELECT %(key)s AS key,
                   CASE WHEN unit IS NULL THEN quantity ELSE round(quantity * COALESCE(known.factor, 1), 6) END
                   AS amount,
                   item.class_code::varchar, item.product_id AS res_id,
                   CASE WHEN place.code IS NULL THEN %(no_warehouse)s || COALESCE(warehouse, '-')
                        WHEN %(is_lost)s THEN %(no_location)s || location
                        WHEN item.code IS NOT NULL AND item.product_id IS NULL THEN %(ambiguous)s || sku
                        WHEN NOT item.is_stocked THEN sku || %(not_stocked)s
                        WHEN unit IS NOT NULL AND item.code IS NOT NULL AND known.code IS NULL
                        THEN %(no_unit)s || unit END AS problem
            FROM %(rows)s
            LEFT JOIN dist_known_unit known ON known.code = unit AND known.uom_id = item.uom_id
            """,
            key=self._get_their_key(),
            rows=self._get_their_rows(),
            no_warehouse=_("Unknown warehouse: "),
            is_lost=SQL("bin.code IS NULL") if self._is_by_location() else SQL("FALSE"),
            no_location=_("Unknown location: "),
            ambiguous=_("Several products have the number "),
            not_stocked=_(" is not kept in stock"),
            no_unit=_("The product is not counted in this unit: "),
        )

    def _get_received_as(self, run):
        # codes that are our own numbers come first: where there is no other, the snapshot is not read again
        return SQL(
            """
            SELECT %s AS key, sku AS received_as FROM %s JOIN product_product product ON product.id = item.product_id
            WHERE item.code IS DISTINCT FROM product.default_code
              AND item.product_id IN (SELECT res_id FROM dist_reconciliation_line WHERE run_id = %s)
            """,
            self._get_their_key(),
            self._get_their_rows(),
            run.id,
        )

    def _get_raw_keys(self, keys):
        return SQL(
            "SELECT warehouse, sku, lot, location FROM %s WHERE %s IN %s",
            self._get_their_rows(),
            self._get_their_key(),
            tuple(keys),
        )

    def _get_own_key(self, product, location):
        """:param product: column with a product's id
        :param location: column with the id of the location that the goods are in
        :return: SQL expression of the key of our own rows
        """
        warehouse = SQL("place.warehouse_id::varchar")
        if self._is_by_location():
            warehouse = SQL("place.warehouse_id || '.' || %s", location)
        return SQL("%s || '/' || %s || '/' || COALESCE(lot.name, '')", warehouse, product)

    def _get_ours(self, run):
        scope = run.profile_id._get_scope()
        return SQL(
            """
            SELECT %s AS key, COALESCE(quant.quantity, 0) AS amount,
                   template.dist_count_class::varchar AS class_code, quant.product_id AS res_id
            FROM stock_quant quant
            JOIN dist_place place ON place.id = quant.location_id
            JOIN product_product product ON product.id = quant.product_id
            JOIN product_template template ON template.id = product.product_tmpl_id
            LEFT JOIN stock_lot lot ON lot.id = quant.lot_id
            WHERE %s
            """,
            self._get_own_key(SQL("quant.product_id"), SQL("quant.location_id")),
            SQL("quant.product_id IN %s", scope) if scope else SQL("TRUE"),
        )

    def _get_in_flight(self, run):
        scope = run.profile_id._get_scope()
        return SQL(
            """
            SELECT %(key)s AS key,
                   (CASE WHEN place.id = line.location_id THEN line.quantity_product_uom ELSE 0 END
                    - CASE WHEN place.id = line.location_dest_id THEN line.quantity_product_uom ELSE 0 END)::numeric
                   AS amount, template.dist_count_class::varchar AS class_code, line.product_id AS res_id
            FROM stock_move_line line
            JOIN stock_move move ON move.id = line.move_id
            JOIN dist_place place ON place.id IN (line.location_id, line.location_dest_id)
            JOIN product_product product ON product.id = line.product_id
            JOIN product_template template ON template.id = product.product_tmpl_id
            LEFT JOIN stock_lot lot ON lot.id = line.lot_id
            LEFT JOIN stock_picking picking ON picking.id = line.picking_id
            LEFT JOIN dist_reconciliation_line settled ON settled.id = move.dist_reconciliation_line_id
            LEFT JOIN dist_stock_adjustment_line_stock_move_rel reported ON reported.stock_move_id = move.id
            LEFT JOIN dist_stock_adjustment_line adjusted ON adjusted.id = reported.dist_stock_adjustment_line_id
            WHERE line.state = 'done' AND line.date > %(moment)s
              AND COALESCE(settled.moment, adjusted.adjusted_at, picking.date_done, line.date) > %(moment)s
              AND %(scope)s
            UNION ALL
            SELECT key, amount, NULL, product_id FROM dist_unposted line WHERE %(scope)s
            """,
            key=self._get_own_key(SQL("line.product_id"), SQL("place.id")),
            moment=run.moment,
            scope=SQL("line.product_id IN %s", scope) if scope else SQL("TRUE"),
        )

    def _get_unposted(self, run):
        """What confirmations say that came but were not booked, as far as it happened before the snapshot.

        :return: list of (key, quantity, product id)
        """
        rows, by_location = [], self._is_by_location()
        warehouses = run._get_warehouses()
        for message in self._get_waiting(run):
            for effect in message._get_handler()._get_unposted_effects(message, run.moment):
                if effect.warehouse in warehouses:
                    # which shelf it is nobody has said yet
                    place = f".{effect.place.id}" if by_location else ""
                    key = f"{effect.warehouse.id}{place}/{effect.product.id}/{effect.lot_name or ''}"
                    rows.append((key, effect.quantity, effect.product.id))
        return rows

    def _get_waiting(self, run):
        """:return: list of dist.message that were not booked; of those with one number, and of a message and its
        corrections, the last
        """
        found = self.env["dist.message"].search(
            [
                ("system_id", "=", run.system_id.id),
                ("direction", "=", "in"),
                ("state", "in", ("pending", "retry", "error", "dead")),
                ("message_type_id.code", "in", IN_FLIGHT),
                ("child_ids", "=", False),
                ("correction_ids", "=", False),
            ],
            order="id",
        )
        last = {(message.message_type_id, message.business_key or message.id): message for message in found}
        return list(last.values())

    # lines

    def _describe(self, run):
        self.env.cr.execute(
            """
            UPDATE dist_reconciliation_line line
            SET product_id = line.res_id, warehouse_id = substring(line.key from '^([0-9]+)[./]')::integer,
                location_id = substring(line.key from '^[0-9]+[.]([0-9]+)/')::integer,
                lot_name = NULLIF(substring(line.key from '^[^/]*/[^/]*/(.*)$'), ''),
                name = COALESCE(product.default_code, product.barcode, line.res_id::varchar,
                                substring(line.key from '^[^/]*/[?](.*)/[^/]*$'))
            FROM dist_reconciliation_line own LEFT JOIN product_product product ON product.id = own.res_id
            WHERE own.id = line.id AND line.run_id = %s
            """,
            (run.id,),
        )
        self.env.cr.execute(
            "SELECT DISTINCT product_id FROM dist_reconciliation_line WHERE run_id = %s AND product_id IS NOT NULL",
            (run.id,),
        )
        products = self.env["product.product"].browse([row[0] for row in self.env.cr.fetchall()])
        prices = [product.standard_price for product in products.with_company(run.company_id)]
        self.env.cr.execute(
            """
            UPDATE dist_reconciliation_line line
            SET value_at_risk = round(abs(variance) * price.amount::numeric, %s)
            FROM unnest(%s::integer[], %s::float[]) AS price (product_id, amount)
            WHERE line.run_id = %s AND line.product_id = price.product_id
            """,
            (run.currency_id.decimal_places, products.ids, prices, run.id),
        )

    def _get_messages_domain(self, line):
        moves = self.env["stock.move"].search(
            [("product_id", "=", line.res_id), ("picking_id.dist_system_id", "=", line.system_id.id)],
            order="id desc",
            limit=200,
        )
        return [("res_model", "=", "stock.picking"), ("res_id", "in", moves.picking_id.ids)]

    # posting

    def _is_line_postable(self, line):
        if not line.product_id or not line.warehouse_id:
            return False
        tracking = line.product_id.tracking
        # a serial number is there once, or not at all
        return tracking == "none" or bool(line.lot_name and (tracking == "lot" or line.theirs in (0.0, 1.0)))

    def _post_variance(self, lines):
        quants = self._read_quants(lines)
        moves = self.env["stock.move"].create(
            [
                values
                for line in lines
                for values in self._prepare_moves(line.with_company(line.company_id), quants)
            ]
        )
        moves._action_done()
        return {move.dist_reconciliation_line_id.id: move for move in moves}

    def _read_quants(self, lines):
        """Read all at once, those included that are only added to: moving them reads one by one what is not known.

        :return: dict, (product id, lot id) to stock.quant with something in it, those with most first
        """
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "in", lines.product_id.ids),
                ("location_id", "child_of", lines.warehouse_id.view_location_id.ids),
                ("location_id.usage", "=", "internal"),
            ],
            order="quantity desc, id",
        )
        filled = quants.filtered(lambda quant: quant.quantity > 0)
        return filled.grouped(lambda quant: (quant.product_id.id, quant.lot_id.id))

    def _prepare_moves(self, line, quants):
        """Correct where the goods are: what is missing is taken from where most is, what was found is put to the
        warehouse's stock.

        :param quants: as of `_read_quants`
        :return: list of values of stock.move
        """
        stock = line.location_id or line.warehouse_id.lot_stock_id
        loss = line.product_id.with_company(line.company_id).property_stock_inventory
        lot = self._get_lot(line)
        if line.variance > 0:
            return [self._prepare_move(line, line.variance, loss, stock, lot)]
        values, missing = [], -line.variance
        for quant in quants.get((line.product_id.id, lot.id), ()):
            if not self._is_place_of(line, quant.location_id):
                continue
            taken = min(missing, quant.quantity)
            values.append(self._prepare_move(line, taken, quant.location_id, loss, lot, quant))
            missing -= taken
            if line.product_id.uom_id.rounding > missing:
                return values
        return [*values, self._prepare_move(line, missing, stock, loss, lot)]

    def _is_place_of(self, line, location):
        """:return: True when goods in a location are those that a line is about"""
        if line.location_id:
            return location == line.location_id
        return location.parent_path.startswith(line.warehouse_id.view_location_id.parent_path)

    def _get_lot(self, line):
        """:return: stock.lot of a line, made when the warehouse found one that Odoo does not know"""
        lots, product = self.env["stock.lot"], line.product_id
        if product.tracking == "none":
            return lots
        if not line.lot_name:
            raise UserError(_("%s is tracked by lot or serial number; the variance names none.", line.name))
        found = lots.search(
            [
                ("product_id", "=", product.id),
                ("name", "=", line.lot_name),
                ("company_id", "in", (False, line.company_id.id)),
            ],
            limit=1,
        )
        values = {"product_id": product.id, "name": line.lot_name, "company_id": line.company_id.id}
        return found or lots.create(values)

    def _prepare_move(self, line, quantity, source, target, lot, quant=None):
        product = line.product_id
        common = {
            "product_id": product.id,
            "location_id": source.id,
            "location_dest_id": target.id,
            "company_id": line.company_id.id,
        }
        values = {
            **common,
            "product_uom": product.uom_id.id,
            "product_uom_qty": quantity,
            "state": "confirmed",
            "is_inventory": True,
            "picked": True,
            "dist_reconciliation_line_id": line.id,
            "move_line_ids": [
                (
                    0,
                    0,
                    {
                        **common,
                        "product_uom_id": product.uom_id.id,
                        "quantity": quantity,
                        "lot_id": lot.id,
                        "package_id": quant.package_id.id if quant else False,
                        "owner_id": quant.owner_id.id if quant else False,
                    },
                )
            ],
        }
        title = "name" if "name" in self.env["stock.move"]._fields else "inventory_name"  # 19: gone
        return {**values, title: _("Reconciled with %s", line.system_id.name)}
