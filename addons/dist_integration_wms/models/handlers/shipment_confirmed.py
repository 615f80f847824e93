from dataclasses import replace

from odoo import _, models
from odoo.tools import float_compare

from odoo.addons.dist_integration_base.lib import gs1
from odoo.addons.dist_integration_base.lib.handling import BusinessError, MissingMapping

from ...lib import formats

CANDIDATE_LOTS = 10
WEIGHT_UNITS = {"kg": "uom.product_uom_kgm", "g": "uom.product_uom_gram", "lb": "uom.product_uom_lb"}


class ShipmentConfirmedHandler(models.AbstractModel):
    """The warehouse shipped: all, part, or nothing of a delivery."""

    _name = "dist.handler.shipment.confirmed"
    _inherit = "dist.handler.warehouse.confirmation"
    _description = "Shipment confirmed"

    def _get_kind(self):
        return "shipment"

    def _get_verb(self):
        return "shipped"

    def _plan(self, message, payload, meanings):
        plan = super()._plan(message, payload, meanings)
        if not plan.known:
            plan.carrier = self._find_carrier(plan)
            self._check_packages(plan)
        return plan

    # quantities

    def _get_limit(self, move_plan):
        picking = move_plan.move.picking_id
        percent = picking.picking_type_id.warehouse_id.dist_over_shipment_percent
        return move_plan.asked * (1 + percent / 100)

    def _get_rest_policy(self, plan):
        partner = plan.picking.partner_id or plan.picking.sale_id.partner_id
        policy = partner._dist_get_rest_policy()
        return {"keep": "backorder"}.get(policy, policy) or super()._get_rest_policy(plan)

    def _prepare_short(self, plan, detail):
        spec, rest = super()._prepare_short(plan, detail), self._get_backorder(plan)
        if self._get_rest_policy(plan) != "ask" or not rest:
            return spec
        # it is not released again before somebody has decided
        rest.dist_hold_reason = _("Somebody has to decide whether the customer still wants the rest.")
        return replace(
            spec,
            code="backorder_decision",
            severity="normal",
            suggestion=_("Ask the customer: keep the rest in %s, or cancel it.", rest.name),
        )

    # carrier

    def _find_carrier(self, plan):
        """:return: delivery.carrier; empty when the message names none
        :raises MissingMapping: nobody has said yet what the code means
        """
        code = plan.payload.get("carrier")
        carriers = self.env["delivery.carrier"]
        if not code:
            return carriers
        codes, system = self.env["dist.code.map"], plan.message.system_id
        found = plan.find_once(("carrier", code), lambda: codes._find(system, "carrier", code))
        if getattr(found, "_name", None) == carriers._name:
            return found
        if plan.picking.carrier_id.name == code:
            return plan.picking.carrier_id
        raise MissingMapping(
            "carrier",
            code,
            "/carrier",
            _("The carrier %s is not known here.", code),
            model="delivery.carrier",
        )

    # packages

    def _check_packages(self, plan):
        """Packages are unique, their SSCCs are right, and what lines name is among them."""
        packages = plan.payload.get("packages", [])
        keys, listed = {package["package"] for package in packages}, set()
        for index, package in enumerate(packages):
            sscc = self._read_sscc(package, f"/packages/{index}/sscc")
            for name, number in (("package", package["package"]), ("sscc", sscc)):
                if number and (name, number) in listed:
                    raise BusinessError(
                        "package_twice",
                        _("Package %s is listed twice.", number),
                        f"/packages/{index}/{name}",
                    )
                listed.add((name, number))
            if sscc:
                plan.ssccs.add(sscc)
            self._check_inside(packages, package, f"/packages/{index}/inside")
        for _move_plan, portion in plan.portions:
            if portion.package_key and portion.package_key not in keys:
                raise BusinessError(
                    "unknown_package",
                    _("Package %s is not among the packages of the confirmation.", portion.package_key),
                    portion.pointer,
                )

    def _check_inside(self, packages, package, pointer):
        """:raises BusinessError: what a package is in is not listed, or is in that package itself"""
        inside = {other["package"]: other.get("inside") for other in packages}
        seen, outer = [package["package"]], package.get("inside")
        while outer:
            if outer not in inside:
                raise BusinessError(
                    "unknown_package",
                    _("Package %s is not among the packages of the confirmation.", outer),
                    pointer,
                )
            if outer in seen:
                raise BusinessError(
                    "package_in_itself", _("Package %s is inside itself.", package["package"]), pointer
                )
            seen.append(outer)
            outer = inside[outer]

    def _read_sscc(self, package, pointer):
        """:return: 18 digits; None when the package has none
        :raises BusinessError: not an SSCC
        """
        if not package.get("sscc"):
            return None
        try:
            return gs1.validate_sscc(package["sscc"])
        except gs1.InvalidCodeError as error:
            raise BusinessError("invalid_sscc", error.detail, pointer) from error

    def _make_packages(self, plan):
        """:return: dict, the package's id in the message to its record"""
        packages = self._get_used_packages(plan)
        if not packages:
            return {}
        known = self._find_packages(plan, packages)
        made = {}
        for index, package in enumerate(packages):
            sscc = self._read_sscc(package, f"/packages/{index}/sscc")
            made[package["package"]] = self._write_package(plan, package, sscc, known.get(sscc))
        for package in packages:
            if package.get("inside"):
                self._put_inside(plan, made[package["package"]], made[package["inside"]])
        return made

    def _put_inside(self, plan, package, outer):
        """:raises BusinessError: by an earlier part of the message's shipment it is the other way round"""
        if package in outer._dist_with_outer():
            raise BusinessError(
                "package_in_itself",
                _("Package %s is inside itself.", package.name),
                "/packages",
                record=plan.picking,
            )
        package.dist_outer_id = outer

    def _get_used_packages(self, plan):
        """:return: list of the packages that something is in, and of those around them"""
        used = {portion.package_key for _move_plan, portion in plan.portions if portion.package_key}
        packages = plan.payload.get("packages", [])
        inside = {package["package"]: package.get("inside") for package in packages}
        for key in list(used):
            while key := inside[key]:
                used.add(key)
        return [package for package in packages if package["package"] in used]

    def _find_packages(self, plan, packages):
        """Packages that exist under the SSCCs of the message: empty ones, or those of an earlier part of it."""
        names = [name for package in packages if (name := self._read_sscc(package, ""))]
        found = self.env["stock.quant.package"].search(
            [("name", "in", names), ("company_id", "in", (False, plan.picking.company_id.id))]
        )
        shipments = self._find_shipments_of(plan, found)
        for package in found:
            elsewhere = package._dist_get_contents().location_id - plan.picking.location_dest_id
            if elsewhere:
                raise BusinessError(
                    "package_in_use",
                    _(
                        "Package %(package)s is in %(location)s already.",
                        package=package.name,
                        location=elsewhere[0].display_name,
                    ),
                    "/packages",
                    record=plan.picking,
                )
            if package in shipments:
                raise BusinessError(
                    "package_in_use",
                    _(
                        "Package %(package)s left with %(shipment)s already.",
                        package=package.name,
                        shipment=shipments[package].name,
                    ),
                    "/packages",
                    record=plan.picking,
                )
        return {package.name: package for package in found}

    def _find_shipments_of(self, plan, packages):
        """:return: dict, package to a stock.picking of another shipment that has put goods into it"""
        own = self._find_pickings(plan.message, plan.payload) | plan.picking
        while earlier := own.backorder_id - own:
            own |= earlier
        quants = packages._dist_get_contents()
        lines = self.env["stock.move.line"].search(
            [
                ("result_package_id", "in", quants.package_id.ids),
                ("location_dest_id", "in", quants.location_id.ids),
                ("picking_id", "not in", own.ids),
                ("state", "=", "done"),
            ]
        )
        return {
            package: line.picking_id
            for line in lines
            for package in line.result_package_id._dist_with_outer()
        }

    def _collides(self, plan, other):
        return super()._collides(plan, other) or bool(plan.ssccs & other.ssccs)

    def _write_package(self, plan, package, sscc, known):
        """
        :param known: stock.quant.package of an earlier part; what is told of it now counts. None makes a new one
        :return: stock.quant.package
        """
        vals = self._prepare_package(plan, package, sscc)
        if not known:
            return self.env["stock.quant.package"].create(vals)
        known.write(vals)
        return known

    def _prepare_package(self, plan, package, sscc):
        told = {
            "name": sscc,
            "dist_kind": package.get("kind"),
            "dist_tracking_number": package.get("tracking_number"),
        }
        vals = {name: value for name, value in told.items() if value}
        if package.get("weight"):
            vals["shipping_weight"] = self._convert_weight(package["weight"])
        return vals

    def _convert_weight(self, weight):
        unit = self.env.ref(WEIGHT_UNITS[weight.get("unit", "kg")])
        own = self.env["product.template"]._get_weight_uom_id_from_ir_config_parameter()
        return unit._compute_quantity(float(weight["value"]), own, round=False)

    # effect

    def _prepare_picking(self, plan):
        result = super()._prepare_picking(plan)
        packages = self._make_packages(plan)
        for _move_plan, portion in plan.portions:
            portion.package = packages.get(portion.package_key)
        vals = self._prepare_picking_values(plan)
        if vals:
            pointers = {"carrier_tracking_ref": "/tracking_numbers", "carrier_id": "/carrier"}
            self._write_inbound(plan.message, plan.picking, vals, pointers)
        return result

    def _prepare_picking_values(self, plan):
        vals = {}
        tracking = self._get_tracking_numbers(plan)
        if tracking:
            vals["carrier_tracking_ref"] = ",".join(tracking)
        if plan.carrier and plan.carrier != plan.picking.carrier_id:
            vals["carrier_id"] = plan.carrier.id
        return vals

    def _get_tracking_numbers(self, plan):
        numbers = list(plan.payload.get("tracking_numbers", []))
        numbers += [
            package["tracking_number"]
            for package in plan.payload.get("packages", [])
            if package.get("tracking_number")
        ]
        return list(dict.fromkeys(numbers))

    # lots

    def _check_lots(self, plan, portions):
        """Lots must be known."""
        for move_plan, portion in portions:
            if not portion.lot:
                portion.lot = self._find_coded_lot(plan, move_plan, portion)

    def _check_stock(self, plans):
        """Lots must have been in stock, enough of each for all who take them."""
        for location in self.env["stock.location"].union(*(plan.picking.location_id for plan in plans)):
            self._check_stock_of(
                location,
                [
                    (plan, move_plan, portion)
                    for plan in plans
                    if plan.picking.location_id.parent_path.startswith(location.parent_path)
                    for move_plan, portion in plan.portions
                    if portion.lot
                ],
            )

    def _check_stock_of(self, location, taken):
        """
        :param taken: list of (plan, MovePlan, Portion), what is taken from there
        """
        on_hand = self._read_on_hand(location, [portion.lot.id for _plan, _move_plan, portion in taken])
        wanted = {}
        for plan, move_plan, portion in taken:
            wanted[portion.lot] = wanted.get(portion.lot, 0.0) + portion.quantity
            known, rounding = on_hand.get(portion.lot, 0.0), move_plan.move.product_id.uom_id.rounding
            if float_compare(wanted[portion.lot], known, precision_rounding=rounding) > 0:
                raise self._prepare_lot_not_in_stock(plan, move_plan, portion, known)

    def _find_coded_lot(self, plan, move_plan, portion):
        """:return: the lot that a person said is meant; :raises MissingMapping: nobody has said yet"""
        product = move_plan.move.product_id
        code = f"{product.default_code or product.id}/{portion.lot_name}"
        found = self.env["dist.code.map"]._find(plan.message.system_id, "lot", code)
        if getattr(found, "_name", None) == "stock.lot" and found.product_id == product:
            return found
        raise MissingMapping(
            "lot",
            code,
            portion.pointer,
            _("%(product)s has no lot %(lot)s in Odoo.", product=product.display_name, lot=portion.lot_name),
            model="stock.lot",
            suggestion=self._suggest_lots(plan, move_plan),
            record=plan.picking,
        )

    def _read_on_hand(self, location, lot_ids):
        """:return: dict, lot to what is on hand at and below a location"""
        if not lot_ids:
            return {}
        domain = [("lot_id", "in", lot_ids), ("location_id", "child_of", location.id)]
        return dict(self.env["stock.quant"]._read_group(domain, ["lot_id"], ["quantity:sum"]))

    def _prepare_lot_not_in_stock(self, plan, move_plan, portion, on_hand):
        return BusinessError(
            "lot_not_in_stock",
            _(
                "Lot %(lot)s of %(product)s: Odoo has %(on_hand)s %(unit)s of it in %(location)s.",
                lot=portion.lot.name,
                product=move_plan.move.product_id.display_name,
                on_hand=formats.quantity_text(on_hand),
                unit=move_plan.move.product_id.uom_id.name,
                location=plan.picking.location_id.display_name,
            ),
            portion.pointer,
            record=plan.picking,
            severity="high",
            suggestion=self._suggest_lots(plan, move_plan),
        )

    def _suggest_lots(self, plan, move_plan):
        """:return: sentence that lists the lots that are in stock"""
        groups = self.env["stock.quant"]._read_group(
            [
                ("product_id", "=", move_plan.move.product_id.id),
                ("location_id", "child_of", plan.picking.location_id.id),
                ("lot_id", "!=", False),
                ("quantity", ">", 0),
            ],
            ["lot_id"],
            ["quantity:sum"],
            limit=CANDIDATE_LOTS,
        )
        if not groups:
            return _("Odoo has no lot of the item in stock there. A receipt may not have been confirmed yet.")
        lots = ", ".join(f"{lot.name} ({formats.quantity_text(quantity)})" for lot, quantity in groups)
        return _("Lots in stock: %s. Correct the lot and resubmit, or correct the stock and retry.", lots)
