"""M9: files over SFTP, against OpenSSH's own server, and in a folder of this machine; the same rules for both."""

import dataclasses
import os
import socket
import threading
import time

import paramiko
import pytest
from dist_integration_base.lib import errors
from dist_integration_base.lib.transports import FolderSettings, Places, SftpSettings
from dist_integration_base.lib.transports.files import check_folder, check_template, safe_name
from dist_integration_base.lib.transports.sftp import fetch_host_key, fingerprint

LOCAL = ["127.0.0.0/8"]

PLACES = Places(quiet_seconds=0)


@pytest.fixture(params=["sftp", "folder"])
def place(request, tmp_path):
    """(settings, folder that they mean)."""
    if request.param == "sftp":
        sshd = request.getfixturevalue("sshd")
        return sftp(sshd), sshd.files
    (tmp_path / "base" / "partner").mkdir(parents=True)
    return FolderSettings(str(tmp_path / "base"), "partner", PLACES), tmp_path / "base" / "partner"


def sftp(sshd, **changes):
    settings = SftpSettings(
        sshd.url,
        username=sshd.user,
        private_key=sshd.private_key,
        host_key=sshd.host_key,
        timeout=5,
        networks=LOCAL,
        places=PLACES,
    )
    return dataclasses.replace(settings, **changes)


def everything(_name, _kind):
    return True


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def take(settings, wanted=everything):
    taken = []
    with settings.open_source({}) as source:
        for batch in source.batches(wanted):
            taken += batch.items
            source.settle(batch)
    return taken


def test_written_under_its_final_name(place, message):
    """M9: complete or not there at all; the same message again replaces itself."""
    settings, folder = place
    with settings.open() as session:
        for _attempt in range(2):
            assert session.send(message(1)).outcome == "success"
        assert session.send(message(2)).outcome == "success"
    assert names(folder) == ["order.confirmed-msg_1.json", "order.confirmed-msg_2.json"]
    assert (folder / "order.confirmed-msg_1.json").read_bytes() == b'{"number": 1}'


def test_name_from_a_document(place, message):
    """M9: whatever a document is called, its file stays in the folder."""
    settings, folder = place
    places = dataclasses.replace(PLACES, file_name="{key}-{id}.json")
    with dataclasses.replace(settings, places=places).open() as session:
        result = session.send(message(1, names={"id": "msg_1", "key": "../../etc/SO/1"}))
    assert result.outcome == "success"
    assert names(folder) == ["etc_SO_1-msg_1.json"]


def test_folder_is_missing(place, message):
    """M7: a missing directory defers the message."""
    settings, folder = place
    folder.rmdir()
    with settings.open() as session:
        assert (session.send(message()).outcome, session.send(message()).code) == ("retryable", "file")


def test_taken_and_archived(place):
    """M9: oldest first, archived under its time, with a key that a copy of the file shares."""
    settings, folder = place
    for age, name in ((50, "b.json"), (100, "a.json")):
        (folder / name).write_text(name)
        os.utime(folder / name, (time.time() - age,) * 2)
    taken = take(settings)
    assert [item.name for item in taken] == ["a.json", "b.json"]
    assert [item.body for item in taken] == [b"a.json", b"b.json"]
    assert names(folder) == []
    assert [name.rsplit("-", 1)[1] for name in names(folder / "archive")] == ["a.json", "b.json"]
    assert take(settings) == []


def test_killed_between_store_and_archive(place):
    """M7: what was claimed and not settled comes again, first, under the same key."""
    settings, folder = place
    (folder / "one.json").write_text("1")
    with settings.open_source({}) as source:
        first = next(source.batches(everything))
    assert names(folder / "work") == ["one.json"]
    (folder / "two.json").write_text("2")
    again = take(settings)
    assert [item.name for item in again] == ["one.json", "two.json"]
    assert again[0] == first.items[0]


def test_same_name_again(place):
    """M9: one name that comes every day is another message each time, and the archive keeps each."""
    settings, folder = place
    keys = set()
    for day in range(3):
        (folder / "ORDERS.json").write_text(str(day))
        keys.add(take(settings)[0].key)
    assert len(keys) == 3
    assert len(names(folder / "archive")) == 3


def test_not_taken(place):
    """M9: what is unfinished, was just changed, is for nobody, is a folder or a link stays where it is."""
    settings, folder = place
    settings = dataclasses.replace(settings, places=dataclasses.replace(PLACES, quiet_seconds=30))
    old = time.time() - 60
    for name in ("ready.json", "half.json.part", ".hidden", "other.csv"):
        (folder / name).write_text("x")
        os.utime(folder / name, (old, old))
    (folder / "new.json").write_text("x")
    (folder / "folder.json").mkdir()
    (folder / "link.json").symlink_to("/etc/passwd")
    taken = take(settings, lambda name, _kind: name.endswith(".json"))
    assert [item.name for item in taken] == ["ready.json"]
    assert (folder / "link.json").is_symlink()


def test_too_large(place):
    """M9: what is too large goes to the folder for errors, and is said to be."""
    settings, folder = place
    settings = dataclasses.replace(settings, places=dataclasses.replace(PLACES, max_bytes=1000))
    (folder / "fits.json").write_text("x" * 1000)
    (folder / "large.json").write_text("x" * 1001)
    taken = {item.name: item for item in take(settings)}
    assert len(taken["fits.json"].body) == 1000
    assert not taken["fits.json"].refused
    assert "1000 bytes" in taken["large.json"].refused
    assert len(names(folder / "error")) == len(names(folder / "archive")) == 1


def test_two_at_once(place):
    """M9: the claim itself keeps two who fetch from one folder at once from taking one file."""
    settings, folder = place
    for number in range(20):
        (folder / f"{number:02}.json").write_text(str(number))
    taken = {0: [], 1: []}
    with settings.open_source({}) as first, settings.open_source({}) as second:
        sources = {0: first, 1: second}
        batches = {number: source.batches(everything) for number, source in sources.items()}
        while batches:
            for number in list(batches):
                batch = next(batches[number], None)
                if batch is None:
                    del batches[number]
                    continue
                taken[number].append(batch.items[0].name)
                sources[number].settle(batch)
    assert len(taken[0]) == len(taken[1]) == 10
    assert len({*taken[0], *taken[1]}) == 20
    assert len(names(folder / "archive")) == 20


# -- SFTP ----------------------------------------------------------------------------------------------------


def test_host_key_is_pinned(sshd, message):
    """M9: without an approved key, or with another one, nothing is sent."""
    shown = fetch_host_key(sftp(sshd, host_key=""))
    assert shown == sshd.host_key
    assert fingerprint(shown).startswith("SHA256:")
    with sftp(sshd, host_key="").open() as session:
        assert session.send(message()).code == "host_key"
    sshd.stop()
    sshd.make_host_key()
    before = sftp(sshd, host_key=shown)
    sshd.start()
    with before.open() as session:
        result = session.send(message())
    assert (result.outcome, result.code) == ("retryable", "host_key")
    assert fingerprint(sshd.host_key) in result.detail
    assert names(sshd.files) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"username": "nobody-here"}, "authentication"),
        ({"private_key": "", "password": "wrong"}, "authentication"),
        ({"url": "sftp://127.0.0.1:9/x"}, "connect"),
        ({"networks": ()}, "address_refused"),
    ],
)
def test_sftp_failures(sshd, message, changes, code):
    """M9: what is wrong, in words."""
    with sftp(sshd, **changes).open() as session:
        result = session.send(message())
    assert result.code == code, result


def test_connection_is_cut(sshd, message):
    """M7: a cut connection defers the message; the next attempt opens a new one."""
    with sftp(sshd).open() as session:
        assert session.send(message(1)).outcome == "success"
        assert sshd.cut()
        assert session.send(message(2)).outcome == "retryable"
        assert session.send(message(2)).outcome == "success"
    assert names(sshd.files) == ["order.confirmed-msg_1.json", "order.confirmed-msg_2.json"]


def test_cut_off_while_logging_in(message):
    """M7: a connection that ends during login says nothing of the credential: no person is called for it."""
    key = paramiko.ECDSAKey.generate()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        class CutsOff(paramiko.ServerInterface):
            def get_allowed_auths(self, _username):
                return "password"

            def check_auth_password(self, _username, _password):
                connection.shutdown(socket.SHUT_RDWR)
                return paramiko.AUTH_FAILED

        def serve():
            nonlocal connection
            connection, _address = listening.accept()
            transport = paramiko.Transport(connection)
            transport.add_server_key(key)
            transport.start_server(server=CutsOff())
            transport.join(10)

        connection = None
        thread = threading.Thread(target=serve)
        thread.start()
        url = f"sftp://127.0.0.1:{listening.getsockname()[1]}/"
        host_key = f"{key.get_name()} {key.get_base64()}"
        settings = SftpSettings(url, "user", "secret", host_key=host_key, timeout=5, networks=LOCAL)
        with settings.open() as session:
            result = session.send(message())
        thread.join(15)
    assert (result.outcome, result.code) == ("retryable", "connect")


def test_fingerprint_of_nonsense():
    for text in ("", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa !!!"):
        with pytest.raises(errors.ConfigurationError):
            fingerprint(text)


# -- folder --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("directory", ["../other", "a/../../b", "/etc", "", ".", "a//b", "x\x00"])
def test_no_way_out_of_the_base(tmp_path, directory, message):
    """M9: a directory never leads out of the base folder."""
    with FolderSettings(str(tmp_path), directory, PLACES).open() as session:
        result = session.send(message())
    assert (result.outcome, result.code) == ("retryable", "invalid_folder")


def test_link_out_of_the_base(tmp_path, message):
    """M9: nor does a link."""
    (tmp_path / "base").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "base" / "partner").symlink_to(tmp_path / "other")
    with FolderSettings(str(tmp_path / "base"), "partner", PLACES).open() as session:
        assert session.send(message()).code == "invalid_folder"
    (tmp_path / "base" / "real").mkdir()
    (tmp_path / "base" / "real" / "archive").symlink_to(tmp_path / "other")
    (tmp_path / "base" / "real" / "x.json").write_text("x")
    with pytest.raises(errors.Refused):
        take(FolderSettings(str(tmp_path / "base"), "real", PLACES))
    assert names(tmp_path / "other") == []


def test_no_base_is_configured(message):
    with FolderSettings("", "partner").open() as session:
        assert session.send(message()).code == "no_folder_base"


def test_templates_and_names():
    check_template("{type}-{id}.json")
    for template in ("{type}.json", "../{id}", "a/{id}", ".{id}"):
        with pytest.raises(errors.ConfigurationError):
            check_template(template)
    for folder in ("../x", "/x", "a/./b", ""):
        with pytest.raises(errors.ConfigurationError):
            check_folder(folder)
    assert safe_name("S/2024\\ü 1") == "S_2024_1"
    assert safe_name("..") == "_"
