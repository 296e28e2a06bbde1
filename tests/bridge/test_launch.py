"""Where the core is, how it is started, and what of the starting program's environment it must not get."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading

import pytest
from wire import private_home

from anycost.bridge import framing, launch, posix, protocol


@pytest.fixture
def home(tmp_path, monkeypatch):
    private_home(tmp_path, monkeypatch)
    return tmp_path


def note(text: str) -> None:
    launch.config_path().write_text(text)


def test_the_socket_lies_in_the_runtime_folder(home):
    assert posix.socket_path() == str(home / "RUNTIME_DIR" / "anycost" / "core.sock")


@pytest.mark.parametrize("runtime", ["", "relative/path", "/" + "long/" * 30])
def test_else_in_a_folder_of_this_user_below_the_temporary_one(monkeypatch, runtime):
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    assert posix.socket_path() == f"{tempfile.gettempdir()}/anycost-{os.getuid()}/core.sock"


def test_a_folder_of_others_is_not_trusted(home):
    folder = home / "RUNTIME_DIR" / "anycost"
    assert launch.find_core() is None
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with pytest.raises(launch.CoreNotInstalled, match="only you can enter"):
        launch.find_core()
    folder.chmod(0o700)
    assert launch.find_core() is None


def test_the_command_is_that_of_the_noted_python(home):
    assert launch.core_command() == [sys.executable, "-m", "anycost.core.service", posix.socket_path()]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "{}",
        "nonsense",
        "[" * 60_000,
        '{"python": 5}',
        '{"python": "python3"}',
        json.dumps({"python": "/nowhere/python"}),
        json.dumps({"python": "/etc/passwd"}),
    ],
)
def test_a_note_that_helps_nobody_says_what_to_do(home, text):
    note(text)
    with pytest.raises(launch.CoreNotInstalled, match="anycost plugin install"):
        launch.core_command()


def test_no_note_says_what_to_do(home):
    launch.config_path().unlink()
    with pytest.raises(launch.CoreNotInstalled, match="anycost plugin install"):
        launch.core_python()


def test_a_python_without_the_core_is_reported(home):
    fake = home / "python"
    fake.write_text("#!/bin/sh\necho 'No module named anycost' >&2\nexit 1\n")
    fake.chmod(0o755)
    note(json.dumps({"python": str(fake)}))
    with pytest.raises(launch.CoreNotInstalled, match="No module named anycost"), launch.start_core():
        pass


def test_a_core_that_never_answers_is_given_up(home):
    fake = home / "python"
    fake.write_text("#!/bin/sh\nread line\n")
    fake.chmod(0o755)
    note(json.dumps({"python": str(fake)}))
    with pytest.raises(launch.CoreNotInstalled, match="in time"), launch.start_core(seconds=0.1):
        pass


def test_the_environment_of_a_bundle_stays_behind():
    given = {
        "HOME": "/home/ada",
        "LANG": "de_DE.UTF-8",
        "PATH": "/tmp/.mount_krita/usr/bin:/home/ada/bin:/usr/bin",
        "LD_LIBRARY_PATH": "/tmp/.mount_krita/usr/lib:",
        "LD_PRELOAD": "/tmp/.mount_krita/usr/lib/hook.so",
        "XDG_DATA_DIRS": "/tmp/.mount_krita/usr/share:/usr/share",
        "APPDIR": "/tmp/.mount_krita",
        "APPIMAGE": "/home/ada/krita.appimage",
        "PYTHONPATH": "/tmp/.mount_krita/usr/lib/krita-python-libs",
        "PYTHONHOME": "/tmp/.mount_krita/usr",
        "VIRTUAL_ENV": "/home/ada/venv",
        "CONDA_PREFIX": "/home/ada/conda",
        "QT_QPA_PLATFORM": "xcb",
        "QT_PLUGIN_PATH": "/tmp/.mount_krita/usr/plugins",
        "XDG_RUNTIME_DIR": "/run/user/1000",
        "OMP_NUM_THREADS": "4",
    }
    assert launch.core_environment(given) == {
        "HOME": "/home/ada",
        "LANG": "de_DE.UTF-8",
        "PATH": "/home/ada/bin:/usr/bin",
        "XDG_DATA_DIRS": "/usr/share",
        "XDG_RUNTIME_DIR": "/run/user/1000",
        "OMP_NUM_THREADS": "4",
        "PYTHONUTF8": "1",
        "PYTHONSAFEPATH": "1",
    }


def test_what_the_user_set_for_the_gpu_stays():
    given = {"LD_LIBRARY_PATH": "/usr/local/cuda/lib64:/opt/rocm/lib", "CUDA_VISIBLE_DEVICES": "1"}
    kept = launch.core_environment(given)
    assert kept["LD_LIBRARY_PATH"] == given["LD_LIBRARY_PATH"]
    assert kept["CUDA_VISIBLE_DEVICES"] == "1"


def test_a_relative_socket_lies_in_this_folder_which_must_be_private(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o700)
    listener = posix.Listener("own.sock", 1)
    monkeypatch.chdir("/")  # the folder in which it began counts
    assert (tmp_path / "own.sock").is_socket()
    posix.connect(str(tmp_path / "own.sock"), 1.0).close()
    listener.close()
    assert not (tmp_path / "own.sock").exists()
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o755)
    assert posix.open_to_others("own.sock")
    with pytest.raises(protocol.ServerError, match="Others can enter"):
        posix.Listener("own.sock", 1)


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="only Linux tells")
def test_the_process_that_listens_is_known_and_a_core_by_its_command(tmp_path):
    path = str(tmp_path / "own.sock")
    script = tmp_path / "anycost"
    script.write_text(
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[2]); s.listen();"
        "print('listening', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, str(script), "serve", path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline()
        with posix.connect(path, 1.0) as sock:
            assert posix.peer_process(sock.fileno()) == process.pid
        assert launch.is_core(process.pid)
        process.stdin.close()
    assert not launch.is_core(os.getpid())
    assert not launch.is_core(process.pid)  # it is gone
    assert posix.peer_process(-1) == 0


def test_a_core_without_a_free_place_says_so(home):
    """Nobody then starts another one."""
    folder = os.path.dirname(posix.socket_path())
    os.makedirs(folder, mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(posix.socket_path())
        listener.listen()

        def turn_away():
            sock, _ = listener.accept()
            sock.sendall(framing.encode(protocol.error(None, protocol.CORE_ERROR, "It is full.", "busy")))
            sock.close()

        thread = threading.Thread(target=turn_away)
        thread.start()
        with pytest.raises(protocol.CallError, match="It is full"):
            launch.find_core()
        thread.join()
