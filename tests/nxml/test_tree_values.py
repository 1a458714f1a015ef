"""Trees are values: they survive JSON and pickling, compare, and can be shown, however deep the document is."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from nexus_jupyter.nxml import NexusPanelAST, Program, compile_program, load_program, read

CORPUS = Path(__file__).parents[1] / "corpus"
DOCUMENTS = [*sorted((CORPUS / "panels").glob("*.nxml")), *sorted((CORPUS / "dialects").glob("*.nxml"))]
DEEPEST = f"<NexusPanel><View>{'<Layout>' * 197}<Text>a {{1}}</Text>{'</Layout>' * 197}</View></NexusPanel>"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.stem)
def test_a_tree_is_a_value(path: Path) -> None:
    ast = read(path.read_text(encoding="utf-8")).ast
    assert ast.panel is not None  # what is worked out once must not get in the way
    assert NexusPanelAST.model_validate_json(ast.model_dump_json()) == ast
    assert NexusPanelAST.model_validate(ast.model_dump()) == ast
    again = pickle.loads(pickle.dumps(ast))
    assert again == ast
    assert again.panel.attributes == ast.panel.attributes
    assert copy.deepcopy(ast) == ast
    program = compile_program(ast)
    assert pickle.loads(pickle.dumps(program)) == program
    assert Program.model_validate_json(program.model_dump_json()) == program


def test_the_deepest_tree_is_a_value() -> None:
    reading = read(DEEPEST)
    ast = reading.ast
    assert reading.ok
    assert len(ast.nodes) == 201
    assert len(ast.path(199).split("/")) == 200
    assert NexusPanelAST.model_validate_json(ast.model_dump_json()) == ast
    assert pickle.loads(pickle.dumps(ast)) == ast
    assert copy.deepcopy(ast) == ast
    assert repr(ast).count("Layout") == 197
    assert repr(ast.element(199)) == "<Text at line 1>"


def test_the_deepest_program_is_a_value() -> None:
    """A program is a tree of objects, unlike the flat table it is made from."""
    program, _ = load_program(DEEPEST)
    assert Program.model_validate(json.loads(program.model_dump_json())) == program


def test_a_tree_cannot_be_changed() -> None:
    ast = read("<NexusPanel/>").ast
    with pytest.raises(ValueError, match="frozen"):
        ast.root = None  # type: ignore[misc]
