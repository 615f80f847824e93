from odoo.tests import tagged

from .common import SHIP, WmsCase, WmsHttpCase

# how many more are handled at once to see what each of them costs
FEW, MANY = 2, 10


@tagged("post_install", "-at_install")
class TestSpeed(WmsCase):
    """Queries are counted; times are the benchmarks' affair."""

    def test_release_adds_few_queries(self):
        """M1: a release costs a bounded number of queries, whatever the number of lines."""
        products = [self._make_product(f"Q-{number}") for number in range(10)]
        for product in products:
            self._put(product, 100)
        counts = []
        for number in (2, 10):
            self._sell(*((product, 1) for product in products[:number]))
            order = self.env["sale.order"].create(
                {
                    "partner_id": self.customer.id,
                    "warehouse_id": self.warehouse.id,
                    "order_line": [
                        (0, 0, {"product_id": product.id, "product_uom_qty": 1})
                        for product in products[:number]
                    ],
                }
            )
            order.action_confirm()
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env.cr.precommit.run()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
        self.assertLess(counts[0], 30, counts)


@tagged("post_install", "-at_install")
class TestSetsAtOnce(WmsHttpCase):
    """What many transfers have in common is read and written once; counted in queries that each one more needs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put(cls.tape, 1000)
        cls._put(cls.glove, 1000)

    def _sell_many(self, number):
        return [self._sell((self.tape, 2), (self.glove, 1)) for _number in range(number)]

    def _count(self, work, *args):
        """:return: queries of a piece of work that begins with nothing in memory"""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work(*args)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def _count_each(self, prepare, work):
        """:return: queries for each one more
        :param prepare: callable that takes a number and returns what `work` takes
        """
        work(prepare(1))
        few, many = (self._count(work, prepare(number)) for number in (FEW, MANY))
        return (many - few) / (MANY - FEW)

    def _prepare_confirmations(self, number):
        return [
            {
                "confirmation": f"Q-{next(self.numbers)}",
                "shipment": picking.name,
                "lines": [{"sku": "TAPE", "quantity": "2"}, {"sku": "GLOVE", "quantity": "1"}],
            }
            for picking in self._sell_many(number)
        ]

    def _prepare_coded(self, number):
        items = self._prepare_confirmations(number)
        for item in items:
            item["carrier"] = "VAN"
            for line in item["lines"]:
                line["unit"] = {"TAPE": "PC", "GLOVE": "DZ"}[line["sku"]]
        return items

    def _confirm(self, items):
        answer = self._assert_ok(self._call("POST", f"{SHIP}/bulk", {"items": items}, self.key))
        self.assertEqual({item["status"] for item in answer["items"]}, {200})

    def _prepare_done(self, number):
        pickings = self.env["stock.picking"].union(*self._sell_many(number))
        for move in pickings.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        return pickings

    def _do(self, pickings):
        pickings.with_context(dist_shipped_outside=True)._action_done()
        self._commit_events()

    def test_confirmations(self):
        """W2: to what Odoo itself needs to ship one more, a confirmation in bulk adds little: what it is stored with,
        and what was confirmed.
        """
        own = self._count_each(self._prepare_done, self._do)
        ours = self._count_each(self._prepare_confirmations, self._confirm)
        self.assertLess(ours - own, 8, (ours, own))

    def test_codes(self):
        """W2, M8: what units and carriers are called is looked up once for all confirmations of a call."""
        fee = self.env["product.product"].create({"name": "Delivery", "type": "service"})
        carrier = self.env["delivery.carrier"].create({"name": "Van", "product_id": fee.id})
        meanings = {
            ("carrier", "VAN"): carrier,
            ("unit", "DZ"): self.dozen,
            ("unit", "PC"): self.tape.uom_id,
        }
        for (domain, code), record in meanings.items():
            self._map_code(domain, code, record)
        asked, codes = [], type(self.env["dist.code.map"])
        find = codes._find_row

        def find_row(self, system, domain, code):
            asked.append((domain, code))
            return find(self, system, domain, code)

        self.patch(codes, "_find_row", find_row)
        self._confirm(self._prepare_coded(3))
        self.assertEqual(sorted(asked), sorted(meanings))

    def _prepare_wave(self, number):
        self.warehouse.dist_release_mode = "wave"
        self._sell_many(number)
        return self.warehouse._dist_get_ready({"wave"})

    def _release(self, pickings):
        self.env["dist.release.wave"]._make(self.warehouse, pickings)
        self._commit_events()
        self.assertEqual(set(pickings.mapped("dist_release_state")), {"requested"})

    def test_wave(self):
        """W1: of a wave most is read and written at once; one more delivery needs a few queries at most."""
        each = self._count_each(self._prepare_wave, self._release)
        self.assertLess(each, 4, each)
