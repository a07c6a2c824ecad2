"""Reads the codes on papers as a scanner would: codes.py FOLDER, with the papers and `expected.json` of strict.rs."""

import json
import pathlib
import sys

import zxingcpp
from PIL import Image, ImageOps

# White paper around it, in dots, as there is on a counter.
MARGIN = 40


def codes_on(picture: pathlib.Path) -> list[list[str]]:
    paper = ImageOps.expand(Image.open(picture).convert("L"), border=MARGIN, fill=255)
    return [[code.format.name, code.text] for code in zxingcpp.read_barcodes(paper)]


def main() -> int:
    folder = pathlib.Path(sys.argv[1])
    papers = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    wrong = read = 0
    for paper in papers:
        found = sorted(code for picture in paper["pictures"] for code in codes_on(folder / picture))
        read += len(found)
        if found != sorted(paper["codes"]):
            wrong += 1
            print(f"{paper['pictures'][0]}: there should be {paper['codes']}, there is {found}", file=sys.stderr)
    print(f"{len(papers)} papers, {read} codes read, {wrong} papers wrong")
    return 1 if wrong or not read else 0


if __name__ == "__main__":
    sys.exit(main())
