"""Sealed values: opened by the right key for the right row, and refused in every other case."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import Corrupted, StartRefused
from sluicegate.vault import Vault, decrypt, encrypt, open_master_key

MASTER = bytes(range(32))
ROW = ("access_keys", "AKIAIOSFODNN7EXAMPLE")
SECRET = b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@given(st.binary(max_size=200), st.text(), st.lists(st.text(), min_size=1, max_size=4))
def test_what_is_sealed_opens_again(clear: bytes, purpose: str, row: list[str]) -> None:
    sealed = Vault(MASTER).seal(purpose, tuple(row), clear)
    assert Vault(MASTER).open(purpose, tuple(row), sealed) == clear


def test_a_sealed_value_does_not_show_what_it_hides_and_is_never_the_same_twice() -> None:
    vault = Vault(MASTER)
    one, other = vault.seal("secret", ROW, SECRET), vault.seal("secret", ROW, SECRET)
    assert one != other
    assert SECRET not in one
    assert MASTER not in one


@given(st.data())
def test_a_flipped_bit_anywhere_is_found(data: st.DataObject) -> None:
    vault = Vault(MASTER)
    sealed = bytearray(vault.seal("secret", ROW, SECRET))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Corrupted):
        vault.open("secret", ROW, bytes(sealed))


@pytest.mark.parametrize("length", [0, 1, 4, 5, 16, 17, 32, 33])
def test_a_shortened_value_is_found(length: int) -> None:
    vault = Vault(MASTER)
    with pytest.raises(Corrupted):
        vault.open("secret", ROW, vault.seal("secret", ROW, SECRET)[:length])


@pytest.mark.parametrize(
    "row",
    [
        ("access_keys", "AKIAI44QH8DHBEXAMPLE"),
        ("secrets", "AKIAIOSFODNN7EXAMPLE"),
        ("access_keys",),
        (*ROW, ""),
        ("access_keysAKIAIOSFODNN7EXAMPLE",),
    ],
)
def test_a_value_moved_to_another_row_does_not_open(row: tuple[str, ...]) -> None:
    vault = Vault(MASTER)
    with pytest.raises(Corrupted, match="was changed or moved"):
        vault.open("secret", row, vault.seal("secret", ROW, SECRET))


def test_a_value_sealed_for_another_purpose_does_not_open() -> None:
    vault = Vault(MASTER)
    with pytest.raises(Corrupted, match="was changed or moved"):
        vault.open("environment", ROW, vault.seal("secret", ROW, SECRET))


def test_a_value_sealed_with_another_master_key_says_so() -> None:
    sealed = Vault(bytes(32)).seal("secret", ROW, SECRET)
    with pytest.raises(Corrupted, match="not sealed with this master key"):
        Vault(MASTER).open("secret", ROW, sealed)


def test_neither_repr_nor_errors_show_a_key_or_a_secret() -> None:
    vault = Vault(MASTER)
    with pytest.raises(Corrupted) as caught:
        vault.open("secret", ("secrets", "1"), vault.seal("secret", ROW, SECRET))
    for shown in (repr(vault), str(vault), str(caught.value), repr(caught.value)):
        assert MASTER.hex()[:8] not in shown
        assert repr(MASTER)[2:20] not in shown
        assert SECRET.decode()[:8] not in shown


@given(st.binary(max_size=100), st.binary(max_size=50))
def test_a_ciphertext_under_a_callers_key_opens_with_the_same_key_and_context(
    clear: bytes, associated: bytes
) -> None:
    sealed = encrypt(MASTER, clear, associated)
    assert decrypt(MASTER, sealed, associated) == clear
    for key, context in ((bytes(32), associated), (MASTER, associated + b"x")):
        with pytest.raises(Corrupted, match="does not open"):
            decrypt(key, sealed, context)


@pytest.mark.parametrize("length", [0, 5, 12, 20])
def test_a_shortened_ciphertext_does_not_open(length: int) -> None:
    with pytest.raises(Corrupted, match="does not open"):
        decrypt(MASTER, encrypt(MASTER, SECRET, b"")[:length], b"")


def test_the_master_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    sealed = open_master_key(path).seal("secret", ROW, SECRET)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes()) == 32
    assert list(tmp_path.iterdir()) == [path]
    assert open_master_key(path).open("secret", ROW, sealed) == SECRET


def test_what_a_kill_left_of_making_the_key_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "master.draft").write_bytes(b"half a k")
    open_master_key(tmp_path / "master.key")
    assert len((tmp_path / "master.key").read_bytes()) == 32
    assert not (tmp_path / "master.draft").exists()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o604, 0o610])
def test_a_key_others_may_touch_stops_the_start(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    open_master_key(path)
    path.chmod(mode)
    with pytest.raises(StartRefused, match=r"must be owned by the user .* and have mode 0600"):
        open_master_key(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away needs root")
def test_a_key_of_another_user_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    open_master_key(path)
    os.chown(path, 65534, 65534)
    with pytest.raises(StartRefused, match="must be owned by the user who starts serve"):
        open_master_key(path)


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_stops_the_start(tmp_path: Path, length: int) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(bytes(length))
    path.chmod(0o600)
    with pytest.raises(StartRefused, match=f"must hold 32 bytes, not {length};"):
        open_master_key(path)


def test_a_key_behind_a_link_stops_the_start(tmp_path: Path) -> None:
    open_master_key(tmp_path / "elsewhere.key")
    (tmp_path / "master.key").symlink_to("elsewhere.key")
    with pytest.raises(StartRefused, match="cannot be opened"):
        open_master_key(tmp_path / "master.key")


def test_a_folder_in_the_keys_place_or_none_to_put_it_in_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "master.key").mkdir()
    for path in (tmp_path / "master.key", tmp_path / "nowhere" / "master.key"):
        with pytest.raises(StartRefused, match="cannot be opened"):
            open_master_key(path)


def test_two_that_make_the_key_at_once_get_the_same_one(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    code = (
        "import sys; from pathlib import Path; from sluicegate.vault import open_master_key;"
        "sys.stdin.read(); print(open_master_key(Path(sys.argv[1])))"
    )
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / name)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("master.key", "master.key")
    ]
    said = {maker.communicate()[0] for maker in makers}
    assert said == {f"{open_master_key(path)!r}\n"}
