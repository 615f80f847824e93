import json
from datetime import timedelta

from odoo.tests import tagged

from odoo.addons.queue_job.tests.common import trap_jobs

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestAvailabilityFeed(CommerceCase):
    """C5: channels hear of what they may promise."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.flow = cls._make_flow(cls.system, "availability.changed", endpoint_id=endpoint.id)
        cls.allow_holds(cls.system, cls.channel)

    def setUp(self):
        super().setUp()
        self.run_feed()

    def run_feed(self):
        """Do what the scheduled job does."""
        self._flush_events()
        self.env["dist.availability.feed"]._cron_publish()
        self._commit_events()
        self.env.invalidate_all()

    def told(self, product):
        """:return: list of what the channel was told of a product, the newest last"""
        item = self.env["dist.availability.item"].search(
            [("channel_id", "=", self.channel.id), ("product_id", "=", product.id)]
        )
        events = self.env["dist.event"].search(
            [("res_model", "=", item._name), ("res_id", "in", item.ids)], order="id"
        )
        version = self.env["dist.message.type"]._get_by_code("availability.changed")._get_default_version()
        payloads = [json.loads(event.payload) for event in events]
        for payload in payloads:
            self.assertEqual(version._get_validator().errors(payload), [])
        return [payload["available"] for payload in payloads]

    def change(self, product, quantity):
        self.set_stock(product, quantity)
        self._commit_events()

    def test_first_time(self):
        """C5: a channel that begins to listen is told everything once."""
        self.assertEqual((self.told(self.corn), self.told(self.gloves)), (["100"], ["30"]))
        self.run_feed()
        self.assertEqual(self.told(self.corn), ["100"])

    def test_coalesced(self):
        """C5: several changes between two runs are told as one; what is not changed is not told."""
        for _time in range(3):
            self.change(self.corn, -5)
        self.assertEqual(self.told(self.corn), ["100"])
        self.run_feed()
        self.assertEqual((self.told(self.corn), self.told(self.gloves)), (["100", "85"], ["30"]))

    def test_unchanged(self):
        """C5: stock that came and went leaves nothing to tell."""
        self.change(self.corn, -5)
        self.change(self.corn, 5)
        self.run_feed()
        self.assertEqual(self.told(self.corn), ["100"])

    def test_sold_out_at_once(self):
        """C5: what is gone is told by a job at once, before the next run; later runs do not say it again."""
        with trap_jobs() as trap:
            self.change(self.gloves, -12)
            trap.assert_jobs_count(0, only=self.channel._job_publish)
            self.change(self.gloves, -18)
            trap.assert_jobs_count(1, only=self.channel._job_publish)
            job = next(job for job in trap.enqueued_jobs if job.method_name == "_job_publish")
        self.assertEqual(job.channel, "root.dist_critical")
        job.perform()
        self._commit_events()
        self.assertEqual(self.told(self.gloves), ["30", "0"])
        self.run_feed()
        self.assertEqual(self.told(self.gloves), ["30", "0"])

    def test_sold_out_by_buffer(self):
        """C5: gone is what may not be promised, whatever lies in the warehouse."""
        self.channel.safety_buffer = 10
        self.run_feed()
        with trap_jobs() as trap:
            self.change(self.gloves, -20)
            trap.assert_jobs_count(1, only=self.channel._job_publish)

    def test_orders_and_holds(self):
        """C5: orders, holds and their end are told."""
        self.submit_ok(self.order(self.line(quantity="10")))
        self.run_feed()
        hold = {"hold": "CART-1", "lines": [{"item": {"sku": "TEST-CORN"}, "quantity": "4"}]}
        self.assertEqual(self.call("POST", "/availability/holds", hold).status_code, 200)
        self.run_feed()
        self.assertEqual(self.told(self.corn), ["100", "90", "86"])
        held = self.env["dist.availability.hold"].search([("reference", "=", "CART-1")])
        past = held.expires_at - timedelta(days=1)
        held.write({"expires_at": past})
        held.line_ids.write({"expires_at": past})
        self.run_feed()
        self.run_feed()
        self.assertEqual(self.told(self.corn), ["100", "90", "86", "90"])

    def test_rules(self):
        """C5: a new rule is told of every item it changes."""
        self.env["dist.availability.rule"].create({"channel_id": self.channel.id, "buffer": 30})
        self.run_feed()
        self.assertEqual((self.told(self.corn), self.told(self.gloves)), (["100", "70"], ["30", "0"]))

    def test_own_channel_alone(self):
        """C5: a shop hears of its own channel alone."""
        other, _client, _key = self.make_shop("OTHER")
        self.make_channel(other)
        self.change(self.corn, -1)
        self.run_feed()
        item = self.env["dist.availability.item"].search([("product_id", "=", self.corn.id)])
        self.assertEqual(item.channel_id, self.channel)
        messages = self.env["dist.message"].search([("message_type_id.code", "=", "availability.changed")])
        self.assertEqual(messages.system_id, self.system)

    def test_archived(self):
        """C5: an item that is not sold any more is sold out."""
        self.corn.active = False
        self.change(self.corn, -1)
        self.run_feed()
        self.assertEqual(self.told(self.corn), ["100", "0"])


@tagged("post_install", "-at_install")
class TestFeedOff(CommerceCase):
    def test_nothing_is_noted(self):
        """C5: while no channel listens, changes of stock leave no trace and cost nothing."""
        self.env.cr.execute("SELECT count(*) FROM dist_availability_touch")
        before = self.env.cr.fetchone()
        self.set_stock(self.corn, -1)
        self._commit_events()
        self.env.cr.execute("SELECT count(*) FROM dist_availability_touch")
        self.assertEqual(self.env.cr.fetchone(), before)
