"""The checks of a document's meaning: one small rule for each thing that can be wrong."""

from .rule import RULES, Rule
from .validator import ASTValidator

__all__ = ["RULES", "ASTValidator", "Rule"]
