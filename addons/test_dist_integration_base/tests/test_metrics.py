from collections import defaultdict
from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistHttpCase

from .operations import OperationsMixin


@tagged("post_install", "-at_install")
class TestMetrics(OperationsMixin, DistHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        _system, cls.monitor, cls.key = cls._make_system("Monitoring", ["metrics"])
        cls.system, cls.client, cls.shop_key = cls._make_system(
            "Metered", ["test:write", "test:read"], ["partner.submit"]
        )
        cls.endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.outbound = cls._make_flow(cls.system, "partner.changed", endpoint_id=cls.endpoint.id)

    def _scrape(self):
        """:return: dict, metric family to dict, labels to value, as Prometheus' own parser reads it"""
        response = self._call("GET", "/metrics", key=self.key)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        samples = defaultdict(dict)
        for family in text_string_to_metric_families(response.text):
            self.assertTrue(family.documentation)
            for sample in family.samples:
                key = frozenset(sample.labels.items())
                self.assertNotIn(key, samples[sample.name])
                samples[sample.name][key] = sample.value
        return samples

    def _get(self, samples, name, **labels):
        return sum(value for key, value in samples[name].items() if set(labels.items()) <= key)

    def test_traffic(self):
        """X4: what was stored, tried and delivered, read by Prometheus' own parser."""
        self._make_past(self.outbound, ["done", "done", "dead", "pending"], seconds=2)
        samples = self._scrape()
        of_system = {"system": "metered", "direction": "out"}
        self.assertEqual(self._get(samples, "dist_messages_total", type="partner.changed", **of_system), 4)
        self.assertEqual(self._get(samples, "dist_attempts_total", outcome="success", **of_system), 2)
        self.assertEqual(self._get(samples, "dist_attempts_total", outcome="rejected", **of_system), 1)
        self.assertEqual(self._get(samples, "dist_delivery_latency_seconds_count", **of_system), 2)
        self.assertEqual(self._get(samples, "dist_delivery_latency_seconds_sum", **of_system), 4)
        for bound, number in (("1", 0), ("2", 2), ("60", 2), ("+Inf", 2)):
            found = self._get(samples, "dist_delivery_latency_seconds_bucket", le=bound, **of_system)
            self.assertEqual(found, number, bound)
        self.assertEqual(self._get(samples, "dist_pending_messages", **of_system), 1)
        self.assertGreaterEqual(self._get(samples, "dist_oldest_pending_seconds", **of_system), 600)
        self.assertEqual(self._get(samples, "dist_dead_letters", **of_system), 1)
        self.assertEqual(self._get(samples, "dist_endpoints", system="metered", state="active"), 1)

    def test_refused(self):
        """X4: what was refused and its sender told is counted apart: every failed one has an exception."""
        for name in ("Turned away", "Blocked"):
            self._call("POST", "/test/partners", {"external_id": name, "name": name}, self.shop_key)
        samples = self._scrape()
        self.assertEqual(self._get(samples, "dist_refused_messages", system="metered"), 1)
        self.assertEqual(self._get(samples, "dist_dead_letters", system="metered", direction="in"), 1)

    def test_calls(self):
        """X4, M4, M5: requests, their duration, repetitions and what did not fit."""
        before = self._scrape()
        body = {"external_id": "M-1", "name": "Meter"}
        for _time in range(2):
            self._call("POST", "/test/partners", body, self.shop_key, Idempotency_Key="m-1")
        self._call("POST", "/test/partners", {"x": 1}, self.shop_key)
        self._call("POST", "/test/partners", b"{", self.shop_key)
        self._call("GET", "/test/partners/none", key=self.shop_key)
        self._call("GET", "/test/partners/none", key="dist_nobody")
        after = self._scrape()

        def grown(name, **labels):
            return self._get(after, name, **labels) - self._get(before, name, **labels)

        submit = {"operation": "submit_partner"}
        self.assertEqual(grown("dist_api_requests_total", **submit), 4)
        self.assertEqual(grown("dist_api_requests_total", status="200", **submit), 2)
        self.assertEqual(grown("dist_api_request_duration_seconds_count", **submit), 4)
        self.assertEqual(grown("dist_api_idempotent_replays_total", **submit), 1)
        self.assertEqual(grown("dist_api_validation_errors_total", **submit), 2)
        self.assertEqual(grown("dist_api_problems_total", operation="get_partner", code="not_found"), 1)
        self.assertEqual(grown("dist_api_requests_total", operation="get_partner", status="401"), 1)

    def test_monotonic(self):
        """X4: counters never fall, whatever was counted in between."""
        self._make_past(self.outbound, ["done", "dead"])
        self._call("POST", "/test/partners", {"external_id": "M-2", "name": "Meter"}, self.shop_key)
        former = self._scrape()
        self.env["dist.traffic"]._cron_count()
        self.env["dist.traffic"]._widen(5, 60, "hour", timedelta(hours=-2))
        self._make_past(self.outbound, ["done"])
        samples = self._scrape()
        for name, values in former.items():
            if name.endswith(("_total", "_bucket", "_count", "_sum")):
                for key, value in values.items():
                    self.assertGreaterEqual(samples[name].get(key, -1), value, (name, key))

    def test_no_record_in_a_label(self):
        """X4: labels name kinds and systems, so that series do not grow with the business."""
        self._make_past(self.outbound, ["done", "pending"])
        known = {"system", "type", "direction", "outcome", "operation", "status", "code", "state"}
        known |= {"category", "channel", "le"}
        for name, values in self._scrape().items():
            for key in values:
                self.assertLessEqual({label for label, _value in key}, known, name)

    def test_who_may(self):
        """G8: only with the scope; and only figures of the companies of the client's user."""
        self.assertEqual(self._call("GET", "/metrics", key=self.shop_key).status_code, 403)
        self.assertEqual(self._call("GET", "/metrics").status_code, 401)
        company = self.env["res.company"].create({"name": "Other"})
        system, _client, _key = self._make_system("Elsewhere", company_id=company.id)
        endpoint = self._make_endpoint(system, "http://127.0.0.1:9/hook")
        self._make_past(self._make_flow(system, "partner.changed", endpoint_id=endpoint.id), ["dead"])
        samples = self._scrape()
        for values in samples.values():
            self.assertFalse([key for key in values if ("system", "elsewhere") in key])
        self.monitor.user_id.company_ids |= company
        self.assertEqual(self._get(self._scrape(), "dist_dead_letters", system="elsewhere"), 1)
