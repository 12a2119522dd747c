"""The public clusters, by the chain id that Sign-In-With-Solana uses, and their first blocks."""

GENESIS_HASHES = {
    "mainnet": "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d",
    "devnet": "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG",
    "testnet": "4uhcVJyU9pJkvQyS88uRDiswHXSGkY3zQawwpvk2NsNY",
}

# Where people look up what happened; a private cluster has none.
EXPLORERS = {
    "mainnet": "https://explorer.solana.com/{kind}/{id}",
    "devnet": "https://explorer.solana.com/{kind}/{id}?cluster=devnet",
    "testnet": "https://explorer.solana.com/{kind}/{id}?cluster=testnet",
}
