"""What is kept of a person's answer: a record that counts only as it was written, for whom and what it was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nexus_jupyter import CapabilityError, Panel
from nexus_jupyter.panel.grant_store import grant_store

from .conftest import NOTEBOOK
from .notes import READ, document, granted, records


def denied_now(source: str) -> bool:
    with Panel(source) as panel:
        try:
            panel.call("go")
        except CapabilityError:
            return True
        return False


def test_a_kept_record_is_the_users_alone_and_on_the_disk(attended: Path) -> None:
    granted(document(READ))[0].close()
    (record,) = records(attended)
    key = attended / "grants" / "key"
    assert [oct(path.stat().st_mode & 0o777) for path in (record, key, key.parent)] == ["0o600", "0o600", "0o700"]
    assert json.loads(record.read_text())["grant"]["notebook"] == NOTEBOOK
    assert not denied_now(document(READ))


def edits(record: dict[str, object]) -> dict[str, dict[str, object]]:
    """Records that say something else than what was signed."""
    grant = dict(record["grant"])  # type: ignore[call-overload]
    (demand,) = grant["demands"]
    other = {
        "unsigned": {"grant": grant, "signature": ""},
        "no signature": {"grant": grant},
        "more in it": {**record, "more": 1},
        "wider": {**record, "grant": {**grant, "demands": [{**demand, "capabilities": ["fs:read", "fs:write"]}]}},
        "nothing": {},
    }
    return other


@pytest.mark.parametrize("edit", ["unsigned", "no signature", "more in it", "wider", "nothing"])
def test_a_forged_record_counts_for_nothing(attended: Path, edit: str) -> None:
    granted(document(READ))[0].close()
    (record,) = records(attended)
    record.write_text(json.dumps(edits(json.loads(record.read_text()))[edit]))
    assert denied_now(document(READ))


def test_no_byte_of_a_record_can_be_changed(attended: Path) -> None:
    granted(document(READ))[0].close()
    (record,) = records(attended)
    text = record.read_bytes()
    for at in range(0, len(text), 7):
        record.write_bytes(text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])
        assert grant_store.find(NOTEBOOK, "p") is None, text[at : at + 20]
    record.write_bytes(text)
    assert grant_store.find(NOTEBOOK, "p") is not None


def test_a_document_with_one_byte_changed_is_another(attended: Path) -> None:
    granted(document(READ))[0].close()
    assert denied_now(document(READ).replace("hello", "hellp"))
    assert not denied_now(document(READ))


def test_a_notebook_that_was_copied_has_nothing(attended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    granted(document(READ))[0].close()
    (record,) = records(attended)
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/copy.ipynb")
    assert denied_now(document(READ))
    # not even when the record is put where the copy's would be
    granted(document(READ))[0].close()
    (copied,) = [each for each in records(attended) if each != record]
    copied.write_bytes(record.read_bytes())
    assert denied_now(document(READ))


def test_another_panels_record_counts_for_nothing(attended: Path) -> None:
    granted(document(READ))[0].close()
    (record,) = records(attended)
    granted(document(READ, id="other"))[0].close()
    (others,) = [each for each in records(attended) if each != record]
    others.write_bytes(record.read_bytes())
    assert denied_now(document(READ, id="other"))


def test_another_users_record_counts_for_nothing(attended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    granted(document(READ))[0].close()
    monkeypatch.setenv("JUPYTERHUB_USER", "eve")
    assert denied_now(document(READ))


def test_another_key_signs_nothing(attended: Path) -> None:
    granted(document(READ))[0].close()
    key = attended / "grants" / "key"
    before = key.read_bytes()
    key.write_bytes(bytes(len(before)))
    assert denied_now(document(READ))
    key.unlink()
    assert denied_now(document(READ))
    key.write_bytes(before)
    key.chmod(0o644)
    assert denied_now(document(READ)), "others could have read it"
    granted(document(READ))[0].close()
    assert key.read_bytes() != before, "a new one is made"
    assert not denied_now(document(READ))


def test_a_record_that_is_no_file_or_no_json_counts_for_nothing(attended: Path) -> None:
    granted(document(READ))[0].close()
    (record,) = records(attended)
    text = record.read_bytes()
    for broken in (b"", b"[" * 100_000, b"\xff\xfe", text[:-1]):
        record.write_bytes(broken)
        assert denied_now(document(READ))
    record.unlink()
    elsewhere = attended / "elsewhere.json"
    elsewhere.write_bytes(text)
    record.symlink_to(elsewhere)
    assert denied_now(document(READ))


def test_where_nothing_can_be_written_it_is_kept_in_this_process(attended: Path) -> None:
    attended.write_text("a file where the folder should be")
    panel, _ = granted(document(READ))
    panel.close()
    with Panel(document(READ)) as again:
        assert again.call("go")
        again.revoke()
