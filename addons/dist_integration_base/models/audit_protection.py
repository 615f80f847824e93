"""What the database itself does for the audit trail: it refuses whatever would change it, also to whoever speaks SQL
as Odoo's own role. Installed with the tables, and compared with what is there when the trail is verified.
"""

FUNCTIONS = {
    "dist_audit_refuse": """
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % of % is refused', TG_OP, TG_TABLE_NAME;
END
""",
    # the noted end goes forward to the newest seal, and nowhere else
    "dist_audit_forward": """
BEGIN
    IF NOT EXISTS (SELECT FROM dist_audit_seal WHERE number = NEW.number AND hash = NEW.hash)
        OR EXISTS (SELECT FROM dist_audit_seal WHERE number > NEW.number)
        OR EXISTS (SELECT FROM dist_audit_head WHERE number >= NEW.number OR TG_OP = 'INSERT')
    THEN
        RAISE EXCEPTION 'The audit trail is append-only: its end only moves to a newer seal';
    END IF;
    RETURN NEW;
END
""",
    # a text goes once an entry tells that it was erased
    "dist_audit_erase": """
BEGIN
    IF TG_OP = 'UPDATE' OR NOT EXISTS (
        SELECT FROM dist_audit_entry
        WHERE action = 'erased' AND res_model = 'dist.audit.entry' AND res_id = OLD.entry_id
          AND digests::jsonb -> 'changes' @> jsonb_build_array(jsonb_build_object('field', OLD.name)))
    THEN
        RAISE EXCEPTION 'The audit trail is append-only: its texts are erased by the dialog alone';
    END IF;
    RETURN OLD;
END
""",
}
# table to (name, when, for each, function) of its triggers, in PostgreSQL's own order of words
TRIGGERS = {
    "dist_audit_entry": [
        ("dist_audit_entry_append_only", "BEFORE DELETE OR UPDATE", "ROW", "dist_audit_refuse"),
        ("dist_audit_entry_not_emptied", "BEFORE TRUNCATE", "STATEMENT", "dist_audit_refuse"),
    ],
    "dist_audit_text": [
        ("dist_audit_text_append_only", "BEFORE DELETE OR UPDATE", "ROW", "dist_audit_erase"),
        ("dist_audit_text_not_emptied", "BEFORE TRUNCATE", "STATEMENT", "dist_audit_refuse"),
    ],
    "dist_audit_seal": [
        ("dist_audit_seal_append_only", "BEFORE DELETE OR UPDATE", "ROW", "dist_audit_refuse"),
        ("dist_audit_seal_not_emptied", "BEFORE TRUNCATE", "STATEMENT", "dist_audit_refuse"),
    ],
    "dist_audit_head": [
        ("dist_audit_head_forward", "BEFORE INSERT OR UPDATE", "ROW", "dist_audit_forward"),
        ("dist_audit_head_kept", "BEFORE DELETE", "ROW", "dist_audit_refuse"),
        ("dist_audit_head_not_emptied", "BEFORE TRUNCATE", "STATEMENT", "dist_audit_refuse"),
    ],
}


def protect(cr, table):
    """Install the triggers of a table, and the functions they call."""
    for name, body in FUNCTIONS.items():
        cr.execute(  # pylint: disable=sql-injection
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS %s", (body,)
        )
    for trigger in TRIGGERS[table]:
        cr.execute(f"DROP TRIGGER IF EXISTS {trigger[0]} ON {table}")  # pylint: disable=sql-injection
        cr.execute(_define(table, *trigger))  # pylint: disable=sql-injection


def find_gaps(cr):
    """Compare what is in the database with what was installed.

    A trigger counts when it is on its table, switched on, without a condition, and calls the function of this
    addon; a function when its text is ours and nothing changes what its names mean.

    :return: list of the names of triggers and functions that are missing, switched off or not ours
    """
    cr.execute(
        """
        SELECT pg_get_triggerdef(oid, true) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
        """
    )
    enabled = {row[0] for row in cr.fetchall()}
    cr.execute(
        """
        SELECT proname, prosrc FROM pg_proc JOIN pg_language ON pg_language.oid = prolang
        WHERE proname IN %s AND lanname = 'plpgsql' AND pronargs = 0 AND proconfig IS NULL
          AND pg_function_is_visible(pg_proc.oid)
        """,
        (tuple(FUNCTIONS),),
    )
    sources = dict(cr.fetchall())
    triggers = [
        trigger[0]
        for table, rows in TRIGGERS.items()
        for trigger in rows
        if _define(table, *trigger) not in enabled
    ]
    return triggers + [name for name, body in FUNCTIONS.items() if sources.get(name) != body]


def _define(table, name, when, level, function):
    """:return: the definition of a trigger, as PostgreSQL gives it back"""
    return f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {level} EXECUTE FUNCTION {function}()"
