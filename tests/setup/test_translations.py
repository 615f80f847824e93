"""What Odoo's extraction of translatable terms cannot read."""

import ast

from suite import paths


def formatted_strings(tree):
    """Yield the lines of calls of `_` with a formatted string among their arguments."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_":
            arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
            if any(isinstance(node, ast.JoinedStr) for argument in arguments for node in ast.walk(argument)):
                yield call.lineno


def test_terms_can_be_extracted():
    """O2: one formatted string among the arguments of `_` and no term of the whole file would be extracted."""
    files = [path for path in paths.ROOT.glob("addons/*/**/*.py") if "tests" not in path.parts]
    assert len(files) > 100
    found = [
        f"{path.name}:{line}" for path in files for line in formatted_strings(ast.parse(path.read_text()))
    ]
    assert not found
    assert list(formatted_strings(ast.parse('_("a %s", f"{b}")'))) == [1]
