"""Statements over the wire: what was made, its file whole or in parts."""

from functools import partial

from gateway import pages, ranges
from gateway.endpoints import Call, Endpoint, Reply
from gateway.errors import FileTooLong, RangeRefused
from gateway.fields import Choice, Text, page, said
from gateway.schemas import statements as schemas
from lending.finance import differences, statements

FILE_TYPE = "text/csv; charset=utf-8; header=present"


def statement_list(call: Call) -> Reply:
    """A page of statements."""
    filters = {name: call.query.get(name) for name in ("kind", "span", "period")}
    fetch = partial(
        statements.page,
        call.tx,
        call.partner_id,
        kind=filters["kind"],
        span=filters["span"],
        period=filters["period"],
    )
    return Reply(pages.page_of(call.context.lending.keys, call.query, filters, fetch))


def statement(call: Call) -> Reply:
    """One statement."""
    found = statements.of_partner(call.tx, call.partner_id, call.path["statement_id"])
    return Reply(statements.view(found))


def statement_file(call: Call) -> Reply:
    """The file of a statement."""
    found = statements.of_partner(call.tx, call.partner_id, call.path["statement_id"])
    files = call.context.lending.files
    return ranges.answer(
        call.headers,
        sha256=found["sha256"],
        size=found["size_bytes"],
        read=lambda start, length: statements.part(files, found, start, length),
        content_type=FILE_TYPE,
    )


def reconciliation_differences(call: Call) -> Reply:
    """A page of differences."""
    filters = {"state": call.query.get("state")}
    fetch = partial(
        differences.page,
        call.tx,
        call.partner_id,
        state=filters["state"],
    )
    return Reply(pages.page_of(call.context.lending.keys, call.query, filters, fetch))


_ONE = "/v1/statements/<statement_id>"

ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/statements",
        "statements",
        "Your statements, newest first",
        statement_list,
        function="statements",
        owner="partner",
        scope="statements:read",
        response=schemas.StatementList,
        query={
            "kind": Choice(schemas.KINDS, metadata=said("Only statements of this kind.")),
            "span": Choice(schemas.SPANS, metadata=said("Only those of a day, or of a month.")),
            "period": Text(
                most=10,
                pattern=r"\d{4}-\d{2}(-\d{2})?",
                metadata=said("Only that of a date, or of a month such as `2026-11`.", "2026-11"),
            ),
            **page(),
        },
        refusals=(statements.PeriodRefused,),
    ),
    Endpoint(
        "GET",
        _ONE,
        "statement",
        "One statement: rows, sums, balances, and the schema of its file",
        statement,
        function="statements",
        owner="partner",
        scope="statements:read",
        response=schemas.StatementSchema,
        refusals=(statements.NoSuchStatement,),
    ),
    Endpoint(
        "GET",
        f"{_ONE}/file",
        "statement_file",
        "The file of a statement, whole or by Range",
        statement_file,
        function="statements",
        owner="partner",
        scope="statements:read",
        headers=ranges.HEADERS,
        gives="text/csv",
        refusals=(
            statements.NoSuchStatement,
            statements.StatementAway,
            RangeRefused,
            FileTooLong,
        ),
    ),
    Endpoint(
        "GET",
        "/v1/reconciliation/differences",
        "reconciliation_differences",
        "Payouts to you on which the bank's file and our books did not agree, newest first",
        reconciliation_differences,
        function="statements",
        owner="partner",
        scope="statements:read",
        response=schemas.DifferenceList,
        query={
            "state": Choice(schemas.STATES, metadata=said("Only those open, or settled.")),
            **page(),
        },
    ),
)
