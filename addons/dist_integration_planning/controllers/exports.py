from odoo import _, http

from odoo.addons.dist_integration_base.controllers.api import api_route

TAG = "Planning"


class PlanningExportsController(http.Controller):
    @api_route(
        "/planning/exports",
        method="GET",
        scope="planning:read",
        summary="Exports for this planning platform",
        description="Newest first. Changes are told in a row: who has taken in `export` goes on with the one whose "
        "`manifest.previous` it is.",
        response_schema="planning.export.page",
        parameters={
            "status": {"type": "string", "enum": ["queued", "running", "done", "failed", "cancelled"]},
            "kind": {"type": "string", "enum": ["full", "delta"]},
            "cursor": {"type": "string", "maxLength": 400},
            "limit": {"type": "integer", "minimum": 1, "maximum": 200},
        },
        tag=TAG,
        statuses=(404,),
    )
    def list_planning_exports(self, call):
        domain = [("source_id", "=", _find_source(call).id)]
        for name, field in (("status", "state"), ("kind", "kind")):
            if name in call.query:
                domain.append((field, "=", call.query[name]))
        return call.paginate(
            "dist.planning.export",
            domain,
            lambda exports: [export._get_document() for export in exports],
            order="id desc",
        )

    @api_route(
        "/planning/exports",
        method="POST",
        request_schema="planning.export.request",
        response_schema="planning.export",
        scope="planning:export",
        summary="Ask for an export",
        description="`full` tells everything, `delta` what changed since the last export. It is made in the "
        "background: read it at `Location` until its `status` is `done`. Where one of the kind waits already, that one "
        "is answered.",
        tag=TAG,
        statuses=(404,),
        idempotent=True,
    )
    def request_planning_export(self, call):
        document, former_hash = call.env["dist.planning.export.request"]._answer(
            _find_source(call), call.payload["kind"], call.client, call.given_key, call.request_hash
        )
        if former_hash:
            call.check_same_request(former_hash)
        location = f"/dist/v1/planning/exports/{document['export']}"
        return call.answer(document, headers={"Location": location})

    @api_route(
        "/planning/exports/<string:export>",
        method="GET",
        scope="planning:read",
        summary="How far an export is, and its files",
        description="The manifest names each file with its rows, bytes and SHA-256.",
        response_schema="planning.export",
        tag=TAG,
        statuses=(404,),
        conditional=True,
    )
    def read_planning_export(self, call, export):
        document = _find_export(call, export)._get_document()
        return call.answer(document, etag=call.etag_of(document))

    @api_route(
        "/planning/exports/<string:export>/files/<string:name>",
        method="GET",
        scope="planning:read",
        summary="Fetch a file of an export",
        description="As it was made, packed or not; its SHA-256 is that of the manifest. `Range` is understood, so "
        "that a transfer that was cut can go on. 410: it is not kept any more, ask for a full export.",
        tag=TAG,
        statuses=(404, 410),
        media_type="application/octet-stream",
        conditional=True,
    )
    def fetch_planning_file(self, call, export, name):
        file = _find_export(call, export).file_ids.filtered(lambda file: file.name == name)
        if not file:
            raise call.problem(404, "not_found", _("The export has no file of this name."))
        attachment = file._find_attachments()[:1]
        if not attachment:
            raise call.problem(410, "gone", _("The file is not kept any more. Ask for a full export."))
        stream = call.env["ir.binary"]._record_to_stream(attachment, "raw")
        stream.etag = file.checksum
        response = stream.get_response(as_attachment=True)
        response.headers.update({**call.headers, "Cache-Control": "private, no-cache"})
        return response


def _find_source(call):
    """:return: dist.planning.source that the caller is
    :raises Problem: it is none
    """
    source = call.env["dist.planning.source"].search(
        [
            ("system_id", "=", call.system.id),
            ("company_id", "=", call.company_id),
            ("kind", "=", "external"),
        ]
    )
    if not source:
        raise call.problem(404, "no_source", _("You are no planning source here."))
    return source


def _find_export(call, name):
    export = call.env["dist.planning.export"].search(
        [
            ("name", "=", name),
            ("system_id", "=", call.system.id),
            ("company_id", "=", call.company_id),
        ]
    )
    if not export:
        raise call.problem(404, "not_found", _("There is no such export of yours."))
    return export
