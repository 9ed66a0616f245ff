"""`cf-partner`: keys, signatures, events and checks from the command line.

Settings come from a file and the environment (see `config`); no secret is ever an argument.
Exit codes: 0 done; 1 the lender said no or a check failed; 2 the command or a setting is wrong.
"""

from .main import main

__all__ = ["main"]
