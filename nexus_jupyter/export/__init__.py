"""The file's face: a panel as one HTML file that needs no kernel and no network."""

from .html import html_of, write_html

__all__ = ["html_of", "write_html"]
