#!/usr/bin/env bash
# Parses the completion script for PowerShell, which a test holds to be the one that plexctl prints, with the tree-sitter
# grammar. PowerShell itself is seldom at hand. Downloads the grammar (Python), and prints SKIPPED if it cannot.
set -euo pipefail
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if ! { python3 -m venv "$scratch/python" && "$scratch/python/bin/pip" install --quiet --disable-pip-version-check \
    tree-sitter==0.26.1 tree-sitter-powershell==0.26.4; }; then
    echo "SKIPPED: the syntax of the PowerShell completion (tree-sitter-powershell cannot be installed here)"
    exit
fi
"$scratch/python/bin/python" - tests/it/completion/powershell.ps1 <<'END'
import sys
import tree_sitter
import tree_sitter_powershell

def faults(node):
    if node.is_error or node.is_missing:
        yield node.start_point
    for child in node.children:
        yield from faults(child)

with open(sys.argv[1], "rb") as script:
    language = tree_sitter.Language(tree_sitter_powershell.language())
    tree = tree_sitter.Parser(language).parse(script.read())
places = [f"{sys.argv[1]}:{row + 1}:{column + 1}" for row, column in faults(tree.root_node)]
if places:
    sys.exit("not PowerShell: " + ", ".join(places))
print("The PowerShell completion parses.")
END
