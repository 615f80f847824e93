/** @odoo-module **/

import {ReferenceField, referenceField} from "@web/views/fields/reference/reference_field";
import {registry} from "@web/core/registry";

/** A reference whose model another field of the record names: the person only chooses the record. */
export class RecordField extends ReferenceField {
    get hideModelSelector() {
        return true;
    }

    getRelation() {
        return this.props.record.data.mapping_model || false;
    }
}

export const recordField = {
    ...referenceField,
    component: RecordField,
    fieldDependencies: [{name: "mapping_model", type: "char"}],
};

registry.category("fields").add("dist_record", recordField);
