"""Commission bills of platforms: found, downloaded, recomputed, confirmed or disputed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Optional

from ._calls import Call, Page, download, pages, read, segment, write
from ._commission_models import BillState, Claim, ClaimState, CommissionBill
from ._errors import StatementRefused
from ._models import Event
from ._service import R, Service, call, listing, steps
from ._statement_file import rows_of
from ._statement_models import Statement
from ._statements import Download, Target
from ._steps import Steps
from .http_signatures import Message
from .recompute_commissions import CommissionDifference, commission_differences


class Commissions(Service[R]):
    """What you earn: a bill each month, with a statement of every movement behind it."""

    @listing
    def list(
        self, *, state: Optional[BillState] = None, month: Optional[str] = None
    ) -> Call[Page[CommissionBill]]:
        """Go through the bills, newest first; `month` is one such as `2026-11`."""
        asked = None if state is None else str(state)
        return pages("/v1/commissions", CommissionBill.from_json, state=asked, month=month)

    @call
    def get(self, bill_id: str) -> Call[CommissionBill]:
        """Return the bill. Raises NotFound."""
        return read(_path(bill_id), CommissionBill.from_json)

    @steps
    def download_csv(self, bill_id: str, *, to: Target) -> Steps[Statement]:
        """Write the month's statement to a path or a binary file, once it is proved.

        Raises NotFound, StatementRefused.
        """
        bill = yield from self._converse(read(_path(bill_id), CommissionBill.from_json))
        statement = yield from self._converse(_statement(bill))
        yield from Download(self.runner, statement).write(to)
        return statement

    @steps
    def download_pdf(self, bill_id: str, *, to: Target) -> Steps[CommissionBill]:
        """Write the bill's document to a path or a binary file, once it is proved.

        Raises NotFound, StatementRefused.
        """
        bill = yield from self._converse(read(_path(bill_id), CommissionBill.from_json))
        content = yield from self._converse(_pdf(bill))
        if isinstance(to, (str, os.PathLike)):
            Path(to).write_bytes(content)
        else:
            to.write(content)
        return bill

    @steps
    def recompute(
        self, bill_id: str, *, events: Iterable[Event]
    ) -> Steps[tuple[CommissionDifference, ...]]:
        """Compute a bill anew from your own events and return every difference; none is agreement.

        `events` are those that you received and kept. The statement is downloaded and proved
        first; see `cf_partner_sdk.recompute_commissions`.

        Raises NotFound, StatementRefused.
        """
        bill = yield from self._converse(read(_path(bill_id), CommissionBill.from_json))
        statement = yield from self._converse(_statement(bill))
        kept = yield from Download(self.runner, statement).proved()
        with kept:
            return tuple(commission_differences(events, bill, rows_of(kept)))

    @call
    def confirm(
        self, bill_id: str, *, payable_fen: int, idempotency_key: Optional[str] = None
    ) -> Call[CommissionBill]:
        """Agree to a bill, which is then paid and never changes; `payable_fen` as it says.

        Raises Conflict where it was confirmed before, is disputed, or says something else.
        """
        body = {"payable_fen": payable_fen}
        return write(_path(bill_id, "confirm"), CommissionBill.from_json, body, idempotency_key)

    @call
    def dispute(
        self, bill_id: str, *, reason: str, idempotency_key: Optional[str] = None
    ) -> Call[CommissionBill]:
        """Say what is wrong with a bill; `commission.bill_ready` tells of the answer."""
        body = {"reason": reason}
        return write(_path(bill_id, "dispute"), CommissionBill.from_json, body, idempotency_key)


class Claims(Service[R]):
    """What you, a guarantor, are asked to pay."""

    @listing
    def list(self, *, state: Optional[ClaimState] = None) -> Call[Page[Claim]]:
        """Go through the claims, newest first."""
        asked = None if state is None else str(state)
        return pages("/v1/claims", Claim.from_json, state=asked)

    @call
    def get(self, claim_id: str) -> Call[Claim]:
        """Return the claim. Raises NotFound."""
        return read(f"/v1/claims/{segment(claim_id)}", Claim.from_json)

    @call
    def confirm_payment(
        self, claim_id: str, *, bank_reference: str, idempotency_key: Optional[str] = None
    ) -> Call[Claim]:
        """Say that the money is on its way, under your bank's number of the transfer.

        Raises Conflict where the claim is not waiting for money any more.
        """
        path = f"/v1/claims/{segment(claim_id)}/confirm_payment"
        return write(path, Claim.from_json, {"bank_reference": bank_reference}, idempotency_key)


def _path(bill_id: str, *more: str) -> str:
    return "/".join(("/v1/commissions", segment(bill_id), *more))


def _statement(bill: CommissionBill) -> Call[Statement]:
    if bill.statement_id is None:
        raise StatementRefused("statement", "the bill names no statement")
    return read(f"/v1/statements/{segment(bill.statement_id)}", Statement.from_json)


def _pdf(bill: CommissionBill) -> Call[bytes]:
    def body(answer: Message) -> bytes:
        if len(answer.body) != bill.pdf_size_bytes:
            raise StatementRefused("size", "the document is not as long as the bill says")
        if hashlib.sha256(answer.body).hexdigest() != bill.pdf_sha256:
            raise StatementRefused("digest", "the document is not the one that the bill describes")
        return answer.body

    return download(_path(bill.id, "pdf"), "application/pdf", body)
