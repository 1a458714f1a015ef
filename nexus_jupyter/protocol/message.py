"""What all messages have in common."""

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """A frozen value with exactly the fields it declares."""

    model_config = ConfigDict(frozen=True, extra="forbid")
