"""Proof that a borrower read the cost table (综合融资成本明示表) before signing.

R-COST-TABLE, R-COST-READ (金规〔2026〕2号, in force 2026-08-01): online the table is shown by
itself, must be read for a time, and is confirmed before the contract. The time runs on our clock,
from the row that is written when the page is served; the rule's text names no number of seconds.
"""

import json
from hashlib import sha256
from math import ceil
from typing import Any

from lending.channels import listings
from lending.channels.model import PartnerKind
from lending.compliance import gates, parameters, store
from lending.compliance.errors import (
    CostTableChanged,
    CostTableNotConfirmed,
    NoSuchShowing,
    NotScrolled,
    ReadTooShort,
)
from lending.compliance.model import Showing
from lending.foundation.database import Tx
from lending.foundation.lender import LENDER_ZH


def table_sha256(table: dict[str, Any]) -> str:
    """The digest that ties a table to a contract: SHA-256 of its canonical JSON.

    Canonical: keys sorted, no spaces, characters as they are, UTF-8.
    """
    text = json.dumps(table, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def show(tx: Tx, application_id: str, table: dict[str, Any]) -> str:
    """Records that a table is being shown now; the showing's id. The reading time starts.

    Raises CostTableIncomplete when the table lacks a field of the rule, FeeNotAllowed when it
    names a charge that may not exist, CollectorNotAllowed when one would go to a stranger.
    """
    gates.require_cost_table(table)
    rows = (*table["items"], *table["contingent"])
    gates.require_fee_names([row["name"] for row in rows], parameters.today(tx))
    is_ours_alone = all(row["collector"] == LENDER_ZH for row in rows)
    enhancers = () if is_ours_alone else listings.names_listed(tx, PartnerKind.GUARANTOR)
    gates.require_collectors(table, lender=LENDER_ZH, enhancers=enhancers)
    return store.insert_showing(
        tx, application_id=application_id, table=table, table_sha256=table_sha256(table)
    )


def scrolled(tx: Tx, showing_id: str) -> None:
    """Records that the end of the table came into view; the first time counts.

    Raises NoSuchShowing.
    """
    if not store.set_scrolled(tx, showing_id):
        raise NoSuchShowing


def confirm(tx: Tx, showing_id: str, *, read_seconds_min: int) -> Showing:
    """Records the borrower's own confirmation. Confirming again changes nothing.

    Raises NotScrolled, ReadTooShort (its `mend` says how many seconds are left), NoSuchShowing.
    """
    assert read_seconds_min > 0, "R-COST-READ wants a reading time"
    found = store.showing(tx, showing_id, lock=True)
    if found is None:
        raise NoSuchShowing
    if found.confirmed_at is not None:
        return found
    if found.scrolled_at is None:
        raise NotScrolled
    left_s = read_seconds_min - (tx.now - found.shown_at).total_seconds()
    if left_s > 0:
        raise ReadTooShort(mend=f"请再阅读 {ceil(left_s)} 秒后确认。")
    store.set_confirmed(tx, showing_id)
    return get(tx, showing_id)


def get(tx: Tx, showing_id: str) -> Showing:
    """One showing.

    Raises NoSuchShowing.
    """
    found = store.showing(tx, showing_id)
    if found is None:
        raise NoSuchShowing
    return found


def require_confirmed(tx: Tx, showing_id: str, *, application_id: str, sha256: str) -> Showing:
    """The showing, if this very table was confirmed for this application (R-COST-TABLE).

    Raises CostTableNotConfirmed, CostTableChanged, NoSuchShowing when it is another application's.
    """
    found = get(tx, showing_id)
    if found.application_id != application_id:
        raise NoSuchShowing
    if found.confirmed_at is None:
        raise CostTableNotConfirmed
    if found.table_sha256 != sha256:
        raise CostTableChanged
    return found
