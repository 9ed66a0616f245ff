"""What risk noticed, for operators (M7)."""
