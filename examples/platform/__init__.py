"""A small platform that shows loans and sends people to the lender."""
