"""The store: appended to, read, migrated; the same on SQLite and PostgreSQL."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from lychgate.reports import evidence
from lychgate.reports.evidence.checking import check
from lychgate.reports.evidence.databases import Address, StoreError
from lychgate.reports.evidence.record import genesis
from lychgate.reports.evidence.schema import HEAD, metadata
from lychgate.reports.evidence.store import Appended, Store
from sqlalchemy import inspect, text

from lychgate.model.errors import InputError
from tests.reports.evidence.postgresql import Server
from tests.reports.evidence.records import entry, fill


def test_records_are_chained_and_read_as_they_were_written(store: Store) -> None:
    assert store.append([entry(1), entry(2)]) == [Appended(1, True), Appended(2, True)]
    assert store.append([entry(3)]) == [Appended(3, True)]
    with store.read() as snapshot:
        rows = list(snapshot.rows())
        headers = [row.header(snapshot.id) for row in rows]
        assert [row.hash for row in rows] == [one.hash for one in headers]
        assert [one.previous for one in headers] == [genesis(snapshot.id), *(one.hash for one in headers[:-1])]
        assert headers[1].facts == entry(2).facts and headers[0].recorded_at == "2026-03-01T12:01:00.000000Z"
        assert [row.content() for row in rows] == [entry(number).document for number in (1, 2, 3)]
        assert snapshot.row(2) == rows[1] and snapshot.row(9) is None


def test_the_same_document_is_recorded_once(store: Store) -> None:
    store.append([entry(1), entry(2)])
    assert store.append([entry(2), entry(3), entry(3)]) == [Appended(2, False), Appended(3, True), Appended(3, False)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence_record SET tenants = '' WHERE sequence = 2",
        "DELETE FROM evidence_record WHERE sequence = 3",
        "DELETE FROM evidence_record",
        "UPDATE evidence_store SET id = 'x'",
        "DELETE FROM evidence_store",
        "INSERT INTO evidence_record SELECT 9, previous, 'x', recorded_at, 'y', 1, kind, stacks, applications, tenants,"
        ' environment, "commit", branch, pipeline, requester, told_by, decision, outcome, ruleset, judged_at, NULL,'
        " document FROM evidence_record WHERE sequence = 1",
    ],
)
def test_the_database_itself_refuses_what_is_not_appended(store: Store, statement: str) -> None:
    fill(store, 3)
    with pytest.raises(StoreError, match="evidence"), store.pruning() as chain:
        chain.connection.execute(text(statement))
    with store.read() as snapshot:
        assert len(list(snapshot.rows())) == 3


def test_all_of_a_call_is_recorded_or_nothing(store: Store) -> None:
    broken = entry(2, branch="\ud800")
    with pytest.raises(ValueError):
        store.append([entry(1), broken])
    with store.read() as snapshot:
        assert snapshot.newest() is None


def test_migrations_go_up_from_empty_and_again(address: str) -> None:
    first = Store.open(address, create=True)
    fill(first, 2)
    again = Store.open(address, create=True)
    with first.read() as one, again.read() as other:
        assert one.id == other.id and len(list(other.rows())) == 2
    made = inspect(again.engine)
    for table in metadata.sorted_tables:
        assert [one["name"] for one in made.get_columns(table.name)] == [one.name for one in table.columns]


def test_the_newest_migration_is_the_one_that_is_read() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(evidence.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_store_of_another_version_is_not_read(store: Store, address: str) -> None:
    with store.engine.connect().execution_options(writing=True) as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for create in (False, True):
        with pytest.raises(InputError, match="version 9999"):
            Store.open(address, create=create)


def test_no_store_is_made_by_reading(address: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no store of evidence"):
        Store.open(address)
    assert not any(tmp_path.iterdir())


def test_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "new" / "evidence.db"), create=True)
    with store.pruning():
        modes = {name: (tmp_path / "new" / name).stat().st_mode & 0o777 for name in os.listdir(tmp_path / "new")}
    assert len(modes) == 3 and set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    "given",
    ["mysql://u:hunter2@h/d", "postgresql://u:hunter2/x@h:y/d", "sqlite:///:memory:", "sqlite://"],
)
def test_what_is_no_address_is_not_repeated(given: str) -> None:
    with pytest.raises(InputError) as caught:
        Address.of(given)
    assert "hunter2" not in str(caught.value)


def test_a_password_is_never_shown() -> None:
    address = Address.of("postgresql://u:hunter%402@127.0.0.1:1/d?sslpassword=hunter3")
    assert address.shown == "postgresql://u:***@127.0.0.1:1/d"
    assert address.redact("no: hunter@2 hunter%402 hunter3") == "no: *** *** ***"
    with pytest.raises(StoreError) as caught:
        Store.open(address)
    assert "refused" in str(caught.value) and "hunter" not in str(caught.value)


@pytest.mark.database
def test_a_role_that_may_only_add_records_is_enough(postgresql: Server) -> None:
    owner = postgresql.database()
    store = Store.open(owner, create=True)
    fill(store, 2)
    postgresql.sql("DROP ROLE IF EXISTS recorder; CREATE ROLE recorder LOGIN")
    postgresql.sql("GRANT USAGE ON SCHEMA public TO recorder; GRANT SELECT ON ALL TABLES IN SCHEMA public TO recorder")
    postgresql.sql("GRANT INSERT ON evidence_record TO recorder")
    writer = Store.open(owner.replace("lychgate@", "recorder@"), create=True)
    assert writer.append([entry(1), entry(7)]) == [Appended(2, False), Appended(3, True)]
    with pytest.raises(StoreError, match="permission denied"), writer.pruning() as chain:
        chain.delete_to(1)
    with writer.read() as snapshot:
        assert check(snapshot.rows(), snapshot.id).count == 3
