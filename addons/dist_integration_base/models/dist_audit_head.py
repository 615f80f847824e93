from odoo import fields, models

from .dist_audit_entry import APPEND_ONLY

# goes forward to the newest seal, and nowhere else
FORWARD = """
CREATE OR REPLACE FUNCTION dist_audit_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM dist_audit_seal WHERE number = NEW.number AND hash = NEW.hash)
        OR EXISTS (SELECT FROM dist_audit_seal WHERE number > NEW.number)
        OR EXISTS (SELECT FROM dist_audit_head WHERE number >= NEW.number OR TG_OP = 'INSERT')
    THEN
        RAISE EXCEPTION 'The audit trail is append-only: its end only moves to a newer seal';
    END IF;
    RETURN NEW;
END $$
"""
TRIGGERS = """
DROP TRIGGER IF EXISTS dist_audit_head_forward ON dist_audit_head;
CREATE TRIGGER dist_audit_head_forward BEFORE INSERT OR UPDATE ON dist_audit_head
    FOR EACH ROW EXECUTE FUNCTION dist_audit_forward();
DROP TRIGGER IF EXISTS dist_audit_head_kept ON dist_audit_head;
CREATE TRIGGER dist_audit_head_kept BEFORE DELETE ON dist_audit_head
    FOR EACH ROW EXECUTE FUNCTION dist_audit_refuse();
DROP TRIGGER IF EXISTS dist_audit_head_not_emptied ON dist_audit_head;
CREATE TRIGGER dist_audit_head_not_emptied BEFORE TRUNCATE ON dist_audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION dist_audit_refuse();
"""


class DistAuditHead(models.Model):
    """The end of the chain, noted beside it: the number of entries shows when the last ones are missing.

    Signed with the encryption key of the server's configuration, where there is one: who can only write to the
    database cannot note another end. The database lets it go forward only.
    """

    _name = "dist.audit.head"
    _description = "End of the audit trail"
    _log_access = False

    number = fields.Integer(required=True)
    hash = fields.Char(required=True)
    proof = fields.Char()

    def init(self):
        self.env.cr.execute(APPEND_ONLY)
        self.env.cr.execute(FORWARD)
        self.env.cr.execute(TRIGGERS)
