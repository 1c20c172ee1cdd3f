"""A real Jupyter server (JupyterLab 4 and Notebook 7) and Chromium, both on loopback alone.

A test fails when a page has an uncaught error or asks for anything that is not on the server. With SFN_SHOTS=directory
each test leaves a picture of its notebook there; a test that fails leaves one in `shots/`.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FEATURES = (
    "Translate", "OptimizationHints", "OptimizationGuideModelDownloading", "MediaRouter", "DialMediaRouteProvider",
    "AutofillServerCommunication", "CertificateTransparencyComponentUpdater", "InterestFeedContentSuggestions",
    "NetworkTimeServiceQuerying",
)  # fmt: skip
ARGUMENTS = [
    "--no-sandbox",  # root in a container
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--no-first-run",
    "--no-pings",
    "--metrics-recording-only",
    "--safebrowsing-disable-auto-update",
    f"--disable-features={','.join(FEATURES)}",
    # Every name but loopback resolves to nothing, inside the browser itself.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
]
# What Notebook 7 throws on an empty notebook, too, and what both say of a request that was open when its kernel ended.
KNOWN_NOISE = ("reading 'schema'", "Command 'filebrowser:open-path' not registered", "Canceled future for")
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none", "recordTiming": False},
    "docmanager-extension/plugin": {"autosave": False},
}
METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
FAILED = pytest.StashKey[bool]()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A Jupyter server with settings, trust and history of its own."""

    def __init__(self, base):
        self.root = base / "work"
        self.root.mkdir()
        self.token = secrets.token_hex(16)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._base = base
        self._log = base / "server.log"

    def environment(self):
        homes = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "IPYTHONDIR": "ipython",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        }
        own = {name: str(self._base / folder) for name, folder in homes.items()}
        return {**os.environ, **own, "JUPYTER_PLATFORM_DIRS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}

    def start(self):
        for name, body in SETTINGS.items():
            path = self._base / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(body))
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={self.port}"]
        command += [
            "--allow-root",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.root}",
            "--ServerApp.terminals_enabled=False",
            "--LabApp.expose_app_in_browser=True",  # window.jupyterapp
            "--JupyterNotebookApp.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.news_url=None",
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait()

    def _wait(self):
        deadline = time.monotonic() + 90
        while True:
            if self._process.poll() is not None:
                raise RuntimeError("Jupyter has ended:\n" + self._log.read_text()[-4000:])
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=2):
                    return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def stop(self):
        os.killpg(self._process.pid, signal.SIGTERM)  # the group that was started here, nobody else
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(15)


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("jupyter"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser():
    if not Path(CHROMIUM).exists() and not os.environ.get("CI"):
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium, or say where with CHROMIUM=…")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield chromium
        chromium.close()


class Opened:
    """A notebook in a page."""

    def __init__(self, page, server, name):
        self.page, self.server, self.name = page, server, name
        self.errors, self.external = [], []

    def listen(self):
        self.page.on("pageerror", self._error)
        self.page.route("**/*", self._gate)

    def _error(self, error):
        if not any(known in str(error) for known in KNOWN_NOISE):
            self.errors.append(str(error))

    def _gate(self, route):
        if route.request.url.startswith((self.server.url, "data:", "blob:")):
            route.continue_()
        else:
            self.external.append(route.request.url)
            route.abort()

    def load(self, app):
        reset = "&reset" if app == "lab" else ""
        path = f"doc/tree/{self.name}" if app == "lab" else f"notebooks/{self.name}"
        self.page.goto(f"{self.server.url}/{path}?token={self.server.token}{reset}")
        self.page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext", timeout=90_000)
        self.page.evaluate(
            """async () => {
                const widget = window.jupyterapp.shell.currentWidget;
                await widget.context.ready; await widget.sessionContext.ready;
                await widget.sessionContext.session.kernel.info;
            }"""
        )

    def cell(self, number):
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def output(self, number):
        return self.cell(number).locator(".jp-OutputArea")

    def text(self, number):
        return self.output(number).inner_text()

    def run(self, number, *, wait=True, timeout=60_000):
        """Run a cell with the application's own command, which resolves when the cell is done."""
        self.page.evaluate(
            """number => {
                const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
                notebook.activeCellIndex = number; notebook.deselectAll();
                window.ended = window.ended || {}; window.ended[number] = false;
                app.commands.execute('notebook:run-cell').then(() => { window.ended[number] = true; });
            }""",
            number,
        )
        if wait:
            self.wait(number, timeout)

    def wait(self, number, timeout=60_000):
        self.page.wait_for_function("number => window.ended[number]", arg=number, timeout=timeout)

    def command(self, name, **arguments):
        self.page.evaluate(
            "([name, given]) => window.jupyterapp.commands.execute(name, given).then(() => null)", [name, arguments]
        )

    def shut_down(self):
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget?.sessionContext?.shutdown()")

    def shoot(self, folder, suffix=""):
        folder.mkdir(exist_ok=True, parents=True)
        self.page.screenshot(path=str(folder / f"{self.name.removesuffix('.ipynb')}{suffix}.png"))


@pytest.fixture
def shots():
    """Where pictures are wanted, or None."""
    folder = os.environ.get("SFN_SHOTS")
    return Path(folder) if folder else None


@pytest.fixture
def open_notebook(jupyter, browser, request, shots):
    """open_notebook(cells or a notebook, app): an `Opened`. Its kernel ends with the test."""
    opened = []

    def open_(content, app="lab"):
        name = f"{request.node.name.translate(str.maketrans('[]/', '___'))}-{len(opened)}.ipynb"
        if isinstance(content, list):
            cells = [nbformat.v4.new_code_cell(source) for source in content]
            content = nbformat.v4.new_notebook(cells=cells, metadata=METADATA)
        nbformat.write(content, jupyter.root / name)
        context = browser.new_context(viewport={"width": 1200, "height": 1800}, reduced_motion="reduce")
        notebook = Opened(context.new_page(), jupyter, name)
        opened.append((context, notebook))
        notebook.listen()
        notebook.load(app)
        return notebook

    yield open_
    failed = request.node.stash.get(FAILED, False)
    for context, notebook in opened:
        if failed or shots:
            notebook.shoot(shots or Path("shots"))
        notebook.shut_down()
        context.close()
    assert [(notebook.errors, notebook.external) for _, notebook in opened] == [([], [])] * len(opened)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
