"""Asks, proposals and their review, between the AI, the workspace and the reviewer."""
