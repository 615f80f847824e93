import gzip
import hashlib
import json
import os

from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import Receiver
from odoo.addons.dist_integration_base.tests.folders import FolderMixin

from .export_common import ExportCase

FLOWS = ("planning.export.file", "planning.export.completed")


@tagged("post_install", "-at_install")
class TestPlanningPush(FolderMixin, ExportCase):
    """Exports that are sent by themselves, over the endpoints that all messages take."""

    def _connect(self, url, **values):
        endpoint = self._make_endpoint(self.system, url, **values)
        for code in FLOWS:
            self._make_flow(self.system, code, endpoint_id=endpoint.id)
        return endpoint

    def _open_folder(self):
        """:return: path of a folder that endpoints may write to"""
        path = self._open_base() / "out"
        path.mkdir()
        return str(path)

    def _push(self, endpoint):
        export = self._export()
        self._commit_events()
        self._drain(endpoint)
        return export

    def test_folder(self):
        """P1, M9: the files lie in the folder under their own names, the list of them comes last."""
        folder = self._open_folder()
        endpoint = self._connect("out", transport="folder", content="data", lanes=1)
        self._put(self.tape, 3)
        export = self._push(endpoint)
        found = os.listdir(folder)
        names = export.file_ids.mapped("name")
        self.assertLessEqual(set(names), set(found))
        (other,) = set(found) - set(names)
        with open(os.path.join(folder, other), encoding="utf-8") as file:
            manifest = json.load(file)
        self.assertEqual(manifest["export"], export.name)
        for entry in manifest["files"]:
            with open(os.path.join(folder, entry["name"]), "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).hexdigest(), entry["sha256"])
        messages = self.env["dist.message"].search([("endpoint_id", "=", endpoint.id)], order="id")
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(messages[-1].message_type_id.code, "planning.export.completed")
        self.assertEqual(set(messages[:-1].mapped("message_type_id.code")), {"planning.export.file"})

    def test_folder_of_a_platform(self):
        """P1: a platform's folder gets the files that its mapping names; the next export replaces them."""
        folder = self._open_folder()
        self.source.mapping_id = self.env.ref("dist_integration_planning.mapping_frepple")
        endpoint = self._connect("out", transport="folder", content="data")
        self._push(endpoint)
        self.tape.name = "Renamed"
        self._push(endpoint)
        with open(os.path.join(folder, "item.csv"), encoding="utf-8") as file:
            self.assertIn("Renamed", file.read())

    def test_http(self):
        """P1: over HTTP the file is the body, with its name."""
        with Receiver() as receiver:
            endpoint = self._connect(receiver.url)
            export = self._push(endpoint)
            bodies = {headers.get("Content-Disposition"): body for headers, body in receiver.calls}
        file = self._get_file(export, "units")
        body = bodies[f'attachment; filename="{file.name}"']
        self.assertEqual(hashlib.sha256(body).hexdigest(), file.checksum)
        self.assertTrue(gzip.decompress(body))
        envelope = json.loads(bodies[None])
        self.assertEqual(
            (envelope["type"], envelope["data"]["export"]), ("planning.export.completed", export.name)
        )

    def test_again(self):
        """M5, P1: a file that could not be sent is sent again, the same."""
        with Receiver() as receiver:
            receiver.answers = [503]
            endpoint = self._connect(receiver.url, lanes=1)
            self._push(endpoint)
            self.env["dist.message"].search([("state", "=", "retry")]).action_retry()
            self._drain(endpoint)
            self.assertEqual(receiver.calls[0][1], receiver.calls[1][1])
        messages = self.env["dist.message"].search([("endpoint_id", "=", endpoint.id)])
        self.assertEqual(set(messages.mapped("state")), {"done"})
