import type { KnownSigner } from '../../keys/signers.js'
import type { KeyStore, Signer } from '../../ports/key-store.js'
import type { Network } from '../../types.js'
import { claim, claimEqual } from '../claim.js'
import { findSecret } from './find-secret.js'
import { type KeyFamily, keyFamilies } from './families.js'

/** A key store to be checked, and what is known about it. */
export type KeyStoreSubject = {
  readonly keyStore: KeyStore
  /**
   * The families of networks that it holds a key for.
   *
   * @default ['eip155']
   */
  readonly holds?: readonly KnownSigner['namespace'][] | undefined
  /** The keys it holds, in hex with or without `0x`, to be looked for wherever they must not be. */
  readonly secrets?: readonly string[] | undefined
  /**
   * A network that it has no key for.
   *
   * @default one of a family that it does not hold
   */
  readonly foreign?: Network | undefined
}

/** Makes a key store that holds an EVM key, a Solana key or both, always the same. */
export type CreateKeyStore = () => KeyStoreSubject | Promise<KeyStoreSubject>

/** Checks of a key store by the sentence that each of them proves; each throws an `Error` that says what is broken. */
export type KeyStoreContract = Readonly<Record<string, (create: CreateKeyStore) => Promise<void>>>

/**
 * Says what a key store has to do, as checks that need no test runner. What it is asked to sign are payments: EIP-3009
 * transfers, x402's transfers by Permit2, transfers of Tempo where it can sign them, and the messages of Solana's `exact`
 * scheme.
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
  'it hands out a signer for the networks that it holds a key for, with a well-written address': async (create) => {
    const subject = await create()
    for (const family of familiesOf(subject)) {
      const { address } = await signerOf(subject, family)
      claim(family.isAddress(address), `The address ${address} is not written as ${family.networks[0]} writes it`)
    }
  },
  'every signer it hands out has the same address': keepsItsAddress,
  'what it signs is signed by its address, and nothing else is': signsWell,
  'signatures are in the one form that chains take: of EVM 65 bytes, a low s and a v of 27 or 28': signsCanonically,
  'it has no signer for a network that it has no key for': async (create) => {
    const subject = await create()
    for (const network of subject.foreign ? [subject.foreign] : foreignTo(subject)) {
      claimEqual(await subject.keyStore.getSigner(network), undefined, `It hands out a signer for ${network}`)
    }
  },
  'its secrets are 32 bytes, stable, and differ by purpose': derivesWell,
  'no key can be seen in it, in its signers, in what it derives or in its errors': hidesKeys,
})

function familiesOf({ holds = ['eip155'] }: KeyStoreSubject): readonly KeyFamily[] {
  claim(holds.length > 0, 'It holds no key of any family')
  return holds.map((namespace) => keyFamilies[namespace])
}

/** A network of each family that it does not hold, and of one that nothing here knows. */
function foreignTo({ holds = ['eip155'] }: KeyStoreSubject): readonly Network[] {
  const others = Object.entries(keyFamilies).filter(([namespace]) => !holds.some((one) => one === namespace))
  return [...others.map(([, { networks }]) => networks[0]), 'cosmos:cosmoshub-4']
}

async function signerOf({ keyStore }: KeyStoreSubject, family: KeyFamily, network?: Network): Promise<Signer> {
  const [usual] = family.networks
  const signer = await keyStore.getSigner(network ?? usual)
  const isOfFamily = signer !== undefined && usual.startsWith(`${signer.namespace}:`)
  claim(isOfFamily, `It hands out no signer of the family for ${network ?? usual}`)
  return signer
}

async function keepsItsAddress(create: CreateKeyStore): Promise<void> {
  const [subject, another] = [await create(), await create()]
  for (const family of familiesOf(subject)) {
    const { address } = await signerOf(subject, family)
    const networks = [...family.networks, ...Array.from({ length: 8 }, () => family.networks[0])]
    const signers = await Promise.all(networks.map((network) => signerOf(subject, family, network)))
    for (const signer of signers)
      claimEqual(signer.address, address, 'Two signers of one store differ in their address')
    const again = await signerOf(another, family)
    claimEqual(again.address, address, 'The same key has another address in another store')
  }
}

async function signsWell(create: CreateKeyStore): Promise<void> {
  const subject = await create()
  for (const family of familiesOf(subject)) {
    const signer = await signerOf(subject, family)
    const { address } = signer
    for (const kind of family.kinds.filter((one) => family.can?.(signer, one) ?? true)) {
      for (const number of [1n, (1n << 64n) - 1n]) {
        const signature = await family.sign(signer, number, kind)
        claim(family.isSignedBy(address, number, signature, kind), 'A signature is not of its address over its data')
        claim(!family.isSignedBy(address, 2n, signature, kind), 'A signature is good for data that was not signed')
      }
    }
  }
}

async function signsCanonically(create: CreateKeyStore): Promise<void> {
  const subject = await create()
  for (const family of familiesOf(subject)) {
    const signer = await signerOf(subject, family)
    for (let number = 1n; number <= 16n; number += 1n) {
      const isCanonical = family.isCanonical(await family.sign(signer, number))
      claim(isCanonical, `A signature for ${family.networks[0]} is not in the form that chains take`)
    }
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
  const shown: [string, unknown][] = [
    ['the key store', keyStore],
    ['a derived secret', await keyStore.deriveSecret?.('nonces')],
    ['the error of the key store', await failure(() => keyStore.getSigner('' as Network))],
  ]
  for (const family of familiesOf(subject)) {
    const signer = await signerOf(subject, family)
    shown.push(['the signer', signer], ['a signature', await family.sign(signer, 1n)])
    shown.push(['the error of a signer', await failure(() => family.signNonsense(signer))])
  }
  for (const [where, value] of shown) {
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
