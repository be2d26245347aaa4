"""A text column refuses the same on SQLite and on PostgreSQL; see `kit.storage.types`."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from subgraphs.kit.storage.session import Database
from subgraphs.kit.storage.types import LongText, String, UtcDateTime


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(5))
    body: Mapped[str | None] = mapped_column(LongText(8))
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    async with opened.transaction() as session:
        connection = await session.connection()
        await connection.run_sync(Base.metadata.create_all)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    "values",
    [{"title": "a" * 6}, {"title": "a\0"}, {"title": "\ud800"}, {"title": "a", "body": "b" * 9}, {"title": "a", "body": "\0"}],
    ids=["long", "NUL", "surrogate", "long text", "NUL in long text"],
)  # fmt: skip
async def test_what_postgresql_refuses_is_refused_by_both(database: Database, values: dict[str, str]) -> None:
    with pytest.raises(StatementError):
        async with database.transaction() as session:
            session.add(Note(id=1, **values))
    with pytest.raises(StatementError):
        async with database.transaction() as session:
            await session.execute(insert(Note).values(id=1, **values))
    async with database.transaction() as session:
        session.add(Note(id=1, title="\U0001f600" * 5))
    with pytest.raises(StatementError):
        async with database.transaction() as session:
            await session.execute(update(Note).values(**values))
    async with database.reading() as session:
        assert (await session.scalars(select(Note.title))).all() == ["\U0001f600" * 5]


async def test_a_look_up_may_be_longer_than_the_column_but_has_no_nul(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Note(id=1, title="abcde"))
    async with database.reading() as session:
        assert (await session.scalars(select(Note.id).where(Note.title == "abcdefghi"))).all() == []
        assert (await session.scalars(select(Note.id).where(Note.title.in_(["abcde", "abcdefghi"])))).all() == [1]
        assert (await session.scalars(select(Note.id).where(Note.title.icontains("ABCDE", autoescape=True)))).all() == [
            1
        ]
    for refused in ("a\0", "\ud800"):
        with pytest.raises(StatementError):
            async with database.reading() as session:
                await session.scalars(select(Note.id).where(Note.title == refused))


async def test_instants_of_early_years_sort_before_later_ones(database: Database) -> None:
    early = datetime(7, 1, 1, tzinfo=timezone(timedelta(hours=-1)))
    late = datetime(2026, 1, 1, tzinfo=UTC)
    async with database.transaction() as session:
        session.add_all([Note(id=1, title="a", at=late), Note(id=2, title="b", at=early)])
    async with database.reading() as session:
        assert (await session.scalars(select(Note.at).order_by(Note.at))).all() == [early, late]
