"""SFTP servers: who they are is checked first, and what they refuse, grow or misname is told and left alone."""

import asyncssh
import pytest

from ingestion.errors import PullFailed


def test_an_unknown_server_gets_no_password_and_says_how_to_know_it(server):
    server.put("people.csv", b"id\n1\n")
    declared = server.location.pop("host_key")
    with pytest.raises(PullFailed, match=r"is not known here, so no password was sent") as caught:
        server.fetch()
    assert server.sign_ins == []
    fingerprint = server.host_key.get_fingerprint()
    assert f"It shows the key {fingerprint}" in str(caught.value)
    server.environ["CDP_HOST_KEY"] = str(caught.value).rpartition(": ")[2]
    server.location["host_key"] = declared
    assert server.fetch() == ["people.csv"]


def test_another_key_than_the_declared_one_gets_no_password(server):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    server.environ["CDP_HOST_KEY"] = other
    with pytest.raises(PullFailed, match=r"shows another key .* CDP_HOST_KEY, so nothing was sent"):
        server.fetch()
    assert server.sign_ins == []


def test_a_scan_with_comments_and_several_keys_is_understood(server):
    server.put("people.csv", b"id\n1\n")
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode().strip()
    key = server.environ["CDP_HOST_KEY"]
    server.environ["CDP_HOST_KEY"] = f"# shop:22 SSH-2.0\nshop {other}\n# again\nshop {key}\n"
    assert server.fetch() == ["people.csv"]


def test_a_declared_key_that_is_none(server):
    server.environ["CDP_HOST_KEY"] = "trust me"
    with pytest.raises(PullFailed, match=r"CDP_HOST_KEY holds no key of a server"):
        server.fetch()


def test_a_wrong_password_and_the_right_one(server):
    server.put("people.csv", b"id\n1\n")
    server.environ["CDP_PASSWORD"] = "guessed"
    with pytest.raises(
        PullFailed, match=r"refused the sign-in. Correct CDP_USER and CDP_PASSWORD, and run again"
    ):
        server.fetch()
    assert server.sign_ins == ["guessed"]  # not tried again: some servers lock the account
    server.environ["CDP_PASSWORD"] = "s3cret"
    assert server.fetch() == ["people.csv"]


@pytest.mark.parametrize("phrase", [None, "open sesame"])
def test_a_private_key_signs_in(server, tmp_path, phrase):
    server.put("people.csv", b"id\n1\n")
    key = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    server.keys.append(key.export_public_key().decode().strip())
    key.write_private_key(tmp_path / "key", "pkcs1-pem", passphrase=phrase)
    del server.location["password"]
    server.location["key_file"] = "CDP_KEY_FILE"
    server.environ["CDP_KEY_FILE"] = str(tmp_path / "key")
    if phrase:
        with pytest.raises(PullFailed, match=r"CDP_KEY_FILE cannot be used \(Password was not given"):
            server.fetch()
        server.location["password"] = "CDP_PASSWORD"
        server.environ["CDP_PASSWORD"] = phrase
    assert server.fetch() == ["people.csv"]


def test_a_private_key_that_is_not_there(server):
    del server.location["password"]
    server.location["key_file"] = "CDP_KEY_FILE"
    server.environ["CDP_KEY_FILE"] = "/nowhere/key"
    with pytest.raises(PullFailed, match=r"CDP_KEY_FILE cannot be used \(No such file or directory\)"):
        server.fetch()


def test_a_folder_that_is_not_there(server):
    server.location["url"] = server.location["url"].replace("exports", "elsewhere")
    with pytest.raises(PullFailed, match=r"elsewhere does not exist\. Correct `location\.url`"):
        server.fetch()


def test_one_denied_file_does_not_hold_up_the_others(server):
    server.put("people-1.csv", b"id\n1\n")
    server.put("people-2.csv", b"id\n2\n")
    server.denied.add("people-1.csv")
    with pytest.raises(PullFailed, match=r"1 file .* did not arrive: people-1.csv is not given") as caught:
        server.fetch()
    assert [file.file for file in caught.value.files] == ["shop/people-2.csv"]
    server.denied.clear()
    assert server.fetch() == ["people-1.csv"]


def test_a_denied_folder_is_told_and_the_others_are_read(server):
    server.put("a/people.csv", b"id\n1\n")
    server.put("b/people.csv", b"id\n2\n")
    server.denied.add("a")
    with pytest.raises(PullFailed, match=r"a/ is not given to this user") as caught:
        server.fetch("**/people.csv")
    assert [file.file for file in caught.value.files] == ["shop/b/people.csv"]
    server.denied.add("exports")
    with pytest.raises(PullFailed, match=r"may not be listed. Ask the server's operator"):
        server.fetch()


def test_folders_that_no_pattern_reaches_are_not_looked_into(server):
    server.put("people.csv", b"id\n1\n")
    server.put("private/notes.txt", b"")
    server.denied.add("private")
    assert server.fetch() == ["people.csv"]


def test_a_growing_file_is_left_for_the_next_run(server):
    server.put("people-1.csv", b"id\n1\n")
    server.put("people-2.csv", b"id\n2\n")
    server.growing.add("people-1.csv")
    assert server.fetch() == ["people-2.csv"]
    assert server.notes == ["people-1.csv changed while it was fetched: left for the next run."]
    assert "people-1.csv" not in server.landed()
    server.growing.clear()
    assert server.fetch() == ["people-1.csv"]
    assert server.landed()["people-1.csv"] == b"id\n1\nmore\n"


def test_names_that_cannot_be_written_down(server):
    server.put("people.csv", b"id\n1\n")
    server.put("people\n2.csv", b"x")
    server.put(b"people-\xe9.csv", b"x")
    server.put(b"caf\xe9/people.csv", b"x")
    with pytest.raises(PullFailed, match=r"3 files .* did not arrive") as caught:
        server.fetch("people*.csv", "**/people*.csv")
    message = str(caught.value)
    assert r"people\n2.csv has a name with a line break" in message
    assert r"people-\udce9.csv has a name that is not UTF-8" in message
    assert server.landed() == {"people.csv": b"id\n1\n"}


def test_links_are_followed_to_files_and_never_to_folders(server):
    server.put("people.csv", b"id\n1\n")
    (server.folder / "people-latest.csv").symlink_to("people.csv")
    (server.folder / "people-gone.csv").symlink_to("nowhere")
    (server.folder / "round").symlink_to(".")
    assert server.fetch("**/people*.csv") == ["people-latest.csv", "people.csv"]
    assert server.fetch("**/people*.csv") == []
