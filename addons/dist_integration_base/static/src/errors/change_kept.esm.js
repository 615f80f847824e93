/** @odoo-module **/

import {RedirectWarningDialog} from "@web/core/errors/error_dialogs";
import {registry} from "@web/core/registry";

// A change that was kept as a change request: says so, with a button that opens the request
registry
    .category("error_dialogs")
    .add("odoo.addons.dist_integration_base.models.dist_guarded_mixin.ChangeKept", RedirectWarningDialog);
