"""What platforms earn, over the wire: bills found, confirmed, disputed."""

from datetime import date

from gateway import pages, ranges
from gateway.endpoints import Call, Endpoint, Reply
from gateway.errors import FileTooLong, RangeRefused
from gateway.fields import page
from gateway.schemas import commissions as schemas
from lending.channels import errors as channels
from lending.commissions import errors, service
from lending.foundation import business_day
from lending.remittances import errors as remittances
from lending.statistics import channels as statistics


def bill_list(call: Call) -> Reply:
    """A page of bills."""
    keys = call.context.lending.keys
    filters = {name: call.query.get(name) for name in ("state", "month")}
    month = filters["month"]
    found, following = service.page(
        call.tx,
        call.partner_id,
        state=filters["state"],
        month=date.fromisoformat(f"{month}-01") if month else None,
        before=pages.place_of(keys, call.query, filters),
        limit=pages.limit_of(call.query),
    )
    cursor = pages.cursor_of(keys, following, filters)
    return Reply({"data": [service.view(each) for each in found], "next_cursor": cursor})


def bill(call: Call) -> Reply:
    """One bill."""
    return Reply(service.view(service.of_platform(call.tx, call.partner_id, _id(call))))


def bill_pdf(call: Call) -> Reply:
    """The document of a bill."""
    found = service.of_platform(call.tx, call.partner_id, _id(call))
    files = call.context.lending.files
    return ranges.answer(
        call.headers,
        sha256=found.pdf_sha256,
        size=found.pdf_size_bytes,
        read=lambda start, length: service.pdf_part(files, found, start, length),
        content_type="application/pdf",
    )


def confirm(call: Call) -> Reply:
    """Agrees to a bill."""
    payable_fen = call.body["payable_fen"]
    return Reply(service.view(service.confirm(call.tx, call.partner_id, _id(call), payable_fen)))


def dispute(call: Call) -> Reply:
    """Says what is wrong with a bill."""
    reason = call.body["reason"]
    return Reply(service.view(service.dispute(call.tx, call.partner_id, _id(call), reason)))


def platform_statistics(call: Call) -> Reply:
    """What came of the people whom a platform sent."""
    asked = call.query.get("month")
    month = date.fromisoformat(f"{asked}-01") if asked else business_day.today(call.tx)
    found = statistics.of_partner(call.tx, call.partner_id, month)
    return Reply(
        {
            "month": f"{month:%Y-%m}",
            "prechecks": statistics.asked(call.tx, call.partner_id, month),
            "products": [statistics.view(each) for each in found],
        }
    )


def _id(call: Call) -> str:
    return call.path["bill_id"]


_ONE = "/v1/commissions/<bill_id>"

ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/commissions",
        "commissions",
        "Your monthly commission bills, newest first",
        bill_list,
        function="commissions",
        owner="partner",
        scope="commissions:read",
        response=schemas.BillList,
        query={"state": schemas.STATE, "month": schemas.MONTH, **page()},
    ),
    Endpoint(
        "GET",
        "/v1/platform/statistics",
        "platform_statistics",
        "What came of the people whom you sent: how many, how much, how it is repaid",
        platform_statistics,
        function="commissions",
        owner="partner",
        scope="commissions:read",
        response=schemas.PlatformStatisticsSchema,
        query={"month": schemas.MONTH},
    ),
    Endpoint(
        "GET",
        _ONE,
        "commission",
        "One bill: what it is the sum of, and where its payment is",
        bill,
        function="commissions",
        owner="partner",
        scope="commissions:read",
        response=schemas.BillSchema,
        refusals=(errors.NoSuchBill,),
    ),
    Endpoint(
        "GET",
        f"{_ONE}/pdf",
        "commission_pdf",
        "The document of a bill, whole or by Range",
        bill_pdf,
        function="commissions",
        owner="partner",
        scope="commissions:read",
        headers=ranges.HEADERS,
        gives="application/pdf",
        refusals=(errors.NoSuchBill, errors.BillFileAway, RangeRefused, FileTooLong),
    ),
    Endpoint(
        "POST",
        f"{_ONE}/confirm",
        "confirm_commission",
        "Agree to a bill, which is then paid and never changes",
        confirm,
        function="commissions",
        owner="partner",
        writes=True,
        request=schemas.ConfirmBill(),
        response=schemas.BillSchema,
        refusals=(
            errors.NoSuchBill,
            errors.BillConfirmed,
            errors.BillDisputed,
            errors.BillChanged,
            channels.PartnerNotListed,
            remittances.NoSettlementAccount,
        ),
    ),
    Endpoint(
        "POST",
        f"{_ONE}/dispute",
        "dispute_commission",
        "Say what is wrong with a bill; an operator answers",
        dispute,
        function="commissions",
        owner="partner",
        writes=True,
        request=schemas.DisputeBill(),
        response=schemas.BillSchema,
        refusals=(errors.NoSuchBill, errors.BillConfirmed, errors.BillDisputed),
    ),
)
