"""What a plan costs on the market: plans joined to the offers of one snapshot. Pure."""
