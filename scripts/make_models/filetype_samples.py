"""examples/filetype/samples: one small file of each of nine kinds, and what magika itself says about them."""

import base64
import io
import struct
import zipfile

import numpy as np
from magika import Magika
from PIL import Image

from .files import ROOT, write_bytes, write_json

FOLDER = ROOT / "examples" / "filetype" / "samples"

PYTHON = b'''\
"""Counts the words of a file."""

import sys
from collections import Counter
from pathlib import Path


def count_words(path: Path) -> Counter[str]:
    with path.open(encoding="utf-8") as lines:
        return Counter(word.lower() for line in lines for word in line.split())


if __name__ == "__main__":
    for word, count in count_words(Path(sys.argv[1])).most_common(10):
        print(f"{count:6d} {word}")
'''

JSON = b'''\
{
  "name": "boston",
  "version": "1.4.0",
  "inputs": [
    { "name": "X", "dtype": "float32", "shape": [null, 13] },
    { "name": "weights", "dtype": "float64", "shape": [13] }
  ],
  "public": false
}
'''

HTML = b'''\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Prices</title>
    <link rel="stylesheet" href="style.css" />
  </head>
  <body>
    <h1>Prices</h1>
    <p>Today's <em>prices</em> stand in <a href="prices.csv">this table</a>.</p>
  </body>
</html>
'''

CSV = b'''\
date,city,temperature,humidity,wind
2026-01-01,Berlin,-2.5,81,12
2026-01-01,Madrid,9.1,62,8
2026-01-01,Oslo,-11.0,74,5
2026-01-02,Berlin,-1.0,85,17
2026-01-02,Madrid,10.4,58,6
2026-01-02,Oslo,-12.3,70,4
2026-01-03,Berlin,0.2,90,21
'''

XML = b'''\
<?xml version="1.0" encoding="UTF-8"?>
<catalog>
  <book id="bk101">
    <author>Gambardella, Matthew</author>
    <title>A guide for developers</title>
    <price currency="EUR">44.95</price>
  </book>
  <book id="bk102">
    <author>Ralls, Kim</author>
    <title>Midnight rain</title>
    <price currency="EUR">5.95</price>
  </book>
</catalog>
'''


def make() -> None:
    magika = Magika()
    samples = {
        "words.py": PYTHON,
        "service.json": JSON,
        "page.html": HTML,
        "weather.csv": CSV,
        "catalog.xml": XML,
        "gradient.png": png(),
        "note.pdf": pdf(),
        "archive.zip": archive(),
        "answer.o": elf(),
    }
    for name, content in samples.items():
        write_bytes(FOLDER / name, content)
    write_json(FOLDER / "expected.json", {name: verdict(magika, content) for name, content in samples.items()}, indent=2)
    write_json(
        FOLDER / "edge-cases.json",
        [{"name": name, "base64": base64.b64encode(content).decode(), **verdict(magika, content)} for name, content in edge_cases().items()],
        indent=2,
    )


def verdict(magika: Magika, content: bytes) -> dict:
    said = magika.identify_bytes(content).prediction
    return {
        "label": str(said.output.label),
        "mimeType": said.output.mime_type,
        "modelLabel": str(said.dl.label),
        "score": round(float(said.score), 6),
        "overwriteReason": str(said.overwrite_reason),
    }


def edge_cases() -> dict[str, bytes]:
    noise = np.random.default_rng(11).integers(0, 256, 700, np.uint8).tobytes()
    return {
        "empty": b"",
        "two letters": b"hi",
        "seven bytes of text": b"abcdefg",
        "seven bytes that are no UTF-8": b"\xff\xfe\x00\x01\x02\x03\x80",
        "eight bytes of text": b"abcdefgh",
        "only white space": b" \t\r\n\x0b\x0c" * 10,
        "seven bytes after blanks": b"   \n" + b"abcdefg",
        "seven bytes between blanks, where only those before count out": b"   \n" + b"abcdefg" + b"\n\n  ",
        "no-break space is not trimmed": b"\xa0" * 12,
        "random bytes": noise,
        "code behind 2000 blanks": b" " * 2000 + PYTHON,
        "code behind 4096 blanks, past the first block": b" " * 4096 + PYTHON,
        "code, then 4096 blanks": PYTHON + b"\n" * 4096,
        "9000 bytes of code": PYTHON * 20,
        "1500 bytes, so that beginning and end overlap": (PYTHON * 4)[:1500],
        "a heading and a word": b"# title\n\nword\n",
        "prose": b"The quick brown fox jumps over the lazy dog, and then it rests.\n",
    }


def png() -> bytes:
    across = np.linspace(0, 255, 24, dtype=np.uint8)
    pixels = np.stack([np.tile(across, (24, 1)), np.tile(across[:, None], (1, 24)), np.full((24, 24), 96, np.uint8)], axis=-1)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", optimize=True)
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in (("words.py", PYTHON), ("weather.csv", CSV)):
            # A set date, so that the same bytes come out every time; stored, so that no zlib version matters.
            file.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


def elf() -> bytes:
    """An ELF64 relocatable object for x86-64 whose code is `return 42`: linked to nothing, so nothing that a machine could start."""
    code = b"\xf3\x0f\x1e\xfa\x55\x48\x89\xe5\xb8\x2a\x00\x00\x00\x5d\xc3".ljust(16, b"\0")
    comment = b"\0GCC: (Debian 12.2.0-14) 12.2.0\0"
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 0x12, 0, 1, 0, 15)
    symbol_names = b"\0answer\0"
    names = b"\0.symtab\0.strtab\0.shstrtab\0.text\0.comment\0"
    body, headers = b"", bytes(64)
    for name, kind, flags, content, link, info, align, entry in (
        (b".text", 1, 6, code, 0, 0, 16, 0),
        (b".comment", 1, 0x30, comment, 0, 0, 1, 1),
        (b".symtab", 2, 0, symbols, 4, 1, 8, 24),
        (b".strtab", 3, 0, symbol_names, 0, 0, 1, 0),
        (b".shstrtab", 3, 0, names, 0, 0, 1, 0),
    ):
        body += bytes(-len(body) % align)
        headers += struct.pack("<IIQQQQIIQQ", names.index(name + b"\0"), kind, flags, 0, 64 + len(body), len(content), link, info, align, entry)
        body += content
    body += bytes(-len(body) % 8)
    identity = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)
    header = identity + struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64, 6, 5)
    return header + body + headers


def pdf() -> bytes:
    stream = b"BT /F1 24 Tf 72 720 Td (A note) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        table,
        len(objects) + 1,
        len(out),
    )
