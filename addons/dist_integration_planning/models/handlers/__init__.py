from . import plan, plan_file, plan_manifest
from . import plan_file_mapped  # isort: skip
