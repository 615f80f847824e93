from . import dist_audit_verify
