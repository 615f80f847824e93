"""What Odoo's extraction of translatable terms cannot read, and where its translation finds no language."""

import ast

from suite import paths

FRAMES = (ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


def formatted_strings(tree):
    """Yield the lines of calls of `_` with a formatted string among their arguments."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_":
            arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
            if any(isinstance(node, ast.JoinedStr) for argument in arguments for node in ast.walk(argument)):
                yield call.lineno


def without_language(tree):
    """Yield the lines of frames of their own that call `_` and do not know the record whose language it asks for."""
    for frame in ast.walk(tree):
        if isinstance(frame, FRAMES):
            inside = list(ast.walk(frame))
            names = {node.id for node in inside if isinstance(node, ast.Name)}
            called = {
                node.func.id for node in inside if isinstance(node, ast.Call) and hasattr(node.func, "id")
            }
            if "_" in called and "self" not in names:
                yield frame.lineno


def found_in_addons(search):
    files = [path for path in paths.ROOT.glob("addons/*/**/*.py") if "tests" not in path.parts]
    assert len(files) > 100
    return [f"{path.name}:{line}" for path in files for line in search(ast.parse(path.read_text()))]


def test_terms_can_be_extracted():
    """O2: one formatted string among the arguments of `_` and no term of the whole file would be extracted."""
    assert not found_in_addons(formatted_strings)
    assert list(formatted_strings(ast.parse('_("a %s", f"{b}")'))) == [1]


def test_terms_are_translated():
    """O2: `_` looks for the language at `self` of the frame that calls it; a comprehension has a frame of its own."""
    assert not found_in_addons(without_language)
    assert list(without_language(ast.parse('[_("a") for b in c]'))) == [1]
    assert not list(without_language(ast.parse('[_("a %s", self.d(b)) for b in c]')))
