from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.screens import ScreensMixin

from .common import EdiCase

MODULE = "dist_integration_edi"
# made when the screen is opened
NO_FORMS = {"dist.edi.upload"}


@tagged("post_install", "-at_install")
class TestEveryScreen(ScreensMixin, EdiCase):
    """Interchanges that were taken, refused and sent, looked at by people who have one right only."""

    def setUp(self):
        super().setUp()
        self.users = self._make_screen_users()
        self.agree(self.profile, "out", "855")
        _receiver, endpoint = self.make_receiver("edi.acknowledgement", "purchase.acknowledgement")
        self.take(self.x12(self.order_850("P1"), control=7))
        bad = [segment.replace("20260302", "20261302") for segment in self.order_850("P2")]
        self.take(self.x12(bad, control=8))
        self.deliver(endpoint)
        self.env.flush_all()

    def test_every_screen(self):
        """E1, E5, E6, E9: each opens for whoever sees its menu, with filters, forms and buttons."""
        self._check_reachable(MODULE, self.users)
        opened = self._check_menus(MODULE, self.users)
        self._check_all_opened(MODULE, opened, but=NO_FORMS)

    def test_queue(self):
        """X1, M10: so do the screens of the framework."""
        self._check_menus("dist_integration_base", self.users)
