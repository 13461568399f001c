"""A browser for tests: Chromium without a window, spoken to over its DevTools protocol."""

import base64
import json
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE_S = 20.0
"""How long a browser may take to start, to answer or to load a page."""
_DOMAINS = ("Page", "Runtime", "Network", "Log")
_KEYS = {
    "Tab": {"windowsVirtualKeyCode": 9},
    "Enter": {"windowsVirtualKeyCode": 13, "text": "\r"},
    "Escape": {"windowsVirtualKeyCode": 27},
}


def executable():
    """Return the path of an installed Chromium, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def started(program):
    """Start a browser with a profile of its own, yield its one tab, and end it."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [program, "--headless", "--no-sandbox", "--remote-debugging-port=0"]
        command += ["--disable-gpu", "--no-first-run", "--disable-component-update"]
        command += [f"--user-data-dir={folder}", "--host-resolver-rules=MAP * ~NOTFOUND"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen([*command, "about:blank"], **quiet)
        try:
            with connect(
                _address(Path(folder), process), max_size=None, ping_interval=None, proxy=None
            ) as link:
                yield _tab(link)
        finally:
            process.terminate()
            process.wait(_PATIENCE_S)


def _address(folder, process):
    """Return where the browser listens, once it says so."""
    file, until = folder / "DevToolsActivePort", time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.02)
    raise AssertionError(f"{process.args[0]} did not start: exit code {process.poll()}")


def _tab(link):
    tab = Tab(link)
    targets = tab.call("Target.getTargets")["targetInfos"]
    target = next(info["targetId"] for info in targets if info["type"] == "page")
    attached = tab.call("Target.attachToTarget", targetId=target, flatten=True)
    tab.session = attached["sessionId"]
    for domain in _DOMAINS:
        tab.call(f"{domain}.enable")
    tab.call("Emulation.setFocusEmulationEnabled", enabled=True)  # else no window has the focus
    return tab


@dataclass
class Tab:
    """One tab: what it is told, and what it says of itself since it last opened a page."""

    link: object
    session: str | None = None
    events: list = field(default_factory=list)
    _numbers: object = field(default_factory=lambda: count(1))

    def call(self, method, **params):
        """Call a method of the protocol and return its result; what fails raises AssertionError."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self.session is not None:
            message["sessionId"] = self.session
        self.link.send(json.dumps(message))
        while (answer := self._next()).get("id") != number:
            pass
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def open(self, address):
        """Load a page anew and wait until it is whole."""
        self.events.clear()
        failure = self.call("Page.navigate", url=address).get("errorText")
        assert failure is None, (address, failure)
        self._wait_for("Page.loadEventFired")

    def follow(self, script):
        """Run what leads to another page and wait until that one is whole."""
        self.events.clear()
        self.run(script)
        self._wait_for("Page.loadEventFired")

    def run(self, script):
        """Return what a script comes to, as JSON has it; what it throws raises AssertionError."""
        how = {"returnByValue": True, "awaitPromise": True}
        answer = self.call("Runtime.evaluate", expression=script, **how)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def show(self, *, width=1280, height=900, dark=False, media="screen"):
        """Set the size of the window, the colours that its owner prefers, and screen or print."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def press(self, key):
        """Press a key and let it go."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, **_KEYS[key])

    def point_at(self, x, y, *, click=False):
        """Move the pointer to a place of the window, and click there."""
        at = {"x": x, "y": y}
        self.call("Input.dispatchMouseEvent", type="mouseMoved", **at)
        for kind in ("mousePressed", "mouseReleased") if click else ():
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)

    def picture(self, path, *, whole=True):
        """Write a picture of the page (PNG)."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    @property
    def complaints(self):
        """Return what the page wrote to its console, and what it threw."""
        kinds = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
        return [event["params"] for event in self.events if event["method"] in kinds]

    @property
    def requests(self):
        """Return the address of everything that the page asked for, itself among them."""
        asked = (e for e in self.events if e["method"] == "Network.requestWillBeSent")
        return [event["params"]["request"]["url"] for event in asked]

    def _wait_for(self, method):
        seen = 0
        while all(event["method"] != method for event in self.events[seen:]):
            seen = len(self.events)
            self._next()

    def _next(self):
        """Return the next message; one that nobody asked for is kept."""
        message = json.loads(self.link.recv(timeout=_PATIENCE_S))
        if "method" in message:
            self.events.append(message)
        return message
