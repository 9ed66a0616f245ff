line = cf.credit_lines.get("line_gezdgnbvgy3tqojqgezdgnbvgy")
