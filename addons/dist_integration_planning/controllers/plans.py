from odoo import http

from odoo.addons.dist_integration_base.controllers.api import api_route

from ..lib.plan_file import COLUMNS

TEXT = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": r"^\S(.*\S)?$"}
FILE_PARAMETERS = {
    "plan": {
        **TEXT,
        "description": "The sender's number of the plan; of a file of all kinds its manifest says it",
    },
    "kind": {
        "type": "string",
        "enum": ["plan", "forecast", "parameter", "proposal", "alert"],
        "description": "What the rows are. plan: JSON lines of all kinds, the first line the manifest. Left out: plan",
    },
    "name": {**TEXT, "maxLength": 100, "description": "Name of the file, told in what is wrong with it"},
}

COLUMNS_TEXT = "; ".join(
    f"{kind}: {', '.join(column.name + ' (needed)' * column.required for column in columns)}"
    for kind, columns in COLUMNS.items()
)


class PlanController(http.Controller):
    @api_route(
        "/plans",
        method="POST",
        message_type="plan.manifest",
        scope="plans:submit",
        summary="Say which files a plan consists of",
        description="A plan in several files: this names them with rows and checksums, before or after they are sent. "
        "Once all are there the plan is checked as a whole, and put in force or refused: poll the operation.",
        tag="Planning",
        statuses=(409,),
    )
    def submit_plan(self, call):
        return call.receive()

    @api_route(
        "/plans/files",
        method="POST",
        message_type="plan.file",
        scope="plans:submit",
        summary="Hand over a file of a plan",
        description="The body is JSON lines or CSV with a first line of names, also packed (`Content-Encoding: gzip`). "
        "A file of kind `plan` is JSON lines of all kinds, each with its `record` (forecast, parameter, proposal, "
        "alert); its first line is the manifest: `record`, `plan`, `planned_at`, `counts` and `sha256` of the lines "
        "behind it. The same file again changes nothing.\n\n"
        f"Columns of the rows: {COLUMNS_TEXT}.",
        parameters=FILE_PARAMETERS,
        required=(),
        upload=("application/x-ndjson", "text/csv"),
        tag="Planning",
        statuses=(409,),
    )
    def submit_plan_file(self, call):
        return call.receive_upload(dict(call.query))
