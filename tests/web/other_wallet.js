// A Wallet Standard wallet that a test steers, as an extension would bring it into the page.
(() => {
  const listeners = [];
  const account = (address, chains) => ({ address, publicKey: new Uint8Array(32), chains, features: [] });
  const wallet = {
    version: "1.0.0",
    name: "Test wallet",
    icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
    chains: ["solana:devnet"],
    accounts: [],
    features: {
      "standard:connect": { version: "1.0.0", connect: async () => ({ accounts: wallet.accounts }) },
      "standard:events": { version: "1.0.0", on: (_name, listener) => listeners.push(listener) },
      "solana:signMessage": {
        version: "1.0.0",
        signMessage: async () => {
          throw new Error("The user closed the window: request denied");
        },
      },
      "solana:signTransaction": { version: "1.0.0", signTransaction: async () => [] },
    },
  };
  window.showAccounts = (...addresses) => {
    wallet.accounts = addresses.map((address) => account(address, ["solana:devnet"]));
    for (const listener of listeners) listener({ accounts: wallet.accounts });
  };
  const known = sessionStorage.getItem("accounts");
  if (known) wallet.accounts = JSON.parse(known).map((address) => account(address, ["solana:devnet"]));
  const register = (api) => api.register(wallet);
  window.dispatchEvent(new CustomEvent("wallet-standard:register-wallet", { detail: register }));
  window.addEventListener("wallet-standard:app-ready", (event) => register(event.detail));
})();
