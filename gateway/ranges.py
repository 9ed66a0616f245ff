"""Files in one answer or in parts: Range (RFC 9110), ETag, Repr-Digest (RFC 9530)."""

import base64
import re
from collections.abc import Callable, Mapping

from gateway.endpoints import Reply
from gateway.errors import FileTooLong, RangeRefused

PART_MAX = 10 * 1024 * 1024
"""Bytes of a file in one answer; a longer range is answered by its beginning."""
HEADERS = {
    "range": f"One range of bytes, such as `bytes=0-1048575`; at most {PART_MAX} bytes are given.",
    "if-range": "The ETag that the range is of; the whole file is given if it is another.",
}
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))", re.ASCII)


def answer(
    asked: Mapping[str, str],
    *,
    sha256: str,
    size: int,
    read: Callable[[int, int], bytes],
    content_type: str,
) -> Reply:
    """The file, or the part of it that was asked for; `read` gives bytes from a place on.

    The answer's Content-Digest is of the part, its Repr-Digest of the whole file.

    Raises RangeRefused, FileTooLong.
    """
    etag = f'"{sha256}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:",
    }
    wanted = asked.get("range")
    if wanted is None or asked.get("if-range", etag) != etag:
        if size > PART_MAX:
            raise FileTooLong(
                f"the file has {size} bytes",
                mend=f"Ask for it in parts by Range, at most {PART_MAX} bytes each.",
            )
        return Reply(read(0, size), content_type=content_type, headers=headers)
    start, end = _bounds(wanted, size)
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    part = read(start, end - start + 1)
    return Reply(part, 206, content_type=content_type, headers=headers)


def _bounds(wanted: str, size: int) -> tuple[int, int]:
    found = _RANGE.fullmatch(wanted)
    if found is None:
        raise RangeRefused(size)
    first, last, suffix = found.groups()
    start = int(first) if first else max(0, size - int(suffix))
    end = min(int(last) if last else size - 1, size - 1, start + PART_MAX - 1)
    if end < start:
        raise RangeRefused(size)
    return start, end
