"""Files that come with a lead: small, known by their content, kept in a form of our own."""

import random
import re
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from mmap import ACCESS_READ, mmap

import pytest
from PIL import Image, PngImagePlugin
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, StreamObject, TextStringObject

from lending.foundation.audit import Actor
from lending.loans.errors import WrongState
from scenarios.assisted_lending import attachments, cleaning, servicing
from scenarios.assisted_lending.errors import (
    AttachmentTooLarge,
    AttachmentTypeRefused,
    NoSuchLead,
    ScopeMissing,
    TooManyAttachments,
)
from scenarios.assisted_lending.model import Scope
from tests.loans.world import PUBLIC_URL


def document(
    *, root: dict[str, str] | None = None, loose: str = "", password: str = "", size: int = 0
) -> bytes:
    """A document of one page, with more in its root, or so many bytes of a picture."""
    writer, made = PdfWriter(), BytesIO()
    page = writer.add_blank_page(9, 9)
    for name, value in (root or {}).items():
        writer.root_object[NameObject(name)] = NameObject(value)
    if loose:
        writer._add_object(TextStringObject(loose))
    if size:
        drawn = StreamObject()
        drawn.set_data(random.Random(size).randbytes(size))
        page[NameObject("/Contents")] = writer._add_object(drawn)
    if password:
        writer.encrypt(password)
    writer.write(made)
    return made.getvalue()


PDF = document()
SEER = Actor("operator", "opr_1")


def picture(form: str = "PNG", *, size: int = 8, secret: str = "") -> bytes:
    made, info = BytesIO(), PngImagePlugin.PngInfo()
    info.add_text("gps", secret or "none")
    Image.new("RGB", (size, size), "red").save(
        made, form, **({"pnginfo": info} if form == "PNG" else {})
    )
    return made.getvalue()


@pytest.fixture(scope="module")
def lead_id(sending) -> str:
    new = sending.new_lead()
    consent = replace(new.consents[0], scope=Scope.ATTACHMENTS)
    return sending.submit(replace(new, consents=(*new.consents, consent)))["id"]


def attach(sending, lead_id: str, content: bytes | mmap, by: str | None = None) -> dict:
    world = sending.world
    with world.database.unit_of_work() as tx:
        return attachments.attach(
            tx,
            world.keys,
            world.files,
            by or sending.platform_id,
            lead_id=lead_id,
            kind="income",
            file=cleaning.cleaned(content),
        )


class TestAFile:
    def test_is_kept_sealed_and_opened_for_somebody_named_only(self, sending, lead_id):
        world = sending.world
        made = attach(sending, lead_id, PDF)
        kept = cleaning.cleaned(PDF).content
        assert (made["content_type"], made["size_bytes"]) == ("application/pdf", len(kept))
        (row,) = world.rows("SELECT * FROM lead_attachment WHERE id = :id", id=made["id"])
        stored = (world.files.root / row["file_name"]).read_bytes()
        assert PDF[:20] not in stored
        assert re.fullmatch(r"attachment/[0-9a-f]{2}/[0-9a-f]{64}\.sealed", row["file_name"])
        with world.database.unit_of_work() as tx:
            seen, content = attachments.opened(
                tx, world.keys, world.files, made["id"], SEER, lead_id=lead_id
            )
        assert (content, seen.sha256) == (kept, sha256(kept).hexdigest())
        logged = world.rows("SELECT actor FROM audit_log WHERE action = 'lead.see_attachment'")
        assert [each["actor"] for each in logged] == [str(SEER)]

    @pytest.mark.parametrize("form", ["PNG", "JPEG"])
    def test_that_is_a_picture_is_painted_anew(self, form):
        made = cleaning.cleaned(picture(form, secret="at home") + b"<script>hidden")
        assert made.content_type == "image/jpeg"
        assert made.content[:3] == b"\xff\xd8\xff"
        assert b"hidden" not in made.content
        assert b"at home" not in made.content

    def test_is_read_where_it_lies_in_a_mapped_file(self, sending, lead_id, tmp_path):
        world = sending.world
        for content in (document(size=200_000), picture("PNG", size=64)):
            (tmp_path / "sent").write_bytes(content)
            with (tmp_path / "sent").open("rb") as file:
                mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
            clean = cleaning.cleaned(mapped)
            assert clean.content[:] == cleaning.cleaned(content).content
            made = attach(sending, lead_id, mapped)
            with world.database.unit_of_work() as tx:
                _, kept = attachments.opened(
                    tx, world.keys, world.files, made["id"], SEER, lead_id=lead_id
                )
            assert kept == clean.content[:]

    @pytest.mark.parametrize(
        "content",
        [
            b"MZ\x90\x00 a program",
            b"PK\x03\x04 an archive",
            b"<html><script>alert(1)</script>",
            b"GIF89a",
            b"\x89PNG\r\n\x1a\n and no more",
            b"%PDF-1.4 without an end",
            PDF[:-40],
            document(root={"/OpenAction": "/Fit"}),
            document(root={"/Names": "/JavaScript"}),
            document(root={"/Names": "/JavaScript"}).replace(b"/JavaScript", b"/J#61vaScript"),
            document(root={"/AF": "/EmbeddedFile"}),
            document(password="x"),
        ],
    )
    def test_of_another_type_or_that_could_act_is_refused(self, content):
        with pytest.raises(AttachmentTypeRefused):
            cleaning.cleaned(content)

    def test_that_is_a_document_is_written_anew_with_what_it_shows_alone(self):
        hidden = document(loose="at home") + b"<script>hidden"
        assert b"at home" in hidden
        for content in (cleaning.cleaned(hidden).content, cleaning.cleaned(PDF).content):
            assert b"at home" not in content
            assert b"hidden" not in content
            assert len(PdfReader(BytesIO(content)).pages) == 1

    def test_that_is_a_scan_of_megabytes_is_not_taken_for_one_that_acts(self):
        scan = document(size=3_000_000) + b""
        names = document(size=3_000_000).replace(b"endstream", b"/JS /AA /Launch endstream", 1)
        for content in (scan, names):
            assert len(cleaning.cleaned(content).content) > 3_000_000

    def test_that_is_too_large_is_refused_before_it_is_painted(self, monkeypatch):
        with pytest.raises(AttachmentTooLarge):
            cleaning.cleaned(PDF + b" " * cleaning.BYTES_MAX)
        monkeypatch.setattr(cleaning, "OBJECTS_MAX", 2)
        with pytest.raises(AttachmentTooLarge):
            cleaning.cleaned(PDF)
        monkeypatch.setattr(cleaning, "PIXELS_MAX", 63)
        with pytest.raises(AttachmentTooLarge):
            cleaning.cleaned(picture(size=8))

    def test_needs_a_consent_and_a_lead_of_the_platforms_own(self, sending, lead_id):
        without = sending.submit(sending.new_lead())["id"]
        with pytest.raises(ScopeMissing):
            attach(sending, without, PDF)
        with pytest.raises(NoSuchLead):
            attach(sending, lead_id, PDF, by=sending.platform("app_of_others"))
        assert (
            sending.world.count(
                "SELECT count(*) FROM lead_attachment WHERE lead_id = :id", id=without
            )
            == 0
        )

    def test_is_one_of_ten_at_most_and_forgotten_with_its_lead(self, sending, lead_id):
        world = sending.world
        there = world.count("SELECT count(*) FROM lead_attachment WHERE lead_id = :id", id=lead_id)
        for _ in range(attachments.PER_LEAD_MAX - there):
            attach(sending, lead_id, PDF)
        with pytest.raises(TooManyAttachments):
            attach(sending, lead_id, PDF)
        with world.database.unit_of_work() as tx:
            servicing.withdraw(tx, world.keys, sending.platform_id, lead_id, PUBLIC_URL)
        assert (
            world.count("SELECT count(*) FROM lead_attachment WHERE lead_id = :id", id=lead_id) == 0
        )
        with pytest.raises(WrongState):
            attach(sending, lead_id, PDF)
        assert (
            world.count("SELECT count(*) FROM lead_attachment WHERE lead_id = :id", id=lead_id) == 0
        )
