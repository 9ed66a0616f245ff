cf.statements.download("stm_gezdgnbvgy3tqojqgezdgnbvgy", to="statement.csv")
