"""Joint loans as their funders meet them: invited, answered, funded, told of all that follows."""
