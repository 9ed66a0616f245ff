"""The journal against a plain model: a dictionary of balances, from the rules of double entry."""

from collections import defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lending.foundation.database import Database
from lending.ledger import proof, service
from lending.ledger.chart import Code
from lending.ledger.errors import LimitPassed
from lending.ledger.model import Account, Entry, Limits, credit, debit

ACCOUNTS = [
    Account(Code.BANK_SETTLEMENT),
    Account(Code.LOAN_PRINCIPAL, "loan_1"),
    Account(Code.LOAN_PRINCIPAL, "loan_2"),
    Account(Code.EXPOSURE, "cus_1"),
    Account(Code.INTEREST_INCOME),
]
LIMITED, LIMIT_FEN = ACCOUNTS[3], 1_000

transfers = st.tuples(
    st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(1, 700)
).filter(lambda t: t[0] != t[1])
actions = st.lists(
    st.tuples(st.sampled_from(["post", "hold", "post_hold", "void", "reverse"]), transfers),
    max_size=25,
)


@given(actions)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_l1_to_l8_every_balance_is_what_the_model_says(
    database: Database, steps: list[tuple[str, tuple[Account, Account, int]]]
):
    balances: dict[Account, int] = defaultdict(int)
    held: dict[str, tuple[Account, Account, int]] = {}
    posted: dict[str, tuple[Account, Account, int]] = {}

    def worst(extra: int) -> int:
        holds = sum(amount for to, _, amount in held.values() if to == LIMITED)
        return balances[LIMITED] + holds + extra

    def move(to: Account, by: Account, amount: int) -> None:
        balances[to] += amount
        balances[by] -= amount

    class RolledBackError(Exception):
        pass

    try:
        with database.unit_of_work() as tx:
            service.open_account(tx, LIMITED, Limits(debit_fen=LIMIT_FEN))
            for number, (action, (to, by, amount)) in enumerate(steps):
                key = f"k{number}"
                if action in ("post", "hold"):
                    fits = to != LIMITED or worst(amount) <= LIMIT_FEN
                    try:
                        if action == "post":
                            legs = (debit(to, amount), credit(by, amount))
                            entry = Entry(kind="x", subject="s", memo="", legs=legs, key=key)
                            with tx.savepoint():
                                posted[service.post(tx, entry)] = (to, by, amount)
                            move(to, by, amount)
                        else:
                            with tx.savepoint():
                                hold_id = service.hold(
                                    tx,
                                    debit=to,
                                    credit=by,
                                    amount_fen=amount,
                                    subject="s",
                                    memo="",
                                )
                            held[hold_id] = (to, by, amount)
                        assert fits
                    except LimitPassed:
                        assert not fits
                elif action in ("post_hold", "void") and held:
                    hold_id, (to, by, amount) = held.popitem()
                    if action == "void":
                        service.void(tx, hold_id, because="")
                    else:
                        posted[service.post_hold(tx, hold_id, kind="x", key=key)] = (to, by, amount)
                        move(to, by, amount)
                elif action == "reverse" and posted:
                    entry_id, (to, by, amount) = posted.popitem()
                    if by == LIMITED and worst(amount) > LIMIT_FEN:
                        continue
                    service.reverse(tx, entry_id, because="")
                    move(by, to, amount)
            for account in ACCOUNTS:
                assert service.balance(tx, account) == balances[account]
            assert sum(row.balance_fen for row in service.trial_balance(tx)) == 0
            proof.seal(tx)
            assert proof.verify(tx) == []
            raise RolledBackError
    except RolledBackError:
        pass
