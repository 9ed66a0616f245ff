"""A small shop that sells by instalments. It uses the SDK and the lender's embed script alone."""
