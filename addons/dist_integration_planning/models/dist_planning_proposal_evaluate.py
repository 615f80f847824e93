from collections import defaultdict
from typing import NamedTuple

from odoo import _, api, fields, models
from odoo.tools import SQL, float_round, format_amount

from ..lib import approval
from ..lib.inventory import order_quantity

# why proposals come back that were approved
PUT_BACK = ("minimum", "failed")
# what rules approved and no buyer confirmed yet
UNSEEN = [
    ("decided_by_id", "=", False),
    "|",
    ("state", "=", "approved"),
    "&",
    ("state", "=", "executed"),
    ("purchase_line_id.order_id.state", "in", ("draft", "sent", "to approve")),
]


class Item(NamedTuple):
    """What is known of a product in a warehouse beside its stock.

    :ivar planner_id: id of res.users
    :ivar product_class: A, B or C
    :ivar forecast_error: as a share
    """

    planner_id: int | None = None
    product_class: str | None = None
    forecast_error: float | None = None


class Known(NamedTuple):
    """What is read at once of many proposals.

    :ivar approved: (kind, product id, warehouse id) to the quantity that is approved and not carried out yet
    :ivar unseen: the same to the value of what rules approved and no buyer confirmed yet
    """

    offers: dict
    calendars: dict
    items: dict
    last: dict
    supply: dict
    demand: dict
    approved: dict
    unseen: dict

    def choose_offer(self, proposal):
        """:return: Offer that a proposal is ordered by; None where there is none"""
        suppliers = proposal.env["dist.planning.supplier"]
        return suppliers._choose_offer(self.offers[proposal.product_id.id], proposal.partner_id)


class DistPlanningProposal(models.Model):
    """What a proposal is worth and changes; by that it is approved, or waits and says why."""

    _inherit = "dist.planning.proposal"

    @api.model
    def _evaluate(self, batch):
        """Judge what nobody decided yet of a version, and have carried out what is approved."""
        # what is needed first counts as there for what is needed later
        proposals = self.search(
            [("batch_id", "=", batch.id), ("state", "=", "proposed")], order="date_planned, id"
        )
        if proposals:
            proposals.with_company(batch.company_id)._judge()

    def _judge(self):
        """Find the figures of these proposals of one company, approve those that a rule approves."""
        company = self.company_id
        company.ensure_one()
        rules = self.env["dist.planning.rule"]._get_rules(company)
        reasons_by_code = {reason.code: reason for reason in self.env["dist.planning.reason"].search([])}
        known, rows = self._read_known(), []
        for proposal, figures, facts in self._get_figures(known):
            rule = approval.find_rule(facts, rules)
            reasons = approval.judge(facts, rule) or proposal._get_lasting_reasons(figures)
            if not reasons and proposal.kind in approval.COVERED:
                place = (proposal.kind, *proposal._get_place())
                known.approved[place] += figures["approved_quantity"]
                known.unseen[place] += figures["value"]
            rows.append((proposal, figures, rule, reasons))
        self._write_figures(rows, reasons_by_code)
        approved = self.browse(proposal.id for proposal, _figures, _rule, reasons in rows if not reasons)
        if approved:
            approved._approve()

    def _get_lasting_reasons(self, figures):
        """:return: list of Reason for which this proposal was put back, as long as it is worth the same"""
        worth = self.currency_id.compare_amounts(figures["value"], self.value)
        codes = self.reason_ids.mapped("code") if worth == 0 else ()
        return [approval.Reason(code) for code in codes if code in PUT_BACK]

    def _refresh_figures(self):
        """Bring value, change and cover up to date after a planner changed something; why it waits stays."""
        for proposal, figures, _facts in self._get_figures(self._read_known()):
            # the day that a planner chose is the planner's
            proposal.write({**figures, "date_order": proposal.date_order or figures.get("date_order")})

    def _write_figures(self, rows, reasons_by_code):
        pairs = []
        for proposal, figures, rule, reasons in rows:
            text = "\n".join(proposal._describe_reason(reason, rule) for reason in reasons)
            rule_id = rule.id if rule and not reasons else False
            proposal.write({**figures, "rule_id": rule_id, "reason_text": text or False})
            pairs += [(proposal.id, reasons_by_code[reason.code].id) for reason in reasons]
        self._set_reasons(pairs)

    def _set_reasons(self, pairs):
        """Set why these proposals wait, in two statements.

        :param pairs: list of (proposal id, reason id)
        """
        self.env.cr.execute(
            "DELETE FROM dist_planning_proposal_reason_rel WHERE proposal_id IN %s", (tuple(self.ids),)
        )
        if pairs:
            self.env.cr.execute(
                SQL(
                    "INSERT INTO dist_planning_proposal_reason_rel (proposal_id, reason_id) VALUES %s",
                    SQL(", ").join(pairs),
                )
            )
        self.invalidate_recordset(["reason_ids"])

    # figures

    def _get_place(self):
        """:return: (product id, warehouse id)"""
        return self.product_id.id, self.warehouse_id.id

    def _is_stocked(self):
        """:return: False where the item is archived, or a service"""
        return self.product_id.active and self.product_id.type != "service"

    def _get_figures(self, known):
        """:param known: Known; what is approved of one proposal before the next is asked for counts for that
        :return: iterator of (proposal, values to write, lib.approval.Facts)
        """
        for proposal in self:
            pair = proposal._get_place()
            item = known.items.get(pair, Item())
            offer = known.choose_offer(proposal)
            figures = proposal._prepare_order(offer, known.calendars)
            quantity = figures["approved_quantity"]
            value = proposal._get_value(offer, quantity)
            last = known.last.get((proposal.kind, *pair))
            if proposal.kind == "lead_time":
                last = offer and offer.delay
            change = _get_change(quantity, last)
            demand = known.demand.get((proposal.source_id.id, *pair))
            approved = sum(known.approved[(kind, *pair)] for kind in approval.COVERED)
            cover = proposal._get_cover(known.supply[pair], demand, approved + quantity)
            figures.update(
                value=value or 0.0,
                change=change or 0.0,
                cover_days=cover or 0.0,
                forecast_error=item.forecast_error or 0.0,
                planner_id=proposal.planner_id.id or item.planner_id,
            )
            facts = approval.Facts(
                source=proposal.source_id.id,
                kind=proposal.kind,
                supplier=figures.get("partner_id", proposal.partner_id.id) or None,
                category=proposal.categ_id.id,
                product_class=item.product_class,
                value=value,
                value_beside=known.unseen[(proposal.kind, *pair)],
                change=change,
                cover_days=cover,
                forecast_error=item.forecast_error,
                expired_days=proposal.source_id._get_expired_days(),
                is_stocked=proposal._is_stocked(),
                source_limit=proposal.source_id.proposal_value_limit,
            )
            yield proposal, figures, facts

    def _read_known(self):
        """Read in a handful of queries what judging these proposals needs.

        :return: Known
        """
        suppliers = self.env["dist.planning.supplier"]
        offers = suppliers._get_offers(self.product_id, self.company_id)
        partners = self.partner_id.union(*(offer.partner for found in offers.values() for offer in found))
        order_rules = suppliers._get_rules(partners, self.company_id)
        return Known(
            offers,
            {partner_id: rule._get_calendar() for partner_id, rule in order_rules.items()},
            self._get_items(),
            self._get_last_approved(),
            self.env["dist.planning.supply"]._get(self.product_id, self.warehouse_id),
            self._get_demand(),
            self._sum_others([("state", "=", "approved")], "approved_quantity"),
            self._sum_others(UNSEEN, "value"),
        )

    def _sum_others(self, domain, name):
        """:param domain: of the proposals that count, of every source
        :return: defaultdict, (kind, product id, warehouse id) to the sum of a field of other proposals to buy or to
            move
        """
        groups = self._read_group(
            [
                ("product_id", "in", self.product_id.ids),
                ("warehouse_id", "in", self.warehouse_id.ids),
                ("kind", "in", approval.COVERED),
                ("id", "not in", self.ids),
                *domain,
            ],
            ["kind", "product_id", "warehouse_id"],
            [f"{name}:sum"],
        )
        found = {(kind, product.id, warehouse.id): total for kind, product, warehouse, total in groups}
        return defaultdict(float, found)

    def _prepare_order(self, offer, calendars):
        """What the supplier's rules make of a proposal: whole packs, ordered on a day it takes orders; whole pieces
        where there is none.
        """
        quantity = self.approved_quantity
        if self.kind != "purchase" or not offer:
            if self.kind in approval.COVERED:
                quantity = order_quantity(quantity, multiple=self.source_id._get_step(self.uom_id))
            return {"approved_quantity": quantity}
        calendar = calendars.get(offer.partner.id) or self.env["dist.planning.supplier"]._get_calendar()
        today = fields.Date.context_today(self)
        if self.date_order or not self.date_planned:
            ordered = calendar.order_day(self.date_order or today, 0, today)
        else:
            ordered = calendar.order_day(self.date_planned, offer.delay, today)
        return {
            "approved_quantity": offer.round_up(quantity, self.uom_id, self.source_id._get_step(offer.unit)),
            "partner_id": offer.partner.id,
            "date_order": ordered,
        }

    def _get_value(self, offer, quantity):
        """:return: in the company's currency, not rounded: of a purchase its price, else what the goods cost, or would
        where they are bought; None where that is not known
        """
        if self.kind == "reordering":
            quantity = max(quantity, self.maximum)
        if self.kind == "lead_time" or not quantity:
            return 0.0
        if self.kind != "purchase" and self.product_id.standard_price:
            return self.product_id.standard_price * quantity
        return offer and offer.value(quantity, self.uom_id, self.company_id)

    def _get_cover(self, supply, demand, quantity):
        """:param quantity: of this proposal and of those that are approved
        :return: days that stock, open supply and these last; None where no demand is expected"""
        if self.kind not in approval.COVERED or not demand:
            return None
        return (sum(supply.values()) + quantity) / demand

    def _get_items(self):
        """:return: dict, (product id, warehouse id) to Item, of those of which something is known"""
        return {}

    def _get_demand(self):
        """:return: dict, (source id, product id, warehouse id) to expected demand a day"""
        supply, found = self.env["dist.planning.supply"], {}
        for source in self.source_id:
            demand = supply._get_daily_demand(source.forecast_batch_id, self.product_id, self.warehouse_id)
            found.update({(source.id, *pair): quantity for pair, quantity in demand.items()})
        return found

    def _get_last_approved(self):
        """:return: dict, (kind, product id, warehouse id) to the quantity that was approved last"""
        self.flush_model()
        self.env.cr.execute(
            """
            SELECT DISTINCT ON (kind, product_id, warehouse_id) kind, product_id, warehouse_id,
                   approved_quantity::float
            FROM dist_planning_proposal
            WHERE state IN ('approved', 'executed') AND product_id IN %s AND warehouse_id IN %s
            ORDER BY kind, product_id, warehouse_id, decided_at DESC, id DESC
            """,
            (tuple(self.product_id.ids), tuple(self.warehouse_id.ids)),
        )
        return {tuple(row[:3]): row[3] for row in self.env.cr.fetchall()} | self._get_present_points()

    def _get_present_points(self):
        """:return: as of `_get_last_approved`, of reordering rules as they are now"""
        settings = self.filtered(lambda proposal: proposal.kind == "reordering")
        points = self.env["stock.warehouse.orderpoint"].search(
            [
                ("product_id", "in", settings.product_id.ids),
                ("location_id", "in", settings.warehouse_id.lot_stock_id.ids),
                ("company_id", "in", settings.company_id.ids),
            ]
        )
        return {
            ("reordering", point.product_id.id, point.warehouse_id.id): point.product_min_qty
            for point in points
        }

    # words

    def _describe_reason(self, reason, rule):
        """:return: a reason as a sentence for the planner"""
        name = rule.name if rule else ""
        match reason.code:
            case "no_rule":
                return _("No rule fits it.")
            case "manual":
                return _("%s: always decided by a planner.", name)
            case "value":
                return self._describe_value(reason, name)
            case "change":
                return self._describe_change(reason, name)
            case "cover":
                if reason.found is None:
                    return _(
                        "Nobody is expected to buy it; %(rule)s approves what lasts up to %(limit)s days.",
                        rule=name,
                        limit=round(reason.limit),
                    )
                return _(
                    "With it there is enough for %(found)s days; %(rule)s approves up to %(limit)s days.",
                    found=round(reason.found),
                    rule=name,
                    limit=round(reason.limit),
                )
            case "forecast_error":
                return self._describe_error(reason, name)
        return self._describe_own_reason(reason)

    def _describe_own_reason(self, reason):
        """:return: as of `_describe_reason`, of what waits whatever rules say"""
        match reason.code:
            case "expired":
                return _("The plan is %s days old.", reason.found)
            case "discontinued" if self.product_id.active:
                return _("It is a service: nobody keeps stock of it.")
            case "discontinued":
                return _("It is archived: it is not sold any more.")
            case "no_price":
                return self._describe_missing_price()
            case "no_supplier":
                return _("No supplier sells it: choose one.")
            case "lead_time":
                return self._describe_lead_time()
            case "minimum" | "failed":
                return self.reason_text
            case "source_limit":
                return _(
                    "It comes to %(value)s; %(proposer)s may propose up to %(limit)s.",
                    value=self._format_money(reason.found),
                    proposer=self.source_id.name,
                    limit=self._format_money(reason.limit),
                )
        raise ValueError(reason.code)

    def _describe_value(self, reason, name):
        value, limit = self._format_money(reason.found - reason.beside), self._format_money(reason.limit)
        if not reason.beside:
            return _(
                "It is worth %(value)s; %(rule)s approves up to %(limit)s.",
                value=value,
                rule=name,
                limit=limit,
            )
        return _(
            "It is worth %(value)s, and rules approved %(beside)s of this item that no buyer has confirmed yet; "
            "%(rule)s approves up to %(limit)s.",
            value=value,
            beside=self._format_money(reason.beside),
            rule=name,
            limit=limit,
        )

    def _describe_change(self, reason, name):
        if reason.found is None:
            return _(
                "There is none before to compare it with; %(rule)s approves changes up to %(limit)s %%.",
                rule=name,
                limit=round(reason.limit * 100),
            )
        return _(
            "It changes by %(found)s %% against the last one; %(rule)s approves up to %(limit)s %%.",
            found=round(reason.found * 100),
            rule=name,
            limit=round(reason.limit * 100),
        )

    def _describe_missing_price(self):
        if self.kind == "purchase":
            return _("The supplier has no price for it.")
        return _("Nobody knows what it is worth: it has no cost, and no supplier has a price for it.")

    def _describe_error(self, reason, name):
        if reason.found is None:
            return _("How good its forecast is was not measured yet; %s asks for that.", name)
        return _(
            "Its forecasts err by %(found)s %%; %(rule)s approves up to %(limit)s %%.",
            found=round(reason.found * 100),
            rule=name,
            limit=round(reason.limit * 100),
        )

    def _describe_lead_time(self):
        present = self._find_seller().delay
        if self.maximum > self.quantity or self.maximum < self.quantity:
            return _(
                "The lead time is %(present)s days; the source says %(asked)s, which was brought back to %(days)s.",
                present=present,
                asked=float_round(self.maximum, 1),
                days=float_round(self.quantity, 1),
            )
        return _(
            "The lead time is %(present)s days; the source says %(days)s.",
            present=present,
            days=self.quantity,
        )

    def _format_money(self, amount):
        return format_amount(self.env, amount, self.currency_id)


def _get_change(quantity, last):
    """:return: change against the last one as a share; None where there was none, or one of nothing"""
    if not last:
        return 0.0 if last is not None and not quantity else None
    return quantity / last - 1.0
