"""The Jupyter Server's face of panels: REST, WebSocket, and the bridge to kernels."""
