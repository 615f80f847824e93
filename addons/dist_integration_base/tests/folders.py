import tempfile
from pathlib import Path
from unittest import mock

from odoo.addons.dist_integration_base.models import dist_endpoint_transport


class FolderMixin:
    """A base folder as the server's configuration would name it, and endpoints below it."""

    def _open_base(self):
        """:return: path of a new base folder, opened for the time of the test"""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        sections = {"dist_integration": {"folder_base": folder.name}}
        patch = mock.patch.object(
            dist_endpoint_transport, "get_config_section", lambda name: sections.get(name, {})
        )
        patch.start()
        self.addCleanup(patch.stop)
        return Path(folder.name)

    def _make_folder_endpoint(self, system, base, directory, **values):
        """:return: (dist.endpoint, path of its folder)"""
        path = base / directory
        path.mkdir(parents=True)
        endpoint = self.env["dist.endpoint"].create(
            {
                "name": directory,
                "system_id": system.id,
                "transport": "folder",
                "url": directory,
                "quiet_seconds": 0,
                **values,
            }
        )
        return endpoint, path
