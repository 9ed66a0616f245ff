"""Files that come with a lead: small, known by their content, kept in a form of our own."""

import re
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from mmap import ACCESS_READ, mmap

import pytest
from PIL import Image, PngImagePlugin

from lending.foundation.audit import Actor
from scenarios.assisted_lending import attachments, servicing
from scenarios.assisted_lending.errors import (
    AttachmentTooLarge,
    AttachmentTypeRefused,
    NoSuchLead,
    ScopeMissing,
    TooManyAttachments,
)
from scenarios.assisted_lending.model import Scope
from tests.loans.world import PUBLIC_URL

PDF = b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\n%%EOF\n"
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
            file=attachments.cleaned(content),
        )


class TestAFile:
    def test_is_kept_sealed_and_opened_for_somebody_named_only(self, sending, lead_id):
        world = sending.world
        made = attach(sending, lead_id, PDF)
        assert (made["content_type"], made["size_bytes"]) == ("application/pdf", len(PDF))
        (row,) = world.rows("SELECT * FROM lead_attachment WHERE id = :id", id=made["id"])
        stored = (world.files.root / row["file_name"]).read_bytes()
        assert PDF[:20] not in stored
        assert re.fullmatch(r"attachment/[0-9a-f]{2}/[0-9a-f]{64}\.sealed", row["file_name"])
        with world.database.unit_of_work() as tx:
            seen, content = attachments.opened(
                tx, world.keys, world.files, made["id"], SEER, lead_id=lead_id
            )
        assert (content, seen.sha256) == (PDF, sha256(PDF).hexdigest())
        logged = world.rows("SELECT actor FROM audit_log WHERE action = 'lead.see_attachment'")
        assert [each["actor"] for each in logged] == [str(SEER)]

    @pytest.mark.parametrize("form", ["PNG", "JPEG"])
    def test_that_is_a_picture_is_painted_anew(self, form):
        made = attachments.cleaned(picture(form, secret="at home") + b"<script>hidden")
        assert made.content_type == "image/jpeg"
        assert made.content[:3] == b"\xff\xd8\xff"
        assert b"hidden" not in made.content
        assert b"at home" not in made.content

    def test_is_read_where_it_lies_in_a_mapped_file(self, sending, lead_id, tmp_path):
        world = sending.world
        for content in (PDF + b" " * 200_000 + b"%%EOF", picture("PNG", size=64)):
            (tmp_path / "sent").write_bytes(content)
            with (tmp_path / "sent").open("rb") as file:
                mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
            clean = attachments.cleaned(mapped)
            assert clean.content[:] == attachments.cleaned(content).content
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
            PDF.replace(b"/Catalog", b"/Catalog /OpenAction 2 0 R"),
            PDF.replace(b"/Catalog", b"/Catalog /Names <</JavaScript 3 0 R>>"),
            PDF.replace(b"/Catalog", b"/Catalog /EmbeddedFile 3 0 R"),
        ],
    )
    def test_of_another_type_or_that_could_act_is_refused(self, content):
        with pytest.raises(AttachmentTypeRefused):
            attachments.cleaned(content)

    def test_that_is_too_large_is_refused_before_it_is_painted(self, monkeypatch):
        with pytest.raises(AttachmentTooLarge):
            attachments.cleaned(PDF + b" " * attachments.BYTES_MAX)
        monkeypatch.setattr(attachments, "PIXELS_MAX", 63)
        with pytest.raises(AttachmentTooLarge):
            attachments.cleaned(picture(size=8))

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
