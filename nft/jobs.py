"""The names of this app's background jobs, so that services can ask for them."""

CHECK_BURN = "nft.check_burn"
MINT = "nft.mint"
REDRIVE = "nft.redrive"
EXPIRE = "nft.expire"
GLANCE = "nft.glance"
FOLLOW_NFT = "nft.follow_nft"
SWEEP_EARNING = "nft.sweep_earning"
