"""M9: files over SFTP, against OpenSSH's own server, and in a folder of this machine; the same rules for both."""

import dataclasses
import os
import socket
import threading
import time

import paramiko
import pytest
from dist_integration_base.lib import errors
from dist_integration_base.lib.transports import FileBody, FolderSettings, Places, SftpSettings
from dist_integration_base.lib.transports.files import check_folder, check_template, safe_name
from dist_integration_base.lib.transports.sftp import fetch_host_key, fingerprint

LOCAL = ["127.0.0.0/8"]

PLACES = Places(quiet_seconds=0)


@pytest.fixture(params=["sftp", "sftp without posix-rename", "folder"])
def place(request, tmp_path, monkeypatch):
    """(settings, folder that they mean)."""
    if request.param != "folder":
        sshd = request.getfixturevalue("sshd")
        if request.param != "sftp":
            forget_posix_rename(monkeypatch)
        return sftp(sshd), sshd.files
    (tmp_path / "base" / "partner").mkdir(parents=True)
    return FolderSettings(str(tmp_path / "base"), "partner", PLACES), tmp_path / "base" / "partner"


def forget_posix_rename(monkeypatch):
    """Ask OpenSSH's server by a name that it does not know, which it answers as one without the extension does."""
    request = paramiko.SFTPClient._request

    def ask(client, kind, *arguments):
        asked = ["unknown@openssh.com" if one == "posix-rename@openssh.com" else one for one in arguments]
        return request(client, kind, *asked)

    monkeypatch.setattr(paramiko.SFTPClient, "_request", ask)


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


def test_file_that_is_too_large_for_memory(place, message, tmp_path):
    """M9, P1: a file goes as it is read, under its own name, over the one before."""
    settings, folder = place
    content = tmp_path / "content"
    for text in (b"first " * 900_000, b"second " * 500_000):
        content.write_bytes(text)
        body = FileBody(str(content), len(text))
        with settings.open() as session:
            assert session.send(message(body=body, file_name="../item.csv")).outcome == "success"
        assert names(folder) == ["item.csv"]
        assert (folder / "item.csv").read_bytes() == text
    with pytest.raises(errors.InvalidRequest):
        body.read_all(10)


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


def test_from_the_future(place):
    """M9: a file whose time has not come waits, and somebody is told; the others are taken."""
    settings, folder = place
    for name in ("future.json", "ready.json"):
        (folder / name).write_text("x")
    later = time.time() + 7200
    os.utime(folder / "future.json", (later, later))
    with pytest.raises(errors.Refused, match="future.json: it was changed at .* not come yet"):
        take(settings)
    assert len(names(folder / "archive")) == 1
    assert names(folder) == ["future.json"]


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


def put(folder, name, text="x", age=0):
    """Write a file whose name is given in bytes, as another system may have named it."""
    path = os.path.join(os.fsencode(folder), name)
    with open(path, "w") as file:
        file.write(text)
    os.utime(path, (time.time() - age,) * 2)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"order-\xe4.json", "order-\\xe4.json"),
        (b"a\nb\x1b.json", "a\\nb\\x1b.json"),
        (b"\xff" * 250, "\\xff" * 250),
    ],
)
def test_name_that_is_no_text(place, name, shown):
    """M9, M7: a name that cannot be shown is put aside under one that can, and the others go on."""
    settings, folder = place
    put(folder, name, age=100)
    put(folder, b"fine.json")
    refused, fine = take(settings)
    assert (fine.name, fine.refused) == ("fine.json", "")
    assert refused.name == shown
    assert shown in refused.refused
    (kept,) = names(folder / "error")
    assert kept.endswith(shown.replace("\\", "_")[-100:])
    assert names(folder) == names(folder / "work") == []


def test_name_that_is_no_text_is_for_nobody(place):
    """M9: what no flow takes stays, whatever it is called."""
    settings, folder = place
    put(folder, b"order-\xe4.csv")
    assert take(settings, lambda name, _kind: name.endswith(".json")) == []
    assert os.listdir(os.fsencode(folder)).count(b"order-\xe4.csv") == 1


@pytest.mark.parametrize("name", ["\u4e2d" * 85, "x" * 255, "a\\..\\b.json", "  .json"])
def test_unusual_names(place, name):
    """M9: the longest names, other scripts, another system's separator: taken and archived."""
    settings, folder = place
    put(folder, name.encode())
    (item,) = take(settings)
    assert (item.name, item.refused) == (name, "")
    assert len(names(folder / "archive")) == 1


def test_long_names_with_the_same_content(place):
    """M5: two files whose long names differ at the end are two messages, even with one content."""
    settings, folder = place
    for number in range(2):
        put(folder, f"{'x' * 120}{number}.json".encode(), age=50)
    assert len({item.key for item in take(settings)}) == 2
    assert len(names(folder / "archive")) == 2


def test_archived_before(place):
    """M7: a file that came before, to the second and the byte, is archived over itself."""
    settings, folder = place
    stamp = time.time() - 100
    keys = set()
    for _time in range(2):
        (folder / "one.json").write_text("1")
        os.utime(folder / "one.json", (stamp, stamp))
        keys.add(take(settings)[0].key)
    assert len(keys) == len(names(folder / "archive")) == 1


def test_archive_that_is_a_file(place):
    """M9: where no folder for what was taken can be, nothing is taken, and its name is told."""
    settings, folder = place
    for name in ("archive", "x.json"):
        (folder / name).write_text("x")
    with pytest.raises(errors.Refused, match="archive"):
        take(settings)
    assert names(folder) == ["archive", "x.json"]


def test_archive_that_vanishes(place):
    """M9: a file that cannot be put away is not taken for one that somebody else took: it is told of."""
    settings, folder = place
    put(folder, b"x.json", age=10)
    with pytest.raises(errors.Refused, match="Is there a folder archive"), settings.open_source({}) as source:
        for batch in source.batches(everything):
            (folder / "archive").rmdir()
            source.settle(batch)
    assert names(folder / "work") == ["x.json"]


def test_file_that_vanishes(place):
    """M7: a claimed file that somebody takes away, before it is read or after, does not hold up the others."""
    settings, folder = place
    for number, age in enumerate((30, 20, 10)):
        put(folder, f"{number}.json".encode(), age=age)
    (folder / "work").mkdir()
    put(folder, b"work/claimed.json", age=50)
    taken = []
    with settings.open_source({}) as source:
        get = source._get_store().get

        def lose(path, limit):
            if path in ("work/claimed.json", "work/0.json"):
                (folder / path).unlink()
            return get(path, limit)

        source._get_store().get = lose
        for batch in source.batches(everything):
            taken += batch.items
            (folder / "work" / "1.json").unlink(missing_ok=True)
            source.settle(batch)
    assert [item.name for item in taken] == ["1.json", "2.json"]
    assert len(names(folder / "archive")) == 1


def test_claimed_for_a_flow_that_is_gone(place):
    """M7: what a killed worker had claimed and nobody takes any more stays, is told of, and the others go on."""
    settings, folder = place
    (folder / "work").mkdir()
    put(folder, b"work/old.csv")
    put(folder, b"new.json")
    taken = []
    with settings.open_source({}) as source, pytest.raises(errors.Refused, match="old.csv"):
        for batch in source.batches(lambda name, _kind: name.endswith(".json")):
            taken += batch.items
            source.settle(batch)
    assert [item.name for item in taken] == ["new.json"]
    assert names(folder / "work") == ["old.csv"]


def test_file_that_cannot_be_moved(place):
    """M7: a file that the system does not let be read or moved is told of, and the others go on."""
    settings, folder = place
    for name, age in ((b"closed.json", 50), (b"stuck.json", 40), (b"fine.json", 30)):
        put(folder, name, age=age)
    taken = []
    with (
        settings.open_source({}) as source,
        pytest.raises(errors.Refused, match="(?s)closed.json.*stuck.json"),
    ):
        store = source._get_store()
        get, replace = store.get, store.replace

        def refuse_reading(path, limit):
            if path == "work/closed.json":
                raise errors.Refused(f"{path}: Permission denied", code="file")
            return get(path, limit)

        def refuse_moving(path, target):
            if path == "work/stuck.json":
                raise errors.Refused(f"{path}: Operation not permitted", code="file")
            replace(path, target)

        store.get, store.replace = refuse_reading, refuse_moving
        for batch in source.batches(everything):
            taken += batch.items
            source.settle(batch)
    assert [item.name for item in taken] == ["stuck.json", "fine.json"]
    assert names(folder / "work") == ["closed.json", "stuck.json"]


def test_claimed_file_is_not_written_over(place):
    """M7: what was claimed and cannot be read is not lost to a new file of its name, which waits."""
    settings, folder = place
    (folder / "work").mkdir()
    put(folder, b"work/x.json", "old", age=20)
    for name in (b"x.json", b"y.json"):
        put(folder, name, "new", age=10)
    with settings.open_source({}) as source, pytest.raises(errors.Refused, match="x.json"):
        get = source._get_store().get

        def refuse(path, limit):
            if path == "work/x.json":
                raise errors.Refused(f"{path}: Permission denied", code="file")
            return get(path, limit)

        source._get_store().get = refuse
        for batch in source.batches(everything):
            source.settle(batch)
    assert (folder / "work" / "x.json").read_text() == "old"
    assert names(folder) == ["x.json"]
    assert sorted(item.body for item in take(settings)) == [b"new", b"old"]


def test_name_too_long_in_bytes(place, message):
    """M9: a name is as long as its bytes: one that no system takes is refused, not tried for ever."""
    settings, folder = place
    for template, outcome in (("\u4e2d" * 80 + "-{id}", "success"), ("\u4e2d" * 90 + "-{id}", "rejected")):
        places = dataclasses.replace(PLACES, file_name=template)
        with dataclasses.replace(settings, places=places).open() as session:
            assert session.send(message(1)).outcome == outcome
    assert len(names(folder)) == 1


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


def test_connection_is_cut_while_fetching(sshd):
    """M7: a cut connection ends the fetch and is told as such, not as the fault of each file that is left."""
    for number in range(5):
        put(sshd.files, f"{number}.json".encode(), age=10)
    with pytest.raises((errors.ConnectError, errors.ProtocolError)), sftp(sshd).open_source({}) as source:
        for batch in source.batches(everything):
            assert sshd.cut()
            while source._store._transport.is_active():
                time.sleep(0.01)
            source.settle(batch)
    assert len(take(sftp(sshd))) == 5


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


@pytest.mark.parametrize(
    ("archive", "error"),
    [("../evil", "error"), ("archive", "a/../../evil"), ("/evil", "error"), ("", "error"), ("work", "error")]
    + [("archive", "Work"), ("work/x", "error"), ("archive", "archive"), ("archive", "Archive")],
)
def test_folders_that_files_must_not_go_to(place, archive, error):
    """M9: nothing is taken before it is known where it goes: not outside, not to be taken again."""
    settings, folder = place
    (folder / "x.json").write_text("x")
    with pytest.raises(errors.ConfigurationError):
        take(dataclasses.replace(settings, places=Places(archive=archive, error=error, quiet_seconds=0)))
    assert [path.name for path in folder.iterdir()] == ["x.json"]


def test_no_path_leads_up(tmp_path):
    """M9: the store of a folder opens nothing above it, whoever asks."""
    (tmp_path / "base" / "partner").mkdir(parents=True)
    (tmp_path / "base" / "secret").write_text("x")
    store = FolderSettings(str(tmp_path / "base"), "partner", PLACES).connect()
    for act in (
        lambda: store.get("../secret", 10),
        lambda: store.put("../x", b"x"),
        lambda: store.list(".."),
        lambda: store.make_folder("../evil"),
        lambda: store.replace("../secret", "secret"),
    ):
        with pytest.raises(errors.ConfigurationError):
            act()
    store.close()
    assert names(tmp_path / "base") == ["secret"]


def test_no_base_is_configured(message):
    with FolderSettings("", "partner").open() as session:
        assert session.send(message()).code == "no_folder_base"


def test_templates_and_names():
    check_template("{type}-{id}.json")
    for template in ("{type}.json", "../{id}", "a/{id}", ".{id}"):
        with pytest.raises(errors.ConfigurationError):
            check_template(template)
    for folder in ("../x", "/x", "a/./b", "", "..\\x", "a\\..\\..\\x"):
        with pytest.raises(errors.ConfigurationError):
            check_folder(folder)
    assert safe_name("S/2024\\ü 1") == "S_2024_1"
    assert safe_name("..") == "_"
