#!/usr/bin/env python3
"""Draws the life of a session as an SVG, from what the demo prints:

    pip install rich
    ./demo.sh | packaging/picture.py docs/session.svg

The picture has its own dark background, so that it can be read on a light and on a dark page, and names no font that
would have to be fetched.
"""

import io
import re
import sys

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

# The scenes of the demo that are drawn, and the command with which each stops to be of interest.
SCENES = {
    "A session begins": "cat",
    "Who is that, and what is stored?": None,
    "The session ends, told as JSON": "cat",
    "There is nothing left to end, and nobody to be": "plexctl whoami",
}
WIDTH = 104


def scenes(lines):
    """The wanted scenes, each up to the command after which nothing new is to be seen."""
    end, drawn = None, False
    for line in lines:
        if line.startswith("== "):
            title = line[3:].rstrip()
            drawn, end = title in SCENES, SCENES.get(title)
            if drawn:
                yield f"# {title}"
        elif drawn and end and line.startswith(f"$ {end}"):
            drawn = False
        elif drawn and line.strip() not in ("", "[exit 0]"):
            yield line.rstrip()


def styled(line):
    if line.startswith("# "):
        return Text(line, style="bold cyan")
    if line.startswith("$ "):
        return Text("$ ", style="green").append(line[2:], style="bold")
    return Text(line)


def main():
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    for line in scenes(sys.stdin):
        console.print(styled(line), soft_wrap=False)
    svg = console.export_svg(title="plexctl", theme=MONOKAI, unique_id="plexctl")
    # A font that lies elsewhere is none for a page that fetches nothing.
    svg = re.sub(r"@font-face \{.*?\n\s*\}", "", svg, flags=re.DOTALL).replace("Fira Code, ", "")
    with open(sys.argv[1], "w", encoding="utf-8") as picture:
        picture.write("\n".join(line.rstrip() for line in svg.strip().splitlines()) + "\n")


if __name__ == "__main__":
    main()
