import type { Family } from '../ports/family.js'

/** Solana: addresses are base58, so that each letter's case counts. */
export const solanaFamily: Family = {
  namespace: 'solana',
  isReference: (reference) => /^[-_a-zA-Z0-9]{1,64}$/.test(reference),
  parseAddress: (text) => (/^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(text) ? text : undefined),
  foldAddress: (text) => text,
  tokenNamespace: 'token',
  transfer: 'spl-token',
  hints: {
    schemes: { exact: "exactSolana({ rpc }), from 'stipend/solana'" },
    chain: "solana({ network, rpcs }), from 'stipend/solana'",
    asset: '',
  },
}
