import hashlib
import json
from datetime import timedelta

from odoo import _, fields, models

from odoo.addons.dist_integration_base.models.dist_message import CHANNELS

from ..lib.submission import format_decimal

# what changes every figure of a channel
DECISIVE = {
    "availability_warehouse_ids",
    "warehouse_id",
    "safety_buffer",
    "availability_rule_ids",
    "allow_holds",
}
EVERYTHING_AT_ONCE = 5000
# goods on their way in come into the horizon by themselves
COMPARED_EVERY = timedelta(hours=1)


class DistSalesChannel(models.Model):
    """What a channel is told of the stock it may promise."""

    _inherit = "dist.sales.channel"

    feed_is_stale = fields.Boolean(readonly=True, copy=False, default=True)
    feed_compared_at = fields.Datetime(readonly=True, copy=False)
    published_count = fields.Integer(compute="_compute_published_count")

    def _compute_published_count(self):
        groups = self.env["dist.availability.item"]._read_group(
            [("channel_id", "in", self.ids)], ["channel_id"], ["__count"]
        )
        counts = {channel.id: count for channel, count in groups}
        for channel in self:
            channel.published_count = counts.get(channel.id, 0)

    def _get_audited_fields(self):
        # how far telling has got is no configuration
        return [name for name in super()._get_audited_fields() if not name.startswith("feed_")]

    def write(self, vals):
        if not DECISIVE.isdisjoint(vals):
            vals = {**vals, "feed_is_stale": True}
        return super().write(vals)

    def _enqueue_gone(self, product_ids):
        """Tell at once that nothing is left of these products."""
        self.with_delay(
            channel=CHANNELS["critical"],
            identity_key=f"dist-availability-gone:{self.id}:{_digest(product_ids)}",
            description=_("Tell %s what is sold out", self.code),
        )._job_publish(product_ids)

    def _job_publish(self, product_ids):
        """Job: tell what has become of products."""
        self.ensure_one()
        product_ids = list(product_ids)
        self.env["dist.message"]._in_serial_transaction(
            "availability-feed", lambda env: self.with_env(env)._publish(product_ids)
        )

    def _publish_everything(self):
        """Compare every figure of this channel with what it was told; what is the same is not said again."""
        self.env["stock.quant"].flush_model(["product_id"])
        self.env.cr.execute(
            """
            SELECT product_id FROM stock_quant
            UNION SELECT product_id FROM dist_availability_item WHERE channel_id = %s
            UNION SELECT product_id FROM stock_move
                  WHERE state IN ('waiting', 'confirmed', 'assigned', 'partially_available')
            ORDER BY 1
            """,
            (self.id,),
        )
        product_ids = [row[0] for row in self.env.cr.fetchall()]
        for start in range(0, len(product_ids), EVERYTHING_AT_ONCE):
            self._publish(product_ids[start : start + EVERYTHING_AT_ONCE])
        self.write({"feed_is_stale": False, "feed_compared_at": fields.Datetime.now()})

    def _has_stale_feed(self):
        """:return: True when every figure is to be compared: something decisive was changed, or time goes by"""
        with_horizon = any(self.availability_rule_ids.mapped("horizon_days"))
        before = fields.Datetime.now() - COMPARED_EVERY
        return self.feed_is_stale or (
            with_horizon and (not self.feed_compared_at or self.feed_compared_at < before)
        )

    def _publish(self, product_ids):
        """Tell the channel what it may promise of products, as far as that is something new.

        :return: dist.availability.item that were told
        """
        warehouses = self._get_published_warehouses()
        products = self._filter_sold(product_ids)
        promised = self.env["dist.availability.promise"]._get_promised(
            self, products.filtered("active").ids, warehouses.ids
        )
        known = {
            item.product_id.id: item
            for item in self.env["dist.availability.item"].search(
                [("channel_id", "=", self.id), ("product_id", "in", products.ids)]
            )
        }
        told, new = self.env["dist.availability.item"], []
        for product in products:
            vals = self._prepare_figure(product, warehouses, promised)
            item = known.get(product.id)
            if not item and vals["quantity"]:
                new.append({**vals, "channel_id": self.id, "product_id": product.id})
            elif item and item.sudo().detail != vals["detail"]:
                item.write(vals)
                told |= item
        told |= told.create(new)
        told._dist_emit("availability.changed")
        return told

    def _filter_sold(self, product_ids):
        """:return: product.product of this company that have a number, archived ones too: they are sold out"""
        return (
            self.env["product.product"]
            .with_context(active_test=False)
            .search(
                [
                    ("id", "in", list(product_ids)),
                    ("default_code", "!=", False),
                    ("company_id", "in", (False, self.company_id.id)),
                ],
                order="id",
            )
        )

    def _prepare_figure(self, product, warehouses, promised):
        figures = [
            {
                "warehouse": warehouse.code,
                "available": format_decimal(promised[product.id, warehouse.id]),
            }
            for warehouse in warehouses
        ]
        return {
            "quantity": float(sum(promised[product.id, warehouse.id] for warehouse in warehouses)),
            "detail": json.dumps(figures),
            "published_at": fields.Datetime.now(),
        }


def _digest(product_ids):
    return hashlib.sha256(",".join(map(str, product_ids)).encode()).hexdigest()
