"""Files from outside made harmless: known by their content, and kept as we write them anew.

A picture is painted anew, so that nothing but its pixels is left. A document is written anew as its
parser understands it, so that what another reader might see in it is gone; one that could do
something when it is opened, or hides what it holds, is refused.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from mmap import mmap
from typing import IO, Any, cast

from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf import PdfReader, PdfWriter
from pypdf.errors import LimitReachedError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject

from lending.foundation.files import Content
from scenarios.assisted_lending.errors import AttachmentTooLarge, AttachmentTypeRefused

BYTES_MAX = 10 * 1024 * 1024
PIXELS_MAX = 40_000_000
OBJECTS_MAX = 5_000
"""Of a document: a payslip has some dozens, and each takes a millisecond."""
ACTIVE = frozenset(
    f"/{name}"
    for name in (
        *("JavaScript", "JS", "Launch", "EmbeddedFile", "EmbeddedFiles", "OpenAction", "AA"),
        *("RichMedia", "XFA", "SubmitForm", "ImportData", "GoToE", "GoToR", "Movie", "Sound"),
    )
)
"""Names in a document that would have it act when opened, or hold other files."""
_AT_ONCE = threading.BoundedSemaphore(2)
"""So that many large files at once do not take all of a process's memory."""


@dataclass(frozen=True, slots=True)
class CleanFile:
    """A file with nothing in it but what it shows."""

    content_type: str
    content: bytes = field(repr=False)


def cleaned(content: Content) -> CleanFile:
    """The type of a file by its content, and the file written anew.

    Raises AttachmentTooLarge, AttachmentTypeRefused.
    """
    if len(content) > BYTES_MAX:
        raise AttachmentTooLarge(f"the file has {len(content):,} bytes")
    begins = content[:8]
    if begins.startswith(b"%PDF-"):
        content_type, anew = "application/pdf", _written_anew
    elif begins.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        content_type, anew = "image/jpeg", _painted_anew
    else:
        raise AttachmentTypeRefused
    with _AT_ONCE:
        file = cast("IO[bytes]", content if isinstance(content, mmap) else BytesIO(content))
        return CleanFile(content_type, anew(file))


def _painted_anew(file: IO[bytes]) -> bytes:
    """A picture's pixels alone: no metadata, and nothing hidden behind it."""
    try:
        with Image.open(file, formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                raise AttachmentTooLarge(f"the picture has more than {PIXELS_MAX:,} pixels")
            painted = BytesIO()
            upright = ImageOps.exif_transpose(picture)
            upright.convert("RGB").save(painted, "JPEG", quality=88)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as broken:
        raise AttachmentTypeRefused("the picture cannot be read") from broken
    except Image.DecompressionBombError as bomb:
        raise AttachmentTooLarge("the picture is too large when it is opened") from bomb
    return painted.getvalue()


def _written_anew(file: IO[bytes]) -> bytes:
    """A document with what can be reached from its root, and nothing else."""
    try:
        reader = PdfReader(file)
        if reader.is_encrypted:
            raise AttachmentTypeRefused("the document is encrypted")
        if sum(map(len, reader.xref.values())) + len(reader.xref_objStm) > OBJECTS_MAX:
            raise AttachmentTooLarge(f"the document has more than {OBJECTS_MAX:,} objects")
        if not ACTIVE.isdisjoint(_names(reader.trailer["/Root"])):
            raise AttachmentTypeRefused("the document acts when it is opened")
        written = BytesIO()
        PdfWriter(clone_from=reader).write(written)
    except LimitReachedError as bomb:
        raise AttachmentTooLarge("the document is too large when it is opened") from bomb
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as broken:
        raise AttachmentTypeRefused("the document cannot be read") from broken
    return written.getvalue()


def _names(root: Any) -> Iterator[str]:
    """All names that can be reached, each as often as it stands there."""
    seen: set[int] = set()
    left = [root]
    while left:
        found = left.pop()
        if isinstance(found, IndirectObject):
            if found.idnum not in seen:
                seen.add(found.idnum)
                left.append(found.get_object())
        elif isinstance(found, DictionaryObject):
            yield from found
            left.extend(found.values())
        elif isinstance(found, ArrayObject):
            left.extend(found)
        elif isinstance(found, NameObject):
            yield found
