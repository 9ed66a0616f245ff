"""What finance does at the end of a date. Each is safe to run again."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from lending.compliance import parameters
from lending.finance import clearings, day_store, differences
from lending.foundation import ids
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.foundation.errors import OutsideFault
from lending.foundation.files import FileChanged, StoredFile
from lending.foundation.money import half_up
from lending.foundation.ports import ChannelTransaction
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import OWN, Account, Entry, funder_of, signed

CREDIT_REPORT, BANK_FILE = "credit_report", "bank_file"

BankFiles = dict[date, list[ChannelTransaction]]


def report(tx: Tx, day: date) -> int:
    """Writes the portfolio of the date by product, grade and bucket; how many rows."""
    return day_store.insert_portfolio(tx, day)


def is_reported(tx: Tx, day: date) -> bool:
    """Whether the portfolio of the date, as it was written, is that of now."""
    return day_store.is_portfolio(tx, day)


def provide(tx: Tx, day: date) -> int:
    """Sets aside for losses what the grades ask for (R-PROV); how many products changed.

    The provision of a product is the sum of its grades' exposure times their rates, each half up;
    the difference to what stands is one entry (P22).
    """
    rules = parameters.on(tx, day)
    asked: defaultdict[str, int] = defaultdict(int)
    for row in day_store.exposure_by_grade(tx, day):
        rate = Decimal(rules.text(f"provision.{row['grade']}_rate"))
        asked[row["product_code"]] += half_up(row["exposed_fen"] * rate)
    entries = []
    for product in sorted({*asked, *day_store.products_with_provision(tx)}):
        account = Account(Code.LOAN_LOSS_PROVISION, product)
        more = asked[product] + ledger.balance(tx, account)
        if more:
            entries.append(
                Entry(
                    kind="loss.provided",
                    subject=product,
                    memo="",
                    legs=(signed(Account(Code.IMPAIRMENT_LOSS), more), signed(account, -more)),
                    key=f"provide:{product}:{day}:{ids.new('prv')}",
                )
            )
    return len(ledger.post_many(tx, entries))


def files_out(tx: Tx, context: Context, day: date) -> int:
    """Writes the file for the credit bureau: what began, ended or came into another bucket."""
    lines = day_store.credit_report(tx, day)
    content = "".join(f"{json.dumps({**row}, default=str)}\n" for row in lines).encode()
    file = context.files.put(CREDIT_REPORT, ".jsonl", content)
    day_store.insert_file(tx, CREDIT_REPORT, day, file, len(lines))
    return len(lines)


def fetch_bank_files(context: Context, day: date) -> BankFiles:
    """The bank's files of all dates up to one that are not here yet.

    A bank that does not answer stops nothing: its file is asked for again at the next end of day.
    """
    with context.database.unit_of_work() as tx:
        missing = day_store.days_without_file(tx, BANK_FILE, day)
    found: BankFiles = {}
    for each in missing:
        try:
            found[each] = context.channel.daily_file(each)
        except OutsideFault:
            break
    return found


def files_in(tx: Tx, context: Context, closing: date, files: BankFiles) -> int:
    """Keeps the bank's files and every difference to our books; how many differences (X3).

    What was found before and agrees by now is settled.
    """
    found, newer = 0, dict[str, ChannelTransaction]()
    for day, lines in sorted(files.items()):
        content = "".join(f"{line}\n" for line in lines).encode()
        file = context.files.put(BANK_FILE, ".txt", content)
        day_store.insert_file(tx, BANK_FILE, day, file, len(lines))
        found += differences.find(tx, day, lines)
        newer |= {line.channel_order_no: line for line in lines}
    differences.settle_agreed(tx, closing, newer)
    return found


def documents(tx: Tx, context: Context, day: date) -> int:
    """Reads the contract of every loan that began on a date; how many are missing or altered.

    Each of these is kept for an operator to look into; it stops no date from closing.
    """
    wrong = 0
    for row in day_store.contracts_of(tx, day):
        try:
            context.files.get(StoredFile(row["document_name"], row["document_sha256"]))
        except OSError:
            wrong += 1
            day_store.insert_document_difference(tx, row["loan_id"], day, "missing")
        except FileChanged:
            wrong += 1
            day_store.insert_document_difference(tx, row["loan_id"], day, "altered")
    return wrong


def prove(tx: Tx, day: date) -> Iterable[str]:
    """What is wrong at the end of a date, as sentences: loans, accounts, and what they say (L11).

    The accounts are compared in total with all open loans, and one by one for those that had a
    line on the date; `reconciliation.sub_ledger_check` does it one by one for all.
    """
    following = day + timedelta(days=1)
    if behind := day_store.behind(tx, following):
        yield f"{behind} open loans have not come to {following}"
    sums = day_store.standing_sums(tx)
    claims: dict[str, int] = {}
    payable = money_in = 0
    for book in ledger.books_kept(tx):
        says = sums.get(book, {"principal": 0, "interest": 0, "subsidy": 0})
        balances = {row.code: row.balance_fen for row in ledger.trial_balance(tx, book=book)}
        for code, expected in (
            (Code.LOAN_PRINCIPAL, says["principal"]),
            (Code.INTEREST_RECEIVABLE, says["interest"]),
            (Code.DEFERRED_SUBSIDY, -says["subsidy"]),
        ):
            found = balances.get(code.value, 0)
            if found != expected:
                where = code.name if book == OWN else f"{code.name} of {book}"
                yield f"{where} stands at {found} fen, open loans say {expected}"
        payable += balances.get(Code.FUNDER_PAYABLE.value, 0)
        money_in += balances.get(Code.FUNDER_MONEY_IN.value, 0)
        money_in += balances.get(Code.LEAD_MONEY_IN.value, 0)
        if claimed := balances.get(Code.LEAD_RECEIVABLE.value, 0):
            claims[funder_of(book)] = claimed
    if payable + sum(claims.values()):
        yield f"FUNDER_PAYABLE stands at {payable} fen, funders claim {sum(claims.values())}"
    if money_in:
        yield f"funders' books differ by {money_in} fen from ours on what was sent for loans"
    yield from clearings.prove(tx, claims)
    for row in day_store.principal_that_differs(tx, day):
        whose = row["owner"] if row["book"] == OWN else f"{row['owner']} of {row['book']}"
        yield f"{whose}: the ledger has {row['ledger_fen']} fen, the loan {row['loan_fen']}"
