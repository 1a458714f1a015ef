"""The notebook's face of panels."""
