"""What the end of day writes, reads and looks at beside the loans."""

import json
from datetime import timedelta

from lending.batch import end_of_day
from lending.foundation.audit import SYSTEM
from lending.foundation.files import StoredFile
from lending.repayments import service as repayments
from lending.repayments import transfers
from lending.repayments.model import What
from lending.repayments.transfers import Transfer
from tests.loans.world import AMOUNT_FEN, World
from tests.today import TODAY


def day_ends(world: World) -> None:
    world.clock.advance(timedelta(days=1))
    end_of_day.catch_up(world.context)


class TestTheFileForTheCreditBureau:
    def test_names_what_began_and_no_person(self, world: World):
        _, loan_id = world.paid()
        day_ends(world)
        (row,) = world.rows("SELECT * FROM interface_file WHERE kind = 'credit_report'")
        lines = [
            json.loads(line)
            for line in world.files.get(StoredFile(row["name"], row["sha256"])).splitlines()
        ]
        (contract,) = world.rows("SELECT number FROM contract WHERE loan_id = :id", id=loan_id)
        assert row["lines"] == 1
        assert [line["contract_number"] for line in lines] == [contract["number"]]
        assert lines[0]["principal_open_fen"] == AMOUNT_FEN
        assert set(lines[0]) == {
            *("contract_number", "customer_id", "days_past_due", "grade"),
            *("principal_open_fen", "start_date", "state"),
        }

    def test_names_what_ended_by_money_of_an_earlier_day(self, world: World):
        _, loan_id = world.paid()
        day_ends(world)
        with world.database.unit_of_work() as tx:
            owed_fen = repayments.quote(tx, loan_id, What.PAYOFF, on=TODAY).amount_fen
            came = Transfer(owed_fen, TODAY, "ICBC-1", What.PAYOFF)
            transfers.enter(tx, loan_id, came, SYSTEM)
        day_ends(world)
        row = world.rows(
            "SELECT * FROM interface_file WHERE kind = 'credit_report' ORDER BY business_date"
        )[-1]
        (line,) = world.files.get(StoredFile(row["name"], row["sha256"])).splitlines()
        assert json.loads(line)["state"] == "settled"


class TestTheBanksFile:
    def test_is_kept_and_agrees(self, world: World):
        world.paid()
        day_ends(world)
        rows = world.rows(
            "SELECT business_date, lines FROM interface_file WHERE kind = 'bank_file'"
        )
        assert rows == [{"business_date": TODAY, "lines": 1}]
        assert world.count("SELECT count(*) FROM bank_difference") == 0

    def test_with_another_amount_shows_as_a_difference_and_stops_nothing(self, world: World):
        world.paid()
        (number,) = world.bank.book
        world.bank.book[number].amount_fen += 1
        day_ends(world)
        rows = world.rows("SELECT channel_order_no, kind FROM bank_difference")
        assert rows == [{"channel_order_no": number, "kind": "amount_differs"}]
        assert world.rows("SELECT business_date FROM closed_day") == [{"business_date": TODAY}]


class TestContracts:
    def test_that_are_there_and_whole_are_passed(self, world: World):
        world.paid()
        day_ends(world)
        assert world.count("SELECT count(*) FROM document_difference") == 0

    def test_that_are_missing_or_altered_are_kept_for_an_operator_and_stop_nothing(
        self, world: World
    ):
        _, first = world.paid("A-1")
        world.another_buyer(1)
        _, second = world.paid("A-2")
        names = {
            row["loan_id"]: world.files.root / row["document_name"]
            for row in world.rows("SELECT loan_id, document_name FROM contract")
        }
        names[first].unlink()
        names[second].write_bytes(b"another contract")
        day_ends(world)
        found = world.rows("SELECT loan_id, detail FROM document_difference")
        assert {row["loan_id"]: row["detail"] for row in found} == {
            first: "missing",
            second: "altered",
        }
        assert world.count("SELECT count(*) FROM closed_day") >= 1
