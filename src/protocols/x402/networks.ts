import type { Network } from '../../types.js'

const networksV1: Readonly<Record<string, Network>> = {
  abstract: 'eip155:2741',
  'abstract-testnet': 'eip155:11124',
  avalanche: 'eip155:43114',
  'avalanche-fuji': 'eip155:43113',
  base: 'eip155:8453',
  'base-sepolia': 'eip155:84532',
  celo: 'eip155:42220',
  educhain: 'eip155:41923',
  ethereum: 'eip155:1',
  flare: 'eip155:14',
  iotex: 'eip155:4689',
  megaeth: 'eip155:4326',
  monad: 'eip155:143',
  peaq: 'eip155:3338',
  polygon: 'eip155:137',
  'polygon-amoy': 'eip155:80002',
  sei: 'eip155:1329',
  'sei-testnet': 'eip155:1328',
  sepolia: 'eip155:11155111',
  'skale-base-sepolia': 'eip155:324705682',
  solana: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
  'solana-devnet': 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1',
  'solana-testnet': 'solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z',
  stable: 'eip155:988',
  'stable-testnet': 'eip155:2201',
  story: 'eip155:1514',
}

/** Answers the CAIP-2 id of an x402 v1 network name. */
export function networkOfV1(name: string): Network | undefined {
  return Object.hasOwn(networksV1, name) ? networksV1[name] : undefined
}
