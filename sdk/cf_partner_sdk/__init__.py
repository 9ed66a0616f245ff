"""What a merchant or a platform embeds to offer this lender's instalments."""
