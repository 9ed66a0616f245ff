"""What a funder does about its shares: decide, answer, send money. Doing it twice does it once."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from cf_partner_sdk import Applicant, Client, Conflict, Share, ShareState, open_packet
from Crypto.PublicKey import RSA

from examples.funder.book import Book
from examples.funder.rules import TEMPERS, Verdict, decide


class Desk:
    """One funder at work."""

    def __init__(
        self,
        config: dict[str, Any],
        client: Client,
        book: Book,
        bank: requests.Session,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._config, self._client, self._book, self._bank = config, client, book, bank
        self._now = now
        self._key = RSA.import_key(Path(config["encryption_key"]).read_text())
        self.blacklist: set[str] = set()

    def catch_up(self) -> None:
        """Deals with every share that waits for an answer or for money, whatever was told of it."""
        for state in (ShareState.INVITED, ShareState.CALLED):
            for share in self._client.shares.list(state=state.value):
                self.deal_with(share.id)

    def deal_with(self, share_id: str) -> None:
        """Asks how a share stands, and does what it waits for."""
        share = self._client.shares.get(share_id)
        if share.state is ShareState.INVITED and share.packet is not None:
            self._answer(share)
        elif share.state is ShareState.CALLED:
            self._pay(share)
        self._book.caught_up(share_id)

    def _answer(self, share: Share) -> None:
        applicant = open_packet(share, key=self._key)
        verdict, reference, decided_at = self._decided(share, applicant)
        shares, key = self._client.shares, f"answer-{share.id}"
        try:
            if not verdict.takes:
                shares.decline(share.id, reason_code=verdict.reason, idempotency_key=key)
            elif verdict.share_rate < share.share_rate:
                shares.counter(
                    share.id,
                    share_rate=verdict.share_rate,
                    decision_reference=reference,
                    decided_at=decided_at,
                    idempotency_key=key,
                )
            else:
                shares.accept(
                    share.id,
                    decision_reference=reference,
                    decided_at=decided_at,
                    idempotency_key=key,
                )
        except Conflict:
            pass  # its time is over: nothing is reserved here before the money is called

    def _decided(self, share: Share, applicant: Applicant) -> tuple[Verdict, str, datetime]:
        """The decision on record, made now if there is none: it is never made twice."""
        assert share.invited_at is not None
        now = max(self._now(), share.invited_at)  # a sandbox's clock may run ahead
        made = decide(TEMPERS[self._config["temper"]], share, applicant, self.blacklist)
        self._book.run(
            "INSERT OR IGNORE INTO decision VALUES (?, ?, ?, ?, ?, ?)",
            share.id,
            f"D-{share.id[-8:]}",
            made.takes,
            str(made.share_rate),
            made.reason,
            now.isoformat(),
        )
        (row,) = self._book.run("SELECT * FROM decision WHERE share_id = ?", share.id)
        kept = Verdict(type(made.share_rate)(row["share_rate"]), row["reason"])
        return kept, row["reference"], datetime.fromisoformat(row["decided_at"])

    def _pay(self, share: Share) -> None:
        """Has the funder's bank send what is called, under one reference for ever."""
        assert share.call is not None
        reference = f"FND-{share.id[4:]}"
        self._book.run(
            "INSERT OR IGNORE INTO transfer (share_id, reference, amount_fen) VALUES (?, ?, ?)",
            share.id,
            reference,
            share.call.amount_fen,
        )
        answer = self._bank.post(
            f"{self._config['bank_url']}/interbank/transfers",
            json={
                "reference": reference,
                "from_account": self._config["account_no"],
                "from_name": self._config["name"],
                "amount_fen": share.call.amount_fen,
                "remark": share.call.remark,
            },
            timeout=10,
        )
        answer.raise_for_status()
        self._book.run("UPDATE transfer SET sent = 1 WHERE share_id = ?", share.id)
        self._client.shares.confirm_funding(
            share.id, bank_reference=reference, idempotency_key=f"sent-{share.id}"
        )
