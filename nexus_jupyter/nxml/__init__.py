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
from .cache import ASTCache, CacheMetrics
from .checks import RULES, ASTValidator, Rule
from .compile import compile_program
from .completion import Completions, complete
from .completion_item import Completion
from .equality import same_meaning
from .fixing import apply_fixes
from .format import format_document
from .hover import Hover, hover
from .lexer import Lexer
from .limits import DEFAULT_LIMITS, Limits
from .parser import Parser
from .program import Program
from .reading import CACHE, Reading, load_program, read, read_afresh

__all__ = [
    "CACHE",
    "DEFAULT_LIMITS",
    "RULES",
    "ASTCache",
    "ASTValidator",
    "Attribute",
    "CacheMetrics",
    "CommentNode",
    "Completion",
    "Completions",
    "Element",
    "ElementNode",
    "Expression",
    "Hover",
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
    "apply_fixes",
    "compile_program",
    "complete",
    "format_document",
    "hover",
    "load_program",
    "read",
    "read_afresh",
    "same_meaning",
]
