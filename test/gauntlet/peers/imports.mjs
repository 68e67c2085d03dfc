/** Loads the packages of one of the clients, and nothing else. */
const packages = {
  '@x402/fetch': ['@x402/fetch', '@x402/evm/exact/client', 'viem/accounts'],
  'x402-fetch': ['x402-fetch'],
  '@faremeter/fetch': ['@faremeter/fetch', '@faremeter/payment-evm/exact', '@faremeter/wallet-evm', 'viem/chains'],
  mppx: ['mppx/client', 'viem/accounts'],
  'hand-written on viem': ['viem/accounts'],
}

export async function load(name) {
  const [client] = name.split(', ')
  for (const one of packages[client]) await import(one)
}
