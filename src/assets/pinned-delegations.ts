import type { Hex, Network } from '../types.js'

/** MetaMask's delegation framework 1.3.0: what redeems delegations, and what holds them to their terms. */
export const delegations: {
  readonly manager: Hex
  readonly periodTransfer: Hex
  readonly valueLte: Hex
  readonly timestamp: Hex
  readonly networks: readonly Network[]
} = Object.freeze({
  manager: '0xdb9B1e94B5b69Df7e401DDbedE43491141047dB3',
  periodTransfer: '0x474e3Ae7E169e940607cC624Da8A15Eb120139aB',
  valueLte: '0x92Bf12322527cAA612fd31a0e810472BBB106A8F',
  timestamp: '0x1046bb45C8d673d4ea75321280DB34899413c069',
  // Its addresses are the same on all of them.
  networks: Object.freeze([
    'eip155:1',
    'eip155:10',
    'eip155:137',
    'eip155:143',
    'eip155:1328',
    'eip155:1329',
    'eip155:4326',
    'eip155:8453',
    'eip155:42161',
    'eip155:42220',
    'eip155:84532',
    'eip155:421614',
    'eip155:11142220',
  ] as const),
})
