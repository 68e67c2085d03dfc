import { hashTypedData, parseAddress, parseSignature, recoverAddress, type TypedData } from '../evm.js'
import type { EvmSigner, KeyStore } from '../keys/key-store.js'
import type { Network } from '../types.js'
import { claim, claimEqual } from './claim.js'
import { findSecret } from './find-secret.js'

/** A key store to be checked, and what is known about it. */
export type KeyStoreSubject = {
  readonly keyStore: KeyStore
  /** The keys it holds, in hex with or without `0x`, to be looked for wherever they must not be. */
  readonly secrets?: readonly string[] | undefined
  /**
   * A network that it has no key for.
   *
   * @default 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1'
   */
  readonly foreign?: Network | undefined
}

/** Makes a key store that holds an EVM key, always the same. */
export type CreateKeyStore = () => KeyStoreSubject | Promise<KeyStoreSubject>

/** Checks of a key store by the sentence that each of them proves; each throws an `Error` that says what is broken. */
export type KeyStoreContract = Readonly<Record<string, (create: CreateKeyStore) => Promise<void>>>

/**
 * Says what a key store that holds an EVM key has to do, as checks that need no test runner.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * import { privateKey } from 'stipend/keys'
 * import { keyStoreContract } from 'stipend/testing'
 *
 * const key = '42'.repeat(32)
 * for (const [sentence, check] of Object.entries(keyStoreContract)) {
 *   test(sentence, () => check(() => ({ keyStore: privateKey(key), secrets: [key] })))
 * }
 * ```
 */
export const keyStoreContract: KeyStoreContract = Object.freeze({
  'it hands out a signer for EVM networks, with a checksummed address': async (create) => {
    const { address } = await signerOf(await create())
    claimEqual(address, parseAddress(address.toLowerCase()), 'The address of the signer has no EIP-55 checksum')
  },
  'every signer it hands out has the same address': keepsItsAddress,
  'what it signs recovers to its address, and to nothing else': signsWell,
  'signatures are 65 bytes, with a low s and a v of 27 or 28': signsCanonically,
  'it has no signer for a network that it has no key for': async (create) => {
    const { keyStore, foreign = 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1' } = await create()
    claimEqual(await keyStore.getSigner(foreign), undefined, `It hands out a signer for ${foreign}`)
  },
  'its secrets are 32 bytes, stable, and differ by purpose': derivesWell,
  'no key can be seen in it, in its signers, in what it derives or in its errors': hidesKeys,
})

async function signerOf({ keyStore }: KeyStoreSubject, network: Network = 'eip155:84532'): Promise<EvmSigner> {
  const signer = await keyStore.getSigner(network)
  claim(signer?.namespace === 'eip155', `It hands out no EVM signer for ${network}`)
  return signer
}

async function keepsItsAddress(create: CreateKeyStore): Promise<void> {
  const subject = await create()
  const { address } = await signerOf(subject)
  const networks: readonly Network[] = [
    'eip155:1',
    'eip155:8453',
    ...Array.from({ length: 8 }, () => 'eip155:84532' as const),
  ]
  const signers = await Promise.all(networks.map((network) => signerOf(subject, network)))
  for (const signer of signers) claimEqual(signer.address, address, 'Two signers of one store differ in their address')
  claimEqual((await signerOf(await create())).address, address, 'The same key has another address in another store')
}

async function signsWell(create: CreateKeyStore): Promise<void> {
  const signer = await signerOf(await create())
  const messages = [sampleTransfer(1n), sampleTransfer((1n << 256n) - 1n)]
  for (const data of messages) {
    const signature = parseSignature(await signer.signTypedData(data))
    claim(signature !== undefined, 'A signature is not 65 bytes with a low s')
    claimEqual(
      recoverAddress(hashTypedData(data), signature),
      signer.address,
      'A signature does not recover to the address',
    )
    const other = recoverAddress(hashTypedData(sampleTransfer(2n)), signature)
    claim(other !== signer.address, 'A signature is good for data that was not signed')
  }
}

async function signsCanonically(create: CreateKeyStore): Promise<void> {
  const signer = await signerOf(await create())
  for (let value = 1n; value <= 16n; value += 1n) {
    const signature = await signer.signTypedData(sampleTransfer(value))
    claim(
      /^0x[0-9a-f]{128}1[bc]$/.test(signature),
      'A signature is not 65 bytes of lower-case hex with a v of 27 or 28',
    )
    claimEqual(parseSignature(signature), signature, 'A signature has a high s')
  }
}

async function derivesWell(create: CreateKeyStore): Promise<void> {
  const { keyStore } = await create()
  const { keyStore: again } = await create()
  const deriveSecret = keyStore.deriveSecret?.bind(keyStore)
  if (!deriveSecret) return
  const purposes = ['nonces', 'ids', 'nonce', '']
  const secrets = await Promise.all(purposes.map((purpose) => deriveSecret(purpose)))
  for (const [index, secret] of secrets.entries()) {
    claim(secret.length === 32, 'A derived secret is not 32 bytes long')
    claim(
      secret.some((byte) => byte !== secret[0]),
      'A derived secret is one byte over and over',
    )
    const repeated = await again.deriveSecret?.(purposes[index] ?? '')
    claim(String(repeated) === String(secret), 'The same key derives another secret for the same purpose')
  }
  const different = new Set(secrets.map((secret) => String(secret))).size
  claimEqual(different, purposes.length, 'Two purposes have the same secret')
  const [first] = secrets
  const kept = String(first)
  first?.fill(0)
  claim(String(await deriveSecret('nonces')) === kept, 'A derived secret can be changed by who asked for it')
}

async function hidesKeys(create: CreateKeyStore): Promise<void> {
  const subject = await create()
  const { keyStore, secrets = [] } = subject
  const signer = await signerOf(subject)
  const shown: Readonly<Record<string, unknown>> = {
    'the key store': keyStore,
    'the signer': signer,
    'a signature': await signer.signTypedData(sampleTransfer(1n)),
    'a derived secret': await keyStore.deriveSecret?.('nonces'),
    'the error of a signer': await failure(() =>
      signer.signTypedData({ ...sampleTransfer(1n), primaryType: 'Nothing' }),
    ),
    'the error of the key store': await failure(() => keyStore.getSigner('' as Network)),
  }
  for (const [where, value] of Object.entries(shown)) {
    const place = findSecret(value, secrets)
    claim(place === undefined, `A key can be seen in ${where}${place}`)
  }
}

/** What a call throws or rejects with, if it does. */
async function failure(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call()
    return undefined
  } catch (error) {
    return error
  }
}

function sampleTransfer(value: bigint): TypedData {
  return {
    domain: {
      name: 'USDC',
      version: '2',
      chainId: 84532,
      verifyingContract: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
    },
    types: {
      Transfer: [
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'Transfer',
    message: { to: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C', value, nonce: `0x${'5a'.repeat(32)}` },
  }
}
