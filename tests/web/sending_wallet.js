// A Wallet Standard wallet that only signs and sends in one, as some do. Its key is that of the
// demo wallet; the test sends what it has signed, and says `landed()`.
(() => {
  const kept = () =>
    new Promise((resolve) => {
      const opening = indexedDB.open("aiw3-demo-wallet", 1);
      opening.onsuccess = () => {
        const asking = opening.result.transaction("keys").objectStore("keys").get("pair");
        asking.onsuccess = () => resolve(asking.result);
      };
    });
  const bytes = () => import("/static/web/bytes.js");
  const wallet = {
    version: "1.0.0",
    name: "Sending wallet",
    icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
    chains: ["solana:localnet"],
    accounts: [],
    features: {
      "standard:connect": {
        version: "1.0.0",
        connect: async () => {
          const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", (await kept()).publicKey));
          const address = (await bytes()).base58(publicKey);
          wallet.accounts = [{ address, publicKey, chains: wallet.chains, features: [] }];
          return { accounts: wallet.accounts };
        },
      },
      "standard:events": { version: "1.0.0", on: () => () => {} },
      "solana:signMessage": { version: "1.0.0", signMessage: async () => [] },
      "solana:signAndSendTransaction": {
        version: "1.0.0",
        signAndSendTransaction: async ({ account, transaction }) => {
          const { signaturePlace, toBase64 } = await bytes();
          const place = signaturePlace(transaction, account.publicKey);
          const { privateKey } = await kept();
          const message = transaction.slice(place.message);
          const signature = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, privateKey, message));
          const signed = transaction.slice();
          signed.set(signature, place.signature);
          document.documentElement.dataset.signed = toBase64(signed);
          await new Promise((landed) => { window.landed = landed; });
          return [{ signature }];
        },
      },
    },
  };
  const register = (api) => api.register(wallet);
  window.dispatchEvent(new CustomEvent("wallet-standard:register-wallet", { detail: register }));
  window.addEventListener("wallet-standard:app-ready", (event) => register(event.detail));
})();
