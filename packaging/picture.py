#!/usr/bin/env python3
"""Draws the life of a session as an SVG: plexctl on a terminal, against a control plane on loopback.

    packaging/picture.py docs/session.svg

The browser that plexctl opens is a script that approves the login. The picture has its own dark background, so that it
can be read on a light and on a dark page. It names no font that would have to be fetched, places each run of characters
itself, and uses no-break spaces: renderers differ in what they make of others.
"""

import fcntl
import html
import json
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import time

PORT = 8080
SERVER = f"http://localhost:{PORT}"
COMMANDS = [
    f"plexctl login --server {SERVER} \\\n    --domain-id 0192f0c1-d0d0-7000-8000-000000000001",
    "plexctl whoami",
    "plexctl exec -- printenv PLEXSPHERE_URL",
    "plexctl logout",
    "plexctl whoami",
]
COLUMNS = 100
# In pixels, for a font of 14 pixels.
CHARACTER, LINE, MARGIN = 8.43, 20, 20
COLORS = {None: "#d9d9d9", 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 36: "#79c0ff"}


def build():
    """Builds the binary and the control plane, and returns their directories."""
    plane = ["cargo", "build", "--quiet", "--locked", "--example", "control_plane", "--features", "control-plane"]
    subprocess.run(plane, check=True)
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--bin", "plexctl"], check=True)
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--no-deps"], check=True, capture_output=True
    )
    target = json.loads(metadata.stdout)["target_directory"] + "/debug"
    return [target, f"{target}/examples"]


def run(command, environment):
    """Runs a command on a terminal, and returns what the terminal was sent."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe("sh", ["sh", "-c", command], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    sent = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        sent += piece
    os.waitpid(process, 0)
    os.close(terminal)
    return sent.decode().replace("\r\n", "\n")


def runs(line):
    """The characters of a line by their style: `(text, color, is_bold)`."""
    # What was erased is not on the screen any more.
    line = line.rpartition("\x1b[K")[2]
    color, is_bold = None, False
    for text in re.split(r"(\x1b\[[0-9;]*m)", line):
        if text.startswith("\x1b["):
            for code in map(int, filter(None, text[2:-1].split(";"))):
                color, is_bold = (None, False) if code == 0 else (color, True) if code == 1 else (code, is_bold)
        elif text:
            yield text, color, is_bold


def svg(lines):
    width, height = COLUMNS * CHARACTER + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img" xml:space="preserve">'
    yield "<title>plexctl logs in, runs a command with the session, and logs out</title>"
    yield f'<rect width="{width:.0f}" height="{height:.0f}" rx="8" fill="#1c2128"/>'
    yield '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">'
    for number, line in enumerate(lines):
        column, y = 0, MARGIN + (number + 0.75) * LINE
        for text, color, is_bold in line:
            x, length = MARGIN + column * CHARACTER, len(text) * CHARACTER
            column += len(text)
            if text.isspace():
                continue
            weight = ' font-weight="bold"' if is_bold else ""
            shown = html.escape(text).replace(" ", "&#160;")
            yield f'<text x="{x:.1f}" y="{y:.0f}" textLength="{length:.1f}" fill="{COLORS[color]}"{weight}>{shown}</text>'
    yield "</g>"
    yield "</svg>"


def main():
    directories = build()
    with tempfile.TemporaryDirectory() as home:
        browser = os.path.join(home, "browser")
        with open(browser, "w", encoding="utf-8") as script:
            script.write(f'#!/bin/sh\nsleep 1\ncontrol_plane approve --port {PORT} "${{1##*user_code=}}" >/dev/null\n')
        os.chmod(browser, 0o700)
        path = ":".join([*directories, "/usr/bin", "/bin"])
        environment = {"HOME": home, "TERM": "xterm-256color", "BROWSER": browser, "PATH": path}
        serve = ["control_plane", "serve", "--port", str(PORT), "--interval", "2", "--quiet", "--config", f"{home}/minted"]
        plane = subprocess.Popen([f"{directories[1]}/{serve[0]}", *serve[1:]], env=environment)
        try:
            while not os.path.exists(f"{home}/minted"):
                if plane.poll() is not None:
                    sys.exit("the control plane did not start")
                time.sleep(0.05)
            lines = []
            for command in COMMANDS:
                prompt = [[("$ ", 32, True), (command.split("\n")[0], None, True)]]
                prompt += [[(line, None, True)] for line in command.split("\n")[1:]]
                sent = run(command, environment).rstrip("\n").split("\n")
                lines += prompt + [list(runs(line)) for line in sent]
        finally:
            plane.terminate()
            plane.wait()
    with open(sys.argv[1], "w", encoding="utf-8") as picture:
        picture.write("\n".join(svg(lines)) + "\n")


if __name__ == "__main__":
    main()
