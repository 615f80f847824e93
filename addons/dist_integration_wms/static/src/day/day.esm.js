/** @odoo-module **/

import {Component, useState} from "@odoo/owl";
import {formatNumber, formatShare} from "@dist_integration_base/dashboard/format.esm";
import {useFigures} from "@dist_integration_base/dashboard/figures.esm";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

const WAREHOUSE_KEY = "dist_warehouse_day";

/** What external warehouses have, owe and ask, and what they disagree about with Odoo. */
export class WarehouseDay extends Component {
    static template = "dist_integration_wms.WarehouseDay";
    static props = ["*"];

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.number = formatNumber;
        this.share = formatShare;
        this.state = useState({
            warehouseId: Number(window.localStorage.getItem(WAREHOUSE_KEY)) || false,
            figures: null,
            failed: false,
        });
        this.load = useFigures(this.state, "warehouseId", "dist.warehouse.day");
    }

    async choose(warehouseId) {
        window.localStorage.setItem(WAREHOUSE_KEY, warehouseId || "");
        this.state.warehouseId = warehouseId;
        await this.load();
    }

    /** Open the records behind a figure. */
    async open(figure, key = false) {
        const parameters = [figure, this.state.warehouseId, key];
        await this.action.doAction(
            await this.orm.call("dist.warehouse.day", "open_records", parameters)
        );
    }

    moment(text) {
        return luxon.DateTime.fromSQL(text, {zone: "utc"}).toLocal().toRelative();
    }

    /** Red when there is something, nothing special otherwise. */
    alert(number, color = "text-danger") {
        return number ? color : "";
    }
}

registry.category("actions").add("dist_warehouse_day", WarehouseDay);
