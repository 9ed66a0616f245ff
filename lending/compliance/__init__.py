"""Compliance: parameters with dates, gates that stop an act, and proof of what a borrower saw."""
