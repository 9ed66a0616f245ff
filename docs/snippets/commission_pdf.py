cf.commissions.download_pdf("cbl_gezdgnbvgy3tqojqgezdgnbvgy", to="bill.pdf")
