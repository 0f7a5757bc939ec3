"""examples/ocr/samples: pictures of one text line, upright, turned, and stored turned with an EXIF note."""

import io

from PIL import Image, ImageDraw, ImageFont

from .files import ROOT, write_bytes, write_json

FOLDER = ROOT / "examples" / "ocr" / "samples"

HELLO = "Hello BentoTS 2026"
INVOICE = "Invoice no. 10-4711, EUR 1,299.50"

# EXIF tag 274; 3: turn by 180 degrees to show it, 6: turn clockwise by 90.
ORIENTATION = 274


def make() -> None:
    hello = line_picture(HELLO)
    write_png("hello.png", hello)
    write_png("hello-180.png", hello.rotate(180))
    # Image.rotate turns counterclockwise, so the turn that the note asks for brings the line back upright.
    write_jpeg("hello-exif3.jpg", hello.rotate(180), 3)
    write_jpeg("hello-exif6.jpg", hello.rotate(90, expand=True), 6)
    write_png("invoice.png", line_picture(INVOICE))

    write_json(
        FOLDER / "expected.json",
        {
            "hello.png": {"text": HELLO, "turned": False},
            "hello-180.png": {"text": HELLO, "turned": True},
            "hello-exif3.jpg": {"text": HELLO, "turned": False},
            "hello-exif6.jpg": {"text": HELLO, "turned": False},
            "invoice.png": {"text": INVOICE, "turned": False},
        },
        indent=2,
    )


def line_picture(text: str) -> Image.Image:
    # The font inside Pillow: pinned with it, the same on every machine.
    font = ImageFont.load_default(40)
    left, top, right, bottom = font.getbbox(text)
    margin = 10
    picture = Image.new("RGB", (right - left + 2 * margin, bottom - top + 2 * margin), "white")
    ImageDraw.Draw(picture).text((margin - left, margin - top), text, font=font, fill=(20, 20, 20))
    return picture


def write_png(name: str, picture: Image.Image) -> None:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    write_bytes(FOLDER / name, out.getvalue())


def write_jpeg(name: str, picture: Image.Image, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85, exif=exif)
    write_bytes(FOLDER / name, out.getvalue())
