"""python-escpos printing the benchmark's receipt.

receipt.py RECEIPT.json OUT SECONDS: prints receipts per CPU-second, with the logo by its own call (`image`) and with the
logo's raster kept by the caller (`kept`); writes one receipt of each to OUT.image and OUT.kept.
"""

import json
import sys
import time

from escpos.constants import QR_ECLEVEL_M
from escpos.printer import Dummy
from PIL import Image

receipt = json.load(open(sys.argv[1], encoding="utf-8"))
out, seconds = sys.argv[2], float(sys.argv[3])
width, height, bits = receipt["width"], receipt["height"], bytes.fromhex(receipt["logo"])
# Black is 1 in the receipt and 0 in a picture of Pillow's.
logo = Image.frombytes("1", (width, height), bytes(255 - byte for byte in bits))
raster = b"\x1dv0\x00" + (width // 8).to_bytes(2, "little") + height.to_bytes(2, "little") + bits

# One printer for all receipts: its tables are built once. The page is set by hand, so that it need not look for one.
printer = Dummy(profile="TM-T88V")
printer.charcode("CP1252")


def paper(kept):
    printer.clear()
    # Like `ESC @`, but without forgetting the page.
    printer.hw("INIT")
    printer._raw(b"\x1bt\x10")
    printer.set(align="center")
    if kept:
        printer._raw(raster)
    else:
        printer.image(logo)
    printer.set(bold=True, double_width=True, double_height=True)
    printer.textln(receipt["title"])
    printer.set(align="left", bold=False, normal_textsize=True)
    for line in receipt["lines"]:
        printer.textln(line)
    printer.set(align="center")
    printer.qr(receipt["qr"], ec=QR_ECLEVEL_M, size=receipt["module"], native=True)
    printer.set(align="left")
    printer.cut(feed=False)
    return printer.output


def per_cpu_second(kept):
    count, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        for _ in range(8):
            paper(kept)
        count += 8
    return count / (time.process_time() - started)


for name, kept in (("image", False), ("kept", True)):
    with open(f"{out}.{name}", "wb") as file:
        file.write(paper(kept))
print(json.dumps({"image": per_cpu_second(False), "kept": per_cpu_second(True)}))
