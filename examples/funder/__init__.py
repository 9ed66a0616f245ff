"""A funder: a service of a bank that decides on shares of joint loans and keeps its own book."""
