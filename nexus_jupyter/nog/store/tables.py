"""The one schema of the store, for SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, MetaData, String, Table, Text

SCHEMA = 1
"""Raised with every change of the tables; a store of a newer one is refused, an older one is brought forward."""

metadata = MetaData()

# single values by name: schema, epoch, clean
meta = Table("nexus_meta", metadata, Column("name", String(64), primary_key=True), Column("value", Text, nullable=False))

# what led to each revision of the workspace: a WorkspaceRevision as JSON
revisions = Table(
    "nexus_revision",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("time", Float, nullable=False),
)

# the whole workspace at a revision: a WorkspaceSnapshot as JSON
snapshots = Table(
    "nexus_snapshot",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("time", Float, nullable=False),
)

# ``place`` keeps the order in which proposals were made
proposals = Table(
    "nexus_proposal",
    metadata,
    Column("place", Integer, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("body", Text, nullable=False),
)

reviewers = Table(
    "nexus_reviewer",
    metadata,
    Column("place", Integer, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("body", Text, nullable=False),
    Column("jwk", Text, nullable=False),
)

nonces = Table(
    "nexus_nonce",
    metadata,
    Column("nonce", String(64), primary_key=True),
    Column("statement", Text, nullable=False),
    Column("expires", Float, nullable=False, index=True),
)
