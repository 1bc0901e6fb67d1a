"""What every table shares: names that migrations can refer to, and kinds of columns."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, MetaData, Table
from sqlmodel import Field, SQLModel

from pipeline.store.connection.column_types import ExactText, JsonText


class Row(SQLModel):
    """Base of every table: names of constraints that migrations can refer to."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def table_of(row: type[Row]) -> Table:
    """The Core table of a row class: bulk writes go through Core, twenty times as fast."""
    return row.metadata.tables[str(row.__tablename__)]


def text_column(default: str | None = "") -> Any:
    return Field(default=default, sa_type=ExactText, nullable=default is None)


def json_column(kind: type[list[Any]] | type[dict[str, Any]]) -> Any:
    return Field(sa_column=Column(JsonText(kind), nullable=False))


def big_column() -> Any:
    """A count or amount of 64 bits that may be unknown."""
    return Field(default=None, sa_type=BigInteger, nullable=True)


def run_key() -> Any:
    """The run a row belongs to, first in its primary key."""
    return Field(foreign_key="run.id", primary_key=True, ondelete="CASCADE")
