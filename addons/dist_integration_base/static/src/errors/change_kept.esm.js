/** @odoo-module **/

import {RedirectWarningDialog} from "@web/core/errors/error_dialogs";
import {registry} from "@web/core/registry";

/** A change that was kept as a change request: says so, with a button that opens the request. */
export class ChangeKeptDialog extends RedirectWarningDialog {
    setup() {
        super.setup();
        const {action, button} = this.props.data.context;
        this.actionId = action;
        this.buttonText = button;
    }
}

registry
    .category("error_dialogs")
    .add("odoo.addons.dist_integration_base.models.dist_guarded_mixin.ChangeKept", ChangeKeptDialog);
