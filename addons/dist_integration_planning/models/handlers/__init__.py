from . import plan, plan_file, plan_manifest
