for share in cf.shares.list(state="invited"):
    print(share.id, share.share_rate, share.amount_fen, share.decide_by)
