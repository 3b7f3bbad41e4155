#!/usr/bin/env python3
"""Sends a form with a file from headless Chromium, and prints the text of the page that answers.

    browser_upload.py URL FILE [NAME=VALUE...]

The form at URL has an <input type=file id=file>, an input with the id NAME for each NAME, and a
button with the id send. Chromium is driven over a pipe in its own protocol (JSON, each message ends
in NUL); every wait is bounded by the time the browser has, 45 seconds.
"""
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time

OPTIONS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
           "--disable-background-networking --disable-component-update --disable-sync "
           "--disable-dev-shm-usage --remote-debugging-pipe").split()


class Browser:
    """Descriptors 3 and 4 of Chromium are what it reads its commands from and answers to."""

    def __init__(self, profile):
        commands, self.to_browser = os.pipe()
        self.from_browser, answers = os.pipe()
        self.deadline = time.monotonic() + 45
        self.number, self.buffer, self.session, self.events = 0, b"", None, []

        def place():
            high = [os.dup2(fd, 100 + i) for i, fd in enumerate((commands, answers))]
            for fd, target in zip(high, (3, 4)):
                os.dup2(fd, target)

        self.process = subprocess.Popen(
            ["chromium", *OPTIONS, "--user-data-dir=" + profile, "about:blank"],
            preexec_fn=place, close_fds=False, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)

    def end(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def message(self):
        while b"\0" not in self.buffer:
            left = self.deadline - time.monotonic()
            if left <= 0 or not select.select([self.from_browser], [], [], left)[0]:
                raise SystemExit("the browser did not answer in time")
            data = os.read(self.from_browser, 65536)
            if not data:
                raise SystemExit("the browser ended")
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(command).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    raise SystemExit(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message.get("method"))

    def open_page(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        self.call("Page.enable")

    def after_load(self, action):
        """Runs the action and waits for the page that it loads."""
        self.events.clear()
        action()
        while "Page.loadEventFired" not in self.events:
            self.events.append(self.message().get("method"))

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise SystemExit(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def choose_file(self, selector, file):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[file])


def main():
    url, file = sys.argv[1], os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            browser.open_page()
            browser.after_load(lambda: browser.call("Page.navigate", url=url))
            for pair in sys.argv[3:]:
                name, value = pair.split("=", 1)
                browser.evaluate(f"document.getElementById({json.dumps(name)}).value = "
                                 f"{json.dumps(value)}")
            browser.choose_file("#file", file)
            browser.after_load(
                lambda: browser.evaluate("document.getElementById('send').click()"))
            print(browser.evaluate("document.body.innerText"))
        finally:
            browser.end()


if __name__ == "__main__":
    main()
