/** @odoo-module **/

import {Component, onMounted, onWillStart, onWillUnmount, useState} from "@odoo/owl";
import {formatNumber} from "@dist_integration_base/dashboard/format.esm";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

const REFRESH_SECONDS = 30;
const WAREHOUSE_KEY = "dist_warehouse_day";

/** What external warehouses have, owe and ask, and what they disagree about with Odoo. */
export class WarehouseDay extends Component {
    static template = "dist_integration_wms.WarehouseDay";
    static props = ["*"];

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.number = formatNumber;
        this.state = useState({
            warehouseId: Number(window.localStorage.getItem(WAREHOUSE_KEY)) || false,
            figures: null,
            failed: false,
        });
        this.onVisible = () => !document.hidden && this.load();
        onWillStart(() => this.load());
        onMounted(() => {
            this.timer = setInterval(this.onVisible, REFRESH_SECONDS * 1000);
            document.addEventListener("visibilitychange", this.onVisible);
        });
        onWillUnmount(() => {
            clearInterval(this.timer);
            document.removeEventListener("visibilitychange", this.onVisible);
        });
    }

    /** Fetch the figures; what comes late for a warehouse that is no longer shown is dropped. */
    async load() {
        const warehouseId = this.state.warehouseId;
        try {
            const figures = await this.orm.silent.call("dist.warehouse.day", "get_figures", [warehouseId]);
            if (warehouseId === this.state.warehouseId) {
                this.state.figures = figures;
                this.state.failed = false;
            }
        } catch (error) {
            if (!this.state.figures) {
                throw error;
            }
            this.state.failed = true;
        }
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
