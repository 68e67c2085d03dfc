import type { Hex, Network } from '../types.js'

/** The contracts of one protocol on one network. */
type Contracts<name extends string> = Readonly<Record<Network, Readonly<Record<name, Hex>>>>

/** What Uniswap calls QuoterV2 on the networks it first came to. */
const firstQuoter: Hex = '0x61fFE014bA17989E743c5F6cB21bF9697530B21e'
const firstRouter: Hex = '0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45'

/** Uniswap v3: what swaps go through (SwapRouter02), and what says what they would bring (QuoterV2). */
export const uniswap: Contracts<'router' | 'quoter'> = Object.freeze({
  'eip155:1': { router: firstRouter, quoter: firstQuoter },
  'eip155:137': { router: firstRouter, quoter: firstQuoter },
  'eip155:42161': { router: firstRouter, quoter: firstQuoter },
  'eip155:8453': {
    router: '0x2626664c2603336E57B271c5C0b26F421741e481',
    quoter: '0x3d4e44Eb1374240CE5F1B871ab261CD16335B76a',
  },
  'eip155:84532': {
    router: '0x94cC0AaC535CCDB3C01d6787D6413C739ae12bc4',
    quoter: '0xC5290058841028F1614F3A6F0F5816cAd0df5E27',
  },
  'eip155:421614': {
    router: '0x101F443B4d1b059569D643917553c771E1b9663E',
    quoter: '0x2779a0CC1c3e0E44D2542EC3e79e3864Ae93Ef0B',
  },
  'eip155:43114': {
    router: '0xbb00FF08d01D300023C629E8fFfFcb65A5a578cE',
    quoter: '0xbe0F5544EC67e9B3b2D979aaA43f18Fd87E6257F',
  },
})

const firstPool: Hex = '0x794a61358D6845594F94dc1DB02A252b5b4814aD'

/** The pool of Aave v3's main market. */
export const aavePools: Readonly<Record<Network, Hex>> = Object.freeze({
  'eip155:1': '0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2',
  'eip155:10': firstPool,
  'eip155:137': firstPool,
  'eip155:143': '0x69a5F9AD4f96ebf0a0C792dD42a01cC5C0102fef',
  'eip155:4326': '0x7e324AbC5De01d112AfC03a584966ff199741C28',
  'eip155:8453': '0xA238Dd80C259a72e81d7e4664a9801593F98d1c5',
  'eip155:42161': firstPool,
  'eip155:42220': '0x3E59A31363E2ad014dcbc521c4a0d5757d9f3402',
  'eip155:43114': firstPool,
  'eip155:84532': '0x8bAB6d1b75f19e9eD9fCe8b9BD338844fF79aE27',
  'eip155:421614': '0xBfC91D59fdAA134A4ED45f7B584cAf96D7792Eff',
})

/** The token that stands for the chain's own coin, one to one, with 18 decimals. */
export const wrappedCoins: Readonly<Record<Network, { readonly symbol: string; readonly address: Hex }>> =
  Object.freeze({
    'eip155:1': { symbol: 'WETH', address: '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2' },
    'eip155:137': { symbol: 'WPOL', address: '0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270' },
    'eip155:42161': { symbol: 'WETH', address: '0x82aF49447D8a07e3bd95BD0d56f35241523fBab1' },
    'eip155:8453': { symbol: 'WETH', address: '0x4200000000000000000000000000000000000006' },
    'eip155:84532': { symbol: 'WETH', address: '0x4200000000000000000000000000000000000006' },
    'eip155:421614': { symbol: 'WETH', address: '0x980B62Da83eFf3D4576C647993b0c1D7faf17c73' },
    'eip155:43114': { symbol: 'WAVAX', address: '0xB31f66AA3C1e785363F0875A1B74E27b85FD66c7' },
  })

/** Across: what takes deposits on a network, and pays them out on another. */
export const spokePools: Readonly<Record<Network, Hex>> = Object.freeze({
  'eip155:1': '0x5c7BCd6E7De5423a257D81B442095A1a6ced35C5',
  'eip155:10': '0x6f26Bf09B1C792e3228e5467807a900A503c0281',
  'eip155:137': '0x9295ee1d8C5b022Be115A2AD3c30C72E34e7F096',
  'eip155:143': '0xd2ecb3afe598b746F8123CaE365a598DA831A449',
  'eip155:8453': '0x09aea4b2242abC8bb4BB78D537A67a245A7bEC64',
  'eip155:42161': '0xe35e9842fceaCA96570B734083f4a58e8F7C5f2A',
  'eip155:84532': '0x82B564983aE7274c86695917BBf8C99ECb6F0F8F',
  'eip155:421614': '0x7E63A5f1a8F0B4d0934B2f2327DAED3F6bb2ee75',
})
