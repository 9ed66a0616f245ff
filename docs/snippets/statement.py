statement = cf.statements.get("stm_gezdgnbvgy3tqojqgezdgnbvgy")
print(statement.rows, statement.sha256)
