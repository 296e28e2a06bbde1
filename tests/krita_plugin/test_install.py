"""Installing the core from the panel, with programs of the test's own in the place of Python, pip and uv."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("PyQt5.QtWidgets")
import qt_loop
from hypothesis import given
from hypothesis import strategies as st
from PyQt5.QtNetwork import QNetworkProxy, QNetworkProxyFactory
from PyQt5.QtWidgets import QVBoxLayout, QWidget
from qt_loop import until
from small_web import own_machine
from tiny_wheels import make_wheels

from anycost.bridge import launch
from anycost.bridge.qt_client import CoreKeeper
from anycost.bridge.version import VERSION
from anycost.core.files.weights import installed
from anycost.krita_plugin.install import install_output, install_place, install_tools
from anycost.krita_plugin.install.install_card import InstallCard
from anycost.krita_plugin.install.install_output import OutputReader, sentence
from anycost.krita_plugin.install.install_process import READ_AT_ONCE
from anycost.krita_plugin.install.install_run import LOG_TAIL, CoreInstaller, InstallStage, proxy_variables
from anycost.krita_plugin.install.install_steps import PIP, PYTORCH, networks_step, steps
from anycost.krita_plugin.install.install_tools import Tool, candidates
from anycost.models.pack import file_sha256

qt_loop.application()

# A Python that makes environments in which pip does what $PLAN/pip says, and the core's command `weights`
# what $PLAN/weights says
PYTHON = """#!/bin/sh
case "$*" in
  *ensurepip*) echo {answer}; exit 0;;
  *"-m venv"*) for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python"; exit 0;;
esac
env > {plan}/environment
echo "$*" >> {plan}/commands
case "$*" in *" pip "*) . {plan}/pip;; *" weights "*) . {plan}/weights;; esac
"""


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """A folder whose files `pip` and `weights` say what these do; a home without a core, with spaces and
    umlauts."""
    home = tmp_path / "Künstlerin Ada"
    for name in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    # only what the test has put there: the usual places have real ones
    placed = tmp_path / "bin"
    monkeypatch.setattr(install_tools, "_can_run", lambda path, _: path.parent == placed and path.exists())
    wheel = tmp_path / f"anycost_krita-{VERSION}-py3-none-any.whl"
    wheel.write_bytes(b"")
    monkeypatch.setattr(install_place, "core_wheel", lambda: wheel)
    program(tmp_path, "python3.12", PYTHON.format(plan=tmp_path, answer="yes"))
    (tmp_path / "pip").write_text("echo Progress 5000000 of 10000000\n")
    (tmp_path / "weights").write_text("echo Progress 5000000 of 10000000\n")
    return tmp_path


def program(folder: Path, name: str, text: str) -> Path:
    path = folder / "bin" / name
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def run(installer: CoreInstaller, *asked) -> InstallStage:
    installer.install(*asked)
    assert until(lambda: not installer.busy)
    qt_loop.settle(0)
    return installer.stage


def weights_asked(plan: Path) -> list[str]:
    """What the core's command `weights` was asked for so far."""
    lines = (plan / "commands").read_text().splitlines()
    return [line.partition(" weights ")[2] for line in lines if " weights " in line]


def test_an_installation_downloads_then_installs_then_is_used(plan):
    installer, done = CoreInstaller(), []
    installer.done.connect(lambda: done.append(launch.core_python()))
    assert install_place.missing()
    assert run(installer, "cpu") is InstallStage.NONE, installer.log
    folder = install_place.home() / VERSION
    assert done == [str(folder / "bin/python")]
    assert install_place.installed() == (folder, VERSION, "cpu")
    assert install_place.outdated() is None
    commands = (plan / "commands").read_text().splitlines()
    kinds = [line.split()[2] for line in commands if line.startswith("-m pip")]
    assert kinds == ["install", "download", "download", "install"]
    assert "whl/cpu torch" in commands[1]
    assert "--no-index" in commands[3]
    assert weights_asked(plan) == ["get --progress raw faces"]
    assert until(lambda: not install_place.downloads().exists())  # they are not needed any more


def test_children_get_neither_krita_s_python_nor_a_bundle_s_libraries(plan, monkeypatch):
    for name in ("PYTHONPATH", "PYTHONHOME", "QT_PLUGIN_PATH", "SNAP_NAME", "FLATPAK_ID", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "/krita/own")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/tmp/.mount_kritaX/usr/lib")
    monkeypatch.setenv("PIP_TARGET", "/krita/own")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    assert run(CoreInstaller(), "cpu") is InstallStage.NONE
    seen = dict(line.partition("=")[::2] for line in (plan / "environment").read_text().splitlines())
    assert "/krita/own" not in seen.values()
    assert "LD_LIBRARY_PATH" not in seen
    assert seen["PIP_INDEX_URL"] == "https://mirror.example/simple"  # the user's own choice counts
    assert seen["PIP_NO_INPUT"] == "1"


def test_offline_everything_comes_from_the_folder(plan):
    wheels = plan / "Räder für Krita"
    wheels.mkdir()
    networks = wheels / "mediapipe-0.10.21-cp312-cp312-win_amd64.whl"
    networks.write_bytes(b"")
    assert run(CoreInstaller(), "cpu", wheels) is InstallStage.NONE
    (asked,) = [line for line in (plan / "commands").read_text().splitlines() if " pip " in line]
    assert f"--no-index --find-links {wheels}" in asked
    assert weights_asked(plan) == [f"add faces {networks}"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full"),
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))", "proxy refused"),
        ("SSLError: certificate verify failed: self-signed certificate in chain", "PIP_CERT"),
        ("NewConnectionError: [Errno -2] Name or service not known", "cannot be reached"),
        ("ERROR: No matching distribution found for torch==2.13.0", "torch is not offered"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "damaged"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "cannot be written"),
        ("ERROR: something that nobody knows.", "something that nobody knows"),
        ("", "it said nothing"),
    ],
)
def test_a_failure_is_one_sentence(said, told):
    log = f"$ python -m venv x\nNewConnectionError: earlier\n\n$ pip install anycost\n{said}\n"
    found = sentence(log, "/x", offline=False)
    assert told in found
    assert found.count(". ") == 0


def test_after_a_failure_the_log_is_kept_and_nothing_is_used(plan):
    (plan / "pip").write_text("echo ERROR: nothing works; exit 1\n")
    installer = CoreInstaller()
    assert run(installer, "cpu") is InstallStage.FAILED
    assert "nothing works" in installer.sentence
    assert "-m pip install --upgrade --require-hashes" in installer.log
    assert install_place.log_path().read_text() == installer.log
    assert install_place.missing()


def test_a_folder_that_lacks_a_wheel_says_which():
    log = "\n$ pip install\nLooking in links: /x\nERROR: No matching distribution found for onnxruntime>=1\n"
    assert "no wheel of onnxruntime" in sentence(log, "/x", offline=True)


def test_cancelled_it_leaves_the_downloads_and_goes_on_with_them(plan):
    (plan / "pip").write_text(
        'case "$*" in *torch*)\n'
        '  touch "$(echo "$*" | sed "s/.*--dest //; s/ --find.*//")/torch.whl"; sleep 60;; esac\n'
    )
    installer = CoreInstaller()
    installer.install("cpu")
    torch = install_place.wheels("cpu") / "torch.whl"
    assert until(torch.exists)
    folder = install_place.home() / VERSION
    assert folder.exists()
    installer.cancel()
    assert installer.stage is InstallStage.NONE
    assert until(lambda: not folder.exists())
    assert torch.exists()
    assert install_place.missing()
    asked = (plan / "commands").read_text().splitlines()[-1]
    assert f"--dest {torch.parent} --find-links {torch.parent} " in asked
    assert install_place.wheels("cuda") != torch.parent  # another build must not be taken for it
    (plan / "pip").write_text("")
    assert run(installer, "cpu") is InstallStage.NONE
    assert not install_place.missing()


# The networks that read faces


def test_without_the_face_networks_the_core_is_used_and_a_sentence_says_what_to_do(plan):
    said = (
        "anycost: The face networks cannot be fetched (pypi.org: no server of that name is known): check it"
    )
    (plan / "weights").write_text(f"echo '{said}'; exit 2\n")
    installer, done = CoreInstaller(), []
    installer.done.connect(lambda: done.append(launch.core_python()))
    assert run(installer, "cpu") is InstallStage.ROUGH
    assert done == [launch.core_python()]
    assert "cannot be reached" in installer.sentence
    (plan / "weights").write_text("")
    installer.get_networks()
    assert until(lambda: not installer.busy)
    assert installer.stage is InstallStage.EXACT
    assert weights_asked(plan) == 2 * ["get --progress raw faces"]
    assert len(done) == 1  # the core was not installed again


def test_offline_a_folder_without_the_face_networks_is_a_word_and_no_failure(plan):
    wheels = plan / "wheels"
    wheels.mkdir()
    installer = CoreInstaller()
    assert run(installer, "cpu", wheels) is InstallStage.ROUGH
    assert "no wheel of mediapipe" in installer.sentence
    assert not install_place.missing()
    (wheels / "faces").mkdir()  # as another computer has them
    installer.get_networks(wheels)
    assert until(lambda: not installer.busy)
    assert installer.stage is InstallStage.EXACT
    assert weights_asked(plan) == [f"add faces {wheels / 'faces'}"]


def test_cancelled_at_the_face_networks_the_core_stays(plan):
    (plan / "weights").write_text("exec sleep 60\n")
    installer = CoreInstaller()
    installer.install("cpu")
    assert until(lambda: installer.stage is InstallStage.FETCHING and weights_asked(plan))
    installer.cancel()
    assert installer.stage is InstallStage.NONE
    qt_loop.settle(0.3)
    assert not install_place.missing()


def test_the_core_s_command_takes_them_from_the_folder(user_faces, tmp_path, monkeypatch):
    """Its real words, since the plans above take any."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "faces").symlink_to(user_faces)
    step = networks_step(sys.executable, tmp_path)
    assert step is not None
    subprocess.run(step.command, check=True, capture_output=True)
    assert set(installed("faces") or {}) == {path.name for path in user_faces.iterdir()}


@pytest.mark.parametrize(
    ("index", "told"),
    [("http://127.0.0.1:9/simple", "cannot be reached"), ("file:///nowhere", "is not in /nowhere")],
)
def test_the_core_s_command_says_why_they_do_not_come(tmp_path, monkeypatch, index, told):
    own_machine(monkeypatch, tmp_path)
    monkeypatch.setenv("PIP_INDEX_URL", index)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    step = networks_step(sys.executable)
    assert step is not None
    done = subprocess.run(step.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode != 0
    assert told in sentence(f"\n$ python\n{done.stdout}", "/x", offline=False)


def test_two_kritas_do_not_install_at_once(plan):
    (plan / "pip").write_text("sleep 60\n")
    first, second = CoreInstaller(), CoreInstaller()
    first.install("cpu")
    assert run(second, "cpu") is InstallStage.FAILED
    assert "Another Krita" in second.sentence
    first.stop()
    (plan / "pip").write_text("")
    assert run(second, "cpu") is InstallStage.NONE


def test_a_full_disk_is_told_before_anything_is_fetched(plan, monkeypatch):
    monkeypatch.setattr(install_place, "free_bytes", lambda: 1 << 20)
    installer = CoreInstaller()
    assert run(installer, "cuda") is InstallStage.FAILED
    assert "free some space" in installer.sentence
    assert not (plan / "commands").exists()


def test_another_version_is_offered_then_takes_the_old_one_s_place(plan):
    installer = CoreInstaller()
    assert run(installer, "cpu") is InstallStage.NONE
    old = install_place.home() / VERSION
    (old / install_place.MARK).write_text('{"version": "0.0.1", "kind": "cpu"}')
    outdated = install_place.outdated()
    assert outdated is not None
    assert outdated.version == "0.0.1"
    assert until(lambda: not install_place.downloads().exists())
    assert run(installer, "cpu") is InstallStage.NONE
    new = install_place.installed()
    assert new is not None
    assert new.folder != old
    assert until(lambda: not old.exists())
    assert install_place.outdated() is None


def test_removing_takes_all_of_it_and_nothing_else(plan):
    installer, let_go = CoreInstaller(), []
    installer.removing.connect(lambda: let_go.append(launch.core_python()))
    assert run(installer, "cpu") is InstallStage.NONE
    packs = install_place.home().parent / "packs"
    packs.mkdir()
    installer.remove()
    assert until(lambda: not installer.busy)
    assert installer.stage is InstallStage.NONE
    assert let_go
    assert install_place.missing()
    assert not [path for path in install_place.home().iterdir() if path.is_dir()]
    assert packs.exists()


def test_a_core_that_somebody_else_installed_is_not_ours_to_remove(plan):
    other = plan / "python"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    launch.note_python(str(other))
    assert install_place.installed() is None
    CoreInstaller().remove()
    assert launch.core_python() == str(other)


# Python and uv


def test_without_python_uv_does_it_and_without_both_it_says_so(plan):
    (plan / "bin/python3.12").unlink()
    installer = CoreInstaller()
    assert run(installer, "cpu") is InstallStage.NO_TOOL
    python = plan / "for uv"
    python.write_text(PYTHON.format(plan=plan, answer="yes"))
    python.chmod(0o755)
    program(
        plan,
        "uv",
        f"""#!/bin/sh
case "$1" in --version) echo uv 0.9.1;; venv) for last; do :; done; "{python}" -m venv "$last";; esac
""",
    )
    assert run(installer, "cpu") is InstallStage.NONE, installer.log
    assert not install_place.missing()


@pytest.mark.parametrize("answer", ["no", "nonsense", ""])
def test_a_python_that_is_too_old_or_broken_is_passed_over(plan, answer):
    program(plan, "python3.12", PYTHON.format(plan=plan, answer=answer))
    assert run(CoreInstaller(), "cpu") is InstallStage.NO_TOOL


def test_a_python_without_pip_gets_it(plan):
    """Debian's, without python3-venv."""
    tool = Tool(("/usr/bin/python3",)).answered(0, "bare\n")
    assert tool is not None
    assert not tool.has_pip
    online = steps(tool, plan / "new", plan / "core.whl", "cpu", None, "linux")
    assert "--without-pip" in online[0].command
    assert any("pip-" in word for word in online[1].command)
    (plan / "pip-26.3-py3-none-any.whl").write_bytes(b"")
    offline = steps(tool, plan / "new", plan / "core.whl", "cpu", plan, "linux")
    assert offline[1].command[1] == f"{plan}/pip-26.3-py3-none-any.whl/pip"


def test_the_probe_knows_this_python():
    tool = Tool((sys.executable,))
    done = subprocess.run(tool.probe, capture_output=True, text=True, check=True)
    assert tool.answered(0, done.stdout) is not None


@pytest.mark.parametrize(
    ("system", "there", "wanted"),
    [
        ("linux", ["bin/python3", "bin/python3.11", "home/.local/bin/uv"], ["python3.11", "python3", "uv"]),
        ("win32", ["Local/Programs/Python/Python312/python.exe", "WindowsApps/python.exe"], ["python.exe"]),
        ("darwin", ["home/.cargo/bin/uv"], ["uv"]),
    ],
)
def test_where_pythons_are_looked_for(tmp_path, monkeypatch, system, there, wanted):
    real = install_tools._can_run
    monkeypatch.setattr(install_tools, "_can_run", lambda at, name: tmp_path in at.parents and real(at, name))
    for name in there:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        path.chmod(0o755)
    environ = {
        "PATH": f"{tmp_path}/bin{os.pathsep}{tmp_path}/WindowsApps",
        "LOCALAPPDATA": f"{tmp_path}/Local",
    }
    found = candidates(environ, system, tmp_path / "home")
    assert [Path(tool.command[0]).name for tool in found] == wanted


@pytest.mark.parametrize(
    ("platform", "kind", "index"),
    [("linux", "cpu", "whl/cpu"), ("linux", "cuda", None), ("win32", "cuda", "whl/cu"),
     ("win32", "cpu", None), ("darwin", "cpu", None)],
)  # fmt: skip
def test_each_system_gets_the_build_that_pypi_does_not_have(plan, platform, kind, index):
    found = steps(Tool(("python3",)), plan / "new", plan / "core.whl", kind, None, platform)
    said = " ".join(word for step in found for word in step.command)
    assert (index in said) if index else ("--index-url" not in said)
    for step in found:
        fetches = {"download", "--upgrade"} & {*step.command}
        assert not fetches or "--require-hashes" in step.command or PYTORCH in " ".join(step.command)


def test_a_file_that_is_not_the_known_one_is_not_taken(plan, monkeypatch):
    """Through the real pip, with a library of the test's own."""
    offered = make_wheels(plan / "offered")
    wheel = next(offered.glob("tqdm-*.whl"))
    version = wheel.name.split("-")[1]
    (plan / "lists").mkdir()
    monkeypatch.setattr(install_place, "list_of", lambda what: plan / "lists" / f"{what}.txt")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(offered))
    *_, (_, fetch), _, _ = steps(Tool((sys.executable,)), plan, plan / "core.whl", "cpu", None, "darwin")
    for sha256, taken in (("0" * 64, False), (file_sha256(wheel), True)):
        (plan / "lists" / "libraries.txt").write_text(f"tqdm=={version} --hash=sha256:{sha256}\n")
        (plan / "lists" / "pytorch.txt").write_text("")
        command = [sys.executable, *fetch[1:]]
        command[command.index("raw")] = "off"  # which an older pip knows, too
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (install_place.wheels("cpu") / wheel.name).exists() is taken, done.stderr
        assert ("DO NOT MATCH THE HASHES" in done.stderr) is not taken


def test_every_library_is_locked_in_the_version_that_the_tests_run_with():
    """Else run `python scripts/lock.py`."""
    lists = Path(__file__).parents[2] / "requirements"
    pinned = re.compile(r"^([\w.-]+)==([^\s;]+)", re.M)
    asked = {(name.lower(), version) for name, version in pinned.findall((lists / "run.txt").read_text())}
    texts = [(lists / "locked" / f"{name}.txt").read_text() for name in ("libraries", "pytorch")]
    assert asked <= {found for text in texts for found in pinned.findall(text)}
    for text in texts:
        entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.M)[1:]
        assert all("--hash=sha256:" in entry for entry in entries)
    assert PIP[1] in (lists / "locked" / "pip.txt").read_text()


# Words


LINES = st.sampled_from(["Progress 1 of 2", "Progress 9 of 0", "Downloading a/b-1.whl", "\r"])


@given(st.text() | st.lists(LINES).map("\n".join))
def test_any_output_is_one_line_and_a_share(text):
    progress = OutputReader()
    progress.begin("Downloading…")
    progress.feed(text + "\n")
    assert progress.words
    assert "\n" not in progress.words
    assert progress.share is None or 0 <= progress.share <= 1


def test_pip_s_own_output(monkeypatch):
    monkeypatch.setattr(install_output, "tr", lambda text, **values: text.format(**values))
    progress, seen = OutputReader(), []
    progress.begin("Downloading PyTorch…")
    output = (
        "Collecting torch\n  Downloading https://x.org/cpu/torch-2.13.0%2Bcpu-cp312-any.whl.metadata (9 kB)\n"
        "Downloading https://x.org/cpu/torch-2.13.0%2Bcpu-cp312-linux.whl (191.8 MB)\n"
        "Progress 0 of 191800000\rProgress 95900000 of 191800000\n"
        "Installing collected packages: torch, numpy\n"
    )
    for start in range(0, len(output), 7):
        progress.feed(output[start : start + 7])
        seen.append((progress.words, progress.share))
    assert ("Downloading torch…", None) in seen
    assert ("torch: 95 of 192 MB", 0.5) in seen
    assert seen[-1] == ("Installing 2 packages…", None)
    progress.feed(
        "Downloading mediapipe-0.10.21-cp311.whl\nProgress 17811319 of 35622638\n"
    )  # the core's own
    assert (progress.words, progress.share) == ("mediapipe: 17 of 36 MB", 0.5)


def test_a_flood_of_output_comes_in_pieces_and_is_shown_now_and_then(plan, monkeypatch):
    line = "Grüße: Progress of something that is none\n"
    (plan / "flood").write_text(line * 50_000, encoding="utf-8")
    (plan / "weights").write_text(f'cat "{plan}/flood"\n')
    installer, pieces, shown = CoreInstaller(), [], []
    monkeypatch.setattr(installer.progress, "feed", pieces.append)
    installer.progressed.connect(lambda: shown.append(len(pieces)))
    assert run(installer, "cpu") is InstallStage.NONE
    assert max(len(piece.encode()) for piece in pieces) <= READ_AT_ONCE + 3  # a letter is never cut
    assert "".join(pieces).endswith(line * 50_000)
    assert len(shown) < len(pieces) / 2
    assert installer.log.endswith(line)
    assert len(installer.log) <= LOG_TAIL


# Proxies


def test_the_system_s_proxy_is_passed_on_where_the_environment_names_none(monkeypatch):
    proxy = QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "proxy.example", 3128, "ada", "p@ss")
    monkeypatch.setattr(QNetworkProxyFactory, "systemProxyForQuery", lambda query: [proxy])
    wanted = "http://ada:p%40ss@proxy.example:3128"
    assert proxy_variables({}) == {"HTTPS_PROXY": wanted, "HTTP_PROXY": wanted}
    assert proxy_variables({"https_proxy": "http://mine:1"}) == {}


# The card


def test_the_card_stands_in_the_panel_s_place_until_the_core_is_there(plan):
    installer, keeper, body = CoreInstaller(), CoreKeeper("tests", "0"), QWidget()
    panel = QWidget(body)
    card = InstallCard(installer, keeper, panel, body)
    body.show()
    assert card.isVisible()
    assert not panel.isVisible()
    assert "0.5 GB" in card.text.text()
    assert "36 MB" in card.text.text()
    (plan / "pip").write_text("echo ERROR: nothing works; exit 1\n")
    card.go.click()
    assert until(lambda: not installer.busy)
    assert card.go.text() == "Try again"
    assert card.log.isVisible()
    (plan / "pip").write_text("")
    card.go.click()
    assert until(lambda: not installer.busy)
    assert not card.isVisible()
    assert panel.isVisible()
    card.ask()
    assert card.isVisible()
    assert card.remove.isVisible()
    card.cancel.click()
    assert not card.isVisible()
    body.deleteLater()


def test_the_card_tells_of_the_face_networks_beside_the_panel(plan):
    (plan / "weights").write_text("echo CERTIFICATE_VERIFY_FAILED; exit 2\n")
    installer, body = CoreInstaller(), QWidget()
    panel = QWidget(body)
    card = InstallCard(installer, CoreKeeper("tests", "0"), panel, body)
    body.show()
    card.get_networks()
    assert card.title.text() == "Anycost needs its core"  # that comes first
    card.go.click()
    assert until(lambda: not installer.busy)
    assert panel.isVisible()
    assert "PIP_CERT" in card.text.text()
    (plan / "weights").write_text("")
    card.go.click()
    assert card.cancel.text() == "Cancel"
    assert until(lambda: not installer.busy)
    assert card.title.text() == "The face networks are here"
    assert not card.go.isVisible()
    card.cancel.click()
    assert not card.isVisible()
    card.get_networks()
    assert until(lambda: not installer.busy)
    assert len(weights_asked(plan)) == 3
    body.deleteLater()


@pytest.mark.parametrize("width", [220, 400])
def test_the_card_has_room_for_its_words_and_takes_no_more(plan, width):
    body, panel = QWidget(), QWidget()
    column = QVBoxLayout(body)
    card = InstallCard(CoreInstaller(), CoreKeeper("tests", "0"), panel, body)
    column.addWidget(card)
    column.addWidget(panel)
    body.resize(220, 300)
    body.show()
    qt_loop.settle(0)
    body.resize(width, 300)
    qt_loop.settle(0)
    text = card.text
    lines = text.fontMetrics().boundingRect(0, 0, text.width(), 2000, 0x1000, text.text())  # Qt.TextWordWrap
    assert lines.height() <= text.minimumHeight() <= lines.height() + 8
    assert text.height() >= text.minimumHeight()
    assert body.width() == width
    body.deleteLater()
