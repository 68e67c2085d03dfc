/** The coin of the test chain at a price of the owner's: no server can ask for it, and what is paid for gas counts. */
export const ether = {
  network: 'eip155:84532',
  symbol: 'ETH',
  address: '0x0000000000000000000000000000000000000000',
  decimals: 18,
  transfer: 'native',
  microUsd: 2_000_000_000n,
} as const
