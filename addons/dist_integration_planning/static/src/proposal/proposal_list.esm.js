/** @odoo-module **/

import {ListController} from "@web/views/list/list_controller";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";

/** Says with each button what the list shows of the chosen proposals: nothing is approved that was not seen. */
export class ProposalListController extends ListController {
    async beforeExecuteActionButton(clickParams) {
        const goesOn = await super.beforeExecuteActionButton(clickParams);
        const terms = this.model.root.selection.map(({resId, data}) => [resId, data.terms]);
        clickParams.buttonContext = {...clickParams.buttonContext, planning_terms: terms};
        return goesOn;
    }
}

registry.category("views").add("dist_planning_proposal_list", {...listView, Controller: ProposalListController});
