"""REST below ``/nexus/api/v1/``, without the proposals."""
