"""A headless Chromium driven over its debugging protocol: real time, real print, console and policy errors collected."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from websockets.sync.client import ClientConnection, connect

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def chromium() -> str | None:
    return next((found for name in CANDIDATES if (found := shutil.which(name))), None)


class Browser:
    """One tab. ``problems`` holds every console error, uncaught exception and policy violation since the last ``open``."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._number, self.problems = socket, 0, []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return dict(message["result"])
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(params["exceptionDetails"])[:500])
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.problems.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.problems.append(json.dumps(params["args"])[:500])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def open(self, address: str, width: int = 1280, height: int = 900) -> None:
        self.problems, self.requests = [], []
        mobile = width < 500
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self.send("Page.navigate", url=address)
        self.wait_for("document.readyState === 'complete'")

    def evaluate(self, expression: str) -> Any:
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:500])
        return answer["result"].get("value")

    def wait_for(self, condition: str, seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while not self.evaluate(condition):
            if time.monotonic() > end:
                raise TimeoutError(condition)
            time.sleep(0.05)

    def draw_all(self) -> None:
        """Scroll every chart into view until all visible ones are drawn."""
        self.evaluate("document.querySelectorAll('.chart').forEach(c => c.scrollIntoView())")
        self.wait_for(
            "[...document.querySelectorAll('.chart')].every(c => c.closest('[hidden]') || c.querySelector('.main-svg'))"
        )
        self.evaluate("window.scrollTo(0, 0)")

    def screenshot(self, target: Path, full: bool = True) -> None:
        answer = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=full)
        target.write_bytes(base64.b64decode(answer["data"]))

    def axe(self) -> list[str]:
        """What axe finds wrong with the page as it stands: rule and elements."""
        self.evaluate(AXE.read_text(encoding="utf-8") + ";0")
        only = "axe.run({resultTypes: ['violations']})"
        return list(
            self.evaluate(
                f"{only}.then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(' | ')))"
            )
        )

    def pdf(self, target: Path) -> None:
        answer = self.send("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        target.write_bytes(base64.b64decode(answer["data"]))


@contextlib.contextmanager
def browser(profile: Path, untested: str = "what a browser shows") -> Iterator[Browser]:
    """A fresh Chromium with its own profile; ended with the block. Where there is none, says what is not tested; in CI that fails."""
    program = chromium()
    if program is None:
        message = f"No Chromium on this machine: NOT tested: {untested}."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-port=0",
               "--remote-allow-origins=*", "--disable-dev-shm-usage", f"--user-data-dir={profile}", "about:blank"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port_file = profile / "DevToolsActivePort"
        end = time.monotonic() + 30
        while not (port_file.is_file() and port_file.read_text().strip()):
            if process.poll() is not None or time.monotonic() > end:
                raise TimeoutError("Chromium did not start")
            time.sleep(0.05)
        port = port_file.read_text().split()[0]
        with urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            tab = next(t for t in json.load(answer) if t["type"] == "page")
        with connect(tab["webSocketDebuggerUrl"], max_size=None) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(timeout=20)
