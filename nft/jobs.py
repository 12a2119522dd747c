"""The names of this app's background jobs, so that services can ask for them."""

CHECK_BURN = "nft.check_burn"
MINT = "nft.mint"
REDRIVE = "nft.redrive"
EXPIRE = "nft.expire"
TELL_STUCK = "nft.tell_stuck"
WATCH_AUTHORITY = "nft.watch_authority"
