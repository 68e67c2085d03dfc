import type { Asset, Hex, Network } from '../types.js'

/** One token of a stablecoin, in micro-USD. */
export const dollar = 1_000_000n

/** Network, symbol, contract, decimals, EIP-712 name and version, transfer method; a transaction moves what has no name. */
const erc20s: readonly (readonly [Network, string, Hex, number, string, string, 'eip3009' | 'permit2' | 'tip20'])[] = [
  ['eip155:8453', 'USDC', '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913', 6, 'USD Coin', '2', 'eip3009'], // Base
  ['eip155:84532', 'USDC', '0x036CbD53842c5426634e7929541eC2318f3dCF7e', 6, 'USDC', '2', 'eip3009'], // Base Sepolia
  ['eip155:1', 'USDC', '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48', 6, 'USD Coin', '2', 'eip3009'], // Ethereum
  ['eip155:43114', 'USDC', '0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E', 6, 'USD Coin', '2', 'eip3009'], // Avalanche C
  ['eip155:4326', 'MegaUSD', '0xFAfDdbb3FC7688494971a79cc65DCa3EF82079E7', 18, 'MegaUSD', '1', 'permit2'], // MegaETH
  ['eip155:143', 'USDC', '0x754704Bc059F8C67012fEd69BC8A327a5aafb603', 6, 'USDC', '2', 'eip3009'], // Monad
  ['eip155:988', 'USDT0', '0x779Ded0c9e1022225f8E0630b35a9b54bE713736', 6, 'USDT0', '1', 'eip3009'], // Stable
  ['eip155:2201', 'USDT0', '0x78Cf24370174180738C5B8E352B6D14c83a6c9A9', 6, 'USDT0', '1', 'eip3009'], // Stable testnet
  ['eip155:137', 'USDC', '0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359', 6, 'USD Coin', '2', 'eip3009'], // Polygon
  ['eip155:42161', 'USDC', '0xaf88d065e77c8cC2239327C5EDb3A432268e5831', 6, 'USD Coin', '2', 'eip3009'], // Arbitrum One
  ['eip155:421614', 'USDC', '0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d', 6, 'USD Coin', '2', 'eip3009'], // Arbitrum Sepolia
  ['eip155:31612', 'mUSD', '0xdD468A1DDc392dcdbEf6db6e34E89AA338F9F186', 18, 'Mezo USD', '1', 'permit2'], // Mezo
  ['eip155:31611', 'mUSD', '0x118917a40FAF1CD7a13dB0Ef56C86De7973Ac503', 18, 'Mezo USD', '1', 'permit2'], // Mezo testnet
  ['eip155:723487', 'SBC', '0x33ad9e4BD16B69B5BFdED37D8B5D9fF9aba014Fb', 6, 'Stable Coin', '1', 'permit2'], // Radius
  ['eip155:72344', 'SBC', '0x33ad9e4BD16B69B5BFdED37D8B5D9fF9aba014Fb', 6, 'Stable Coin', '1', 'permit2'], // Radius testnet
  ['eip155:36900', 'USDC.e', '0x9cb8142aEBBcdc60AF7c97Af897A67A8f3CA71C2', 6, 'USDC.e', '2', 'eip3009'], // ADI
  ['eip155:190415', 'USDC.e', '0x401eCb1D350407f13ba348573E5630B83638E30D', 6, 'Bridged USDC', '2', 'eip3009'], // HPP
  ['eip155:181228', 'USDC.e', '0x401eCb1D350407f13ba348573E5630B83638E30D', 6, 'Bridged USDC', '2', 'eip3009'], // HPP Sepolia
  ['eip155:50', 'USDC', '0xfA2958CB79b0491CC627c1557F441eF849Ca8eb1', 6, 'USDC', '2', 'eip3009'], // XDC
  ['eip155:51', 'USDC', '0xb5AB69F7bBada22B28e79C8FFAECe55eF1c771D4', 6, 'USDC', '2', 'eip3009'], // XDC Apothem
  ['eip155:38833', 'USDC', '0xA5b8BF902b2844dA17d4506cc827F7F1681735E7', 6, 'USDC', '1', 'permit2'], // Igra
  ['eip155:14', 'USDT0', '0xe7cd86e13AC4309349F30B3435a9d337750fC82D', 6, 'USD₮0', '1', 'eip3009'], // Flare
  ['eip155:42220', 'USDC', '0xcebA9300f2b948710d2653dD7B07f33A8B32118C', 6, 'USDC', '2', 'eip3009'], // Celo
  ['eip155:42220', 'USDT', '0x48065fbBE25f71C9282ddf5e1cD6D6A887483D5e', 6, 'Tether USD', '1', 'eip3009'], // Celo
  ['eip155:42220', 'USAT', '0xD2ab3C9A02DBBAB236BfEC45D1d755DF4267F771', 6, 'Tether America USD', '1', 'eip3009'], // Celo
  ['eip155:11142220', 'USDC', '0x01C5C0122039549AD1493B8220cABEdD739BC44E', 6, 'USDC', '2', 'eip3009'], // Celo Sepolia
  ['eip155:1329', 'USDC', '0xe15fC38F6D8c56aF07bbCBe3BAf5708A2Bf42392', 6, 'USDC', '2', 'eip3009'], // Sei
  ['eip155:1328', 'USDC', '0x4fCF1784B31630811181f670Aea7A7bEF803eaED', 6, 'USDC', '2', 'eip3009'], // Sei testnet
  ['eip155:10', 'USDC', '0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85', 6, 'USD Coin', '2', 'eip3009'], // Optimism
  ['eip155:43113', 'USDC', '0x5425890298aed601595a70AB815c96711a31Bc65', 6, 'USD Coin', '2', 'eip3009'], // Avalanche Fuji
  ['eip155:80002', 'USDC', '0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582', 6, 'USDC', '2', 'eip3009'], // Polygon Amoy
  ['eip155:10143', 'USDC', '0x534b2f3A21130d7a60830c2Df862319e593943A3', 6, 'USDC', '2', 'eip3009'], // Monad testnet
  ['eip155:4217', 'pathUSD', '0x20C0000000000000000000000000000000000000', 6, '', '', 'tip20'], // Tempo
  ['eip155:4217', 'USDC.e', '0x20C000000000000000000000b9537d11c60E8b50', 6, '', '', 'tip20'], // Tempo
  ['eip155:42431', 'pathUSD', '0x20C0000000000000000000000000000000000000', 6, '', '', 'tip20'], // Tempo testnet
]

/** Network, symbol, mint, token program; all have six decimals. */
const mints: readonly (readonly [Network, string, string, 'spl-token' | 'token-2022'])[] = [
  ['solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', 'USDC', 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', 'spl-token'], // Solana mainnet
  ['solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', 'USDT', 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB', 'spl-token'], // Solana mainnet
  ['solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', 'USDG', '2u1tszSeqZ3qBWF3uNGPFc8TzMk2tdiwknnRMWGWjGWH', 'token-2022'], // Solana mainnet
  ['solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', 'PYUSD', '2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo', 'token-2022'], // Solana mainnet
  ['solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', 'CASH', 'CASHx9KJUStyftLFWGvEVf59SGeG9sh5FfcnZMVPCASH', 'token-2022'], // Solana mainnet
  ['solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1', 'USDC', '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU', 'spl-token'], // Solana devnet
  ['solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z', 'USDC', '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU', 'spl-token'], // Solana testnet
  ['solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1', 'USDG', '4F6PM96JJxngmHnZLBh9n58RH4aTVNWvDs2nuwrT5BP7', 'token-2022'], // Solana devnet
  ['solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z', 'USDG', '4F6PM96JJxngmHnZLBh9n58RH4aTVNWvDs2nuwrT5BP7', 'token-2022'], // Solana testnet
  ['solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1', 'PYUSD', 'CXk2AMBfi3TwaEL2468s6zP8xq9NxTXjp9gjMgzeUynM', 'token-2022'], // Solana devnet
  ['solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z', 'PYUSD', 'CXk2AMBfi3TwaEL2468s6zP8xq9NxTXjp9gjMgzeUynM', 'token-2022'], // Solana testnet
]

/** Lists the tokens this library knows: where they are, how they are written, and what they are worth. */
export function pinnedAssets(): readonly Asset[] {
  return [
    ...erc20s.map(
      ([network, symbol, address, decimals, name, version, transfer]) =>
        ({
          network,
          symbol,
          address,
          decimals,
          ...(name && { eip712: { name, version } }),
          transfer,
          microUsd: dollar,
        }) as const,
    ),
    ...mints.map(
      ([network, symbol, address, transfer]) =>
        ({ network, symbol, address, decimals: 6, transfer, microUsd: dollar }) as const,
    ),
  ]
}
