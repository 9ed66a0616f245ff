for statement in cf.statements.list(span="month"):
    print(statement.period, statement.closing_balance_fen)
