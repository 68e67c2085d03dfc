import { createPrivateKey, sign } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519'
import { PublicKey } from '@solana/web3.js'
import type { SolanaSigner } from 'stipend'

export const solanaDevnet = 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1'
export const devnetUsdc = '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU'

const tokenProgram = new PublicKey('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA')
const associatedTokenProgram = new PublicKey('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL')

/** Who can be paid on Solana, and the account that holds it. */
export const payees = [2, 3].map((byte) => {
  const owner = keyOf(byte)
  const seeds = [owner, tokenProgram, new PublicKey(devnetUsdc)].map((key) => key.toBytes())
  const [account] = PublicKey.findProgramAddressSync(seeds, associatedTokenProgram)
  return { address: owner.toBase58(), account: account.toBase58(), mint: devnetUsdc }
})

/** Names the owner of an account. */
export function payeeOf(account: string): string {
  return payees.find((one) => one.account === account)?.address ?? account
}

/** Who pays the fees. */
export const feePayer = keyOf(4).toBase58()

/** Signs as the payer does. */
export function createSolanaSigner(): SolanaSigner {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  const key = createPrivateKey({ key: Buffer.concat([prefix, secretOf(1)]), format: 'der', type: 'pkcs8' })
  return {
    namespace: 'solana',
    address: keyOf(1).toBase58(),
    signMessage: async (message) => Uint8Array.from(sign(null, message, key)),
  }
}

function secretOf(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte)
}

function keyOf(byte: number): PublicKey {
  return new PublicKey(ed25519.getPublicKey(secretOf(byte)))
}
