"""The score card: trained offline from a public data set, carried as data, scored in integers."""
