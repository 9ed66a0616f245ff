"""When every test begins."""

from datetime import UTC, date, datetime

TODAY = date(2026, 11, 23)
"""The business date that every test starts on, unless it says otherwise."""
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""The instant that every test starts at: ten in the morning in Shanghai."""
