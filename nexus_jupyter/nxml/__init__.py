"""The panel language: text to tree, diagnostics and program (NXML 1.0)."""

from .ast import (
    Attribute,
    CommentNode,
    Element,
    ElementNode,
    Expression,
    NexusPanelAST,
    Node,
    RawNode,
    TextNode,
)
from .checks import RULES, ASTValidator, Rule
from .compile import compile_program
from .lexer import Lexer
from .limits import DEFAULT_LIMITS, Limits
from .parser import Parser
from .program import Program
from .reading import Reading, load_program, read

__all__ = [
    "DEFAULT_LIMITS",
    "RULES",
    "ASTValidator",
    "Attribute",
    "CommentNode",
    "Element",
    "ElementNode",
    "Expression",
    "Lexer",
    "Limits",
    "NexusPanelAST",
    "Node",
    "Parser",
    "Program",
    "RawNode",
    "Reading",
    "Rule",
    "TextNode",
    "compile_program",
    "load_program",
    "read",
]
