quote = cf.mall.quotes.create(amount_fen=599_900, periods=[3, 12])
print(quote.message)
for offer in quote.offers:
    print(offer.periods, offer.instalment_fen, offer.rate_annual)
