from odoo import api, fields, models

TOUCHED = "dist_integration_commerce.touched"
CHANGED = "availability.changed"
BATCH = 1000


class DistAvailabilityFeed(models.AbstractModel):
    """Tells channels what became of the stock they may promise: changes gathered, what is unchanged left out, what is
    gone told at once (C5).

    Whatever changes stock notes its products in a table that only grows; nobody waits for anybody there. A scheduled
    job takes the notes together, once a minute. Where a channel still shows goods of which none are left, a job is
    put into the critical queue at the commit.
    """

    _name = "dist.availability.feed"
    _description = "Feed of availability"

    @api.model
    def _is_on(self):
        """:return: True when some channel hears of availability; costs nearly nothing"""
        return CHANGED in self.env["dist.flow"]._get_subscribed_types()

    @api.model
    def _touch(self, product_ids):
        """Note, at the end of the transaction, that the stock of products has changed."""
        if not product_ids or not self._is_on():
            return
        precommit = self.env.cr.precommit
        if TOUCHED not in precommit.data:
            precommit.data[TOUCHED] = set()
            precommit.add(self.with_context({}).sudo()._write_touched)
        precommit.data[TOUCHED].update(product_ids)

    @api.model
    def _touch_of(self, records):
        """As `_touch`, of the products of quants or moves; of nothing while nobody listens."""
        if records and self._is_on():
            self._touch(records.product_id.ids)

    @api.model
    def _write_touched(self):
        product_ids = sorted(self.env.cr.precommit.data.pop(TOUCHED, ()))
        if not product_ids:
            return
        self.env.flush_all()
        self.env.cr.execute(
            "INSERT INTO dist_availability_touch (product_id, noted_at) SELECT unnest(%s), %s",
            (product_ids, fields.Datetime.now()),
        )
        for channel_id, gone in self._get_gone(product_ids).items():
            self.env["dist.sales.channel"].browse(channel_id)._enqueue_gone(gone)

    @api.model
    def _get_gone(self, product_ids):
        """:return: dict, channel id to ids of products that it shows and of which nothing may be promised any more"""
        shown = {}
        for item in self.env["dist.availability.item"].search(
            [("product_id", "in", product_ids), ("quantity", ">", 0)]
        ):
            shown.setdefault(item.channel_id, []).append(item.product_id.id)
        gone = {}
        for channel, ids in shown.items():
            totals = self._get_totals(channel, ids)
            gone[channel.id] = sorted(product_id for product_id, total in totals.items() if not total)
        return {channel_id: ids for channel_id, ids in gone.items() if ids}

    @api.model
    def _get_totals(self, channel, product_ids):
        """:return: dict, product id to what the channel may promise over all its warehouses"""
        warehouse_ids = channel._get_published_warehouses().ids
        promised = self.env["dist.availability.promise"]._get_promised(channel, product_ids, warehouse_ids)
        return {
            product_id: sum(promised[product_id, warehouse_id] for warehouse_id in warehouse_ids)
            for product_id in product_ids
        }

    # scheduled

    @api.model
    def _cron_publish(self):
        """Tell what has changed since the last run; each part in its own transaction: what is told stays told."""
        self.env["dist.availability.hold"]._cron_expire()
        in_serial_transaction = self.env["dist.message"]._in_serial_transaction
        while in_serial_transaction("availability-feed", lambda env: env[self._name]._publish_touched()):
            pass
        channels = self._get_channels()
        # what they were told is out of date once they hear of it again
        deaf = self.env["dist.sales.channel"].search([("feed_is_stale", "=", False)]) - channels
        deaf.feed_is_stale = True
        for channel in channels.filtered(lambda channel: channel._has_stale_feed()):
            in_serial_transaction(
                "availability-feed", lambda env, channel=channel: channel.with_env(env)._publish_everything()
            )

    @api.model
    def _publish_touched(self):
        """:return: True when there may be more"""
        self.env.cr.execute(
            """
            DELETE FROM dist_availability_touch WHERE product_id IN (
                SELECT product_id FROM dist_availability_touch GROUP BY product_id ORDER BY MIN(id) LIMIT %s
            ) RETURNING product_id
            """,
            (BATCH,),
        )
        product_ids = sorted({row[0] for row in self.env.cr.fetchall()})
        for channel in self._get_channels():
            channel._publish(product_ids)
        return len(product_ids) == BATCH

    @api.model
    def _get_channels(self):
        """:return: channels whose system takes the feed"""
        channels = self.env["dist.sales.channel"].search([])
        return channels.filtered(
            lambda channel: self.env["dist.flow"]._dist_has_subscription(
                CHANGED, channel.company_id, channel.system_id
            )
        )
