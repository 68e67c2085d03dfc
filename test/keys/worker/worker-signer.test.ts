import { writeFileSync } from 'node:fs'
import { ed25519 } from '@noble/curves/ed25519'
import { Keypair, PublicKey } from '@solana/web3.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EvmSigner, SolanaSigner, TypedData } from '../../../src/index.js'
import { permit2, permit2Proxies } from '../../../src/evm/permit2.js'
import { encryptedFile, importKeys, privateKey, workerSigner } from '../../../src/keys/index.js'
import { sampleMessage, samplePermit, sampleTransfer, sampleUptoPermit } from '../../../src/testing/keys/samples.js'
import { createKeyFolder, password } from '../../support/key-files.ts'
import * as solana from '../../support/solana-messages.ts'
import { rejection } from '../../support/wallets.ts'

const at = createKeyFolder()
const path = at('keys.json')
const key = '6b'.repeat(32)
const { address } = privateKey(key)
const pair = Keypair.fromSeed(new Uint8Array(32).fill(3))
const payer = pair.publicKey
const locked = { code: 'key_store_locked', moved: 'no' }
const refused = { code: 'configuration_invalid', message: 'Failed to sign: the data is no payment by this key' }

let worker: ReturnType<typeof workerSigner>
let evm: EvmSigner
let svm: SolanaSigner

beforeAll(async () => {
  await importKeys({ path, password, from: [{ privateKey: key }, { privateKey: pair.secretKey }] })
  worker = workerSigner({ path, password })
  evm = (await worker.getSigner('eip155:8453')) as EvmSigner
  svm = (await worker.getSigner('solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp')) as SolanaSigner
})
afterAll(() => worker.close())

const transfer = sampleTransfer(address, 1n)
const byPermit2 = samplePermit(1n)
const fieldsOf = (name: string) => transfer.types[name] ?? []
const cancellation = {
  domain: transfer.domain,
  types: {
    CancelAuthorization: [
      { name: 'authorizer', type: 'address' },
      { name: 'nonce', type: 'bytes32' },
    ],
  },
  primaryType: 'CancelAuthorization',
  message: { authorizer: address, nonce: `0x${'5a'.repeat(32)}` },
} as const

describe('a worker', () => {
  test('signs what the key signs: payments, and their cancellation', async () => {
    const here = (await privateKey(key).getSigner('eip155:1')) as EvmSigner
    for (const data of [transfer, cancellation, byPermit2, sampleUptoPermit(1n), allowing()])
      expect(await evm.signTypedData(data)).toBe(await here.signTypedData(data))
    const message = sampleMessage(payer.toBase58(), 1n)
    expect(ed25519.verify(await svm.signMessage(message), message, payer.toBytes())).toBe(true)
  })

  const other = privateKey('6c'.repeat(32)).address
  test.each<[string, unknown]>([
    ['another type', { ...transfer, primaryType: 'Permit', types: { Permit: fieldsOf('TransferWithAuthorization') } }],
    ['a permit for anybody but Permit2', allowing({ spender: address })],
    ['a permit for a proxy', allowing({ spender: permit2Proxies.exact })],
    ['a permit without an end', allowing({ value: 1n << 128n })],
    ['a permit of another owner', allowing({ owner: other })],
    ['a permit with a field more', allowing({ allowed: true })],
    ['a receive authorization', renamed('ReceiveWithAuthorization')],
    ['a type that no data has', { ...transfer, primaryType: 'Nothing' }],
    ['a payment from another address', sampleTransfer(other, 1n)],
    [
      'the cancellation of another address',
      { ...cancellation, message: { ...cancellation.message, authorizer: other } },
    ],
    ['fields in another order', withFields(fieldsOf('TransferWithAuthorization').toReversed())],
    ['a field less', withFields(fieldsOf('TransferWithAuthorization').slice(1))],
    [
      'a field of another type',
      withFields(fieldsOf('TransferWithAuthorization').map((one) => ({ ...one, type: 'bytes32' }))),
    ],
    ['a type more', { ...transfer, types: { ...transfer.types, Other: [{ name: 'x', type: 'address' }] } }],
    ['a value more', { ...transfer, message: { ...transfer.message, data: '0x' } }],
    ['a value below zero', { ...transfer, message: { ...transfer.message, value: -1n } }],
    ['a value that is a number', { ...transfer, message: { ...transfer.message, value: 1 } }],
    ['a value of 2^256', { ...transfer, message: { ...transfer.message, value: 1n << 256n } }],
    ['a domain with a salt', { ...transfer, domain: { ...transfer.domain, salt: `0x${'0'.repeat(64)}` } }],
    ['a domain without a chain', { ...transfer, domain: { ...transfer.domain, chainId: undefined } }],
    ['a transfer by Permit2 for another spender', permitted({ message: { spender: other } })],
    ['a transfer by Permit2 through the other proxy', permitted({ message: { spender: permit2Proxies.upto } })],
    ['a transfer by what is not Permit2', permitted({ domain: { verifyingContract: other } })],
    ['a domain that only calls itself Permit2', permitted({ domain: { name: 'Permit2 ' } })],
    ['a transfer by Permit2 with a version', permitted({ domain: { version: '1' } })],
    ['a transfer by Permit2 of no chain', permitted({ domain: { chainId: 0 } })],
    ['a transfer by Permit2 without a witness', withoutWitness()],
    ['a witness with a field more', permitted({ witness: { facilitator: other } })],
    ['a witness without a payee', permitted({ witness: { to: undefined } })],
    ['a witness of other fields', permitted({ types: { Witness: byPermit2.types['TokenPermissions'] ?? [] } })],
    ['a batch of transfers by Permit2', permitted({ types: { PermitBatchWitnessTransferFrom: [] } })],
    [
      'usage through the proxy of fixed prices',
      { ...sampleUptoPermit(1n), message: { ...sampleUptoPermit(1n).message, spender: permit2Proxies.exact } },
    ],
    ['an allowance of Permit2', permitted({ primaryType: 'PermitSingle' })],
    ['a digest', `0x${'5a'.repeat(32)}`],
    ['bytes', new Uint8Array(32)],
    ['what cannot be sent to a thread', { ...transfer, toJSON: () => transfer }],
    ['nothing', undefined],
  ])('refuses to sign, as typed data, %s', async (_what, data) => {
    const error = await rejection(evm.signTypedData(data as never))
    expect(error).toMatchObject(refused)
    expect(evm.throwsUnsigned).toBe(true)
  })

  const good = () => [solana.limit(), solana.price(), solana.transferChecked(payer), solana.memo('note')]
  const [limit, price, moved, note] = good() as [never, never, never, never]
  const stranger = new PublicKey(new Uint8Array(32).fill(6))

  test('signs what the official library compiles of the four instructions, and of three for those who take no memo', async () => {
    for (const data of [
      solana.compile(good()),
      solana.compile([limit, price, moved]),
      solana.compile([
        limit,
        price,
        solana.transferChecked(payer, { program: new PublicKey('TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb') }),
        note,
      ]),
    ]) {
      expect(ed25519.verify(await svm.signMessage(data), data, payer.toBytes())).toBe(true)
    }
  })

  test.each<[string, () => Uint8Array]>([
    ['nothing at all', () => undefined as never],
    ['more than a packet holds', () => new Uint8Array(1233)],
    ['no message', () => new Uint8Array(32)],
    ['text', () => new TextEncoder().encode('please sign in to example.com')],
    ['a message that is cut off', () => solana.compile(good()).slice(0, -1)],
    ['a message with a byte more', () => Uint8Array.from([...solana.compile(good()), 0])],
    ['a message before version 0', () => solana.compileLegacy(good())],
    ['no transfer', () => solana.compile([limit, price, note])],
    ['two memos', () => solana.compile([limit, price, moved, note, note])],
    ['a memo that is signed', () => solana.compile([limit, price, moved, solana.memo('note', [payer])])],
    ['a memo of 257 bytes', () => solana.compile([limit, price, moved, solana.memo('x'.repeat(257))])],
    ['another order', () => solana.compile([price, limit, moved, note])],
    ['two transfers', () => solana.compile([limit, price, moved, moved])],
    ['a transfer of lamports', () => solana.compile([limit, price, solana.sendLamports(payer), note])],
    [
      'a transfer of lamports beside the payment',
      () => solana.compile([limit, price, moved, note, solana.sendLamports(payer)]),
    ],
    ['fees that we pay', () => solana.compile(good(), payer)],
    ['a price beyond what facilitators take', () => solana.compile([limit, solana.price(5_000_001), moved, note])],
    [
      'an unchecked transfer',
      () => solana.compile([limit, price, solana.transferChecked(payer, { data: [3, 1, 0, 0, 0, 0, 0, 0, 0] }), note]),
    ],
    [
      'an approval of a delegate',
      () =>
        solana.compile([limit, price, solana.transferChecked(payer, { data: [13, 1, 0, 0, 0, 0, 0, 0, 0, 6] }), note]),
    ],
    [
      'a transfer of another program',
      () => solana.compile([limit, price, solana.transferChecked(payer, { program: stranger }), note]),
    ],
    [
      'a transfer on the authority of another',
      () => solana.compile([limit, price, solana.transferChecked(stranger), note]),
    ],
    [
      'a transfer from the account of the sponsor',
      () =>
        solana.compile([
          limit,
          price,
          solana.transferChecked(payer, { accounts: [undefined, stranger, stranger, payer] }),
          note,
        ]),
    ],
    ['an account that no instruction uses', () => withAccount(solana.compile(good()))],
  ])('refuses to sign, as a message, %s', async (_what, message) => {
    expect(await rejection(svm.signMessage(message()))).toMatchObject(refused)
  })

  test('answers with addresses, and signs for no network that it has no key for', async () => {
    expect(await worker.addresses()).toEqual(await encryptedFile({ path }).addresses())
    expect(await worker.getSigner('cosmos:cosmoshub-4')).toBeUndefined()
    expect(await rejection(worker.getSigner(`eip155:${'1'.repeat(100)}`))).toMatchObject(refused)
  })
})

describe.each(['thread', 'process'] as const)('a worker in a %s', (isolation) => {
  test('signs nothing once it is locked, until it is unlocked, and nothing ever once it is closed', async () => {
    const store = workerSigner({ path, password, isolation })
    const signer = (await store.getSigner('eip155:1')) as EvmSigner
    await store.lock()
    expect(await rejection(signer.signTypedData(transfer))).toMatchObject(locked)
    await expect(store.getSigner('eip155:1')).rejects.toMatchObject(locked)
    await expect(store.unlock()).rejects.toMatchObject(locked)
    await store.unlock(password)
    expect(await signer.signTypedData(transfer)).toBe(await evm.signTypedData(transfer))
    const late = rejection(signer.signTypedData(transfer))
    store.close()
    expect(await late).toMatchObject(locked)
    await expect(store.getSigner('eip155:1')).rejects.toThrow('its worker has ended')
  })
})

describe('the file of a worker', () => {
  test('is told of when it cannot be used, and nothing of it is repeated', async () => {
    writeFileSync(at('broken.json'), 'secret text', { mode: 0o600 })
    const broken = workerSigner({ path: at('broken.json'), password })
    const wrong = workerSigner({ path, password: 'not the password' })
    const errors = [await rejection(broken.getSigner('eip155:1')), await rejection(wrong.getSigner('eip155:1'))]
    expect(errors).toMatchObject([{ code: 'configuration_invalid' }, locked])
    expect(String(errors)).toContain('it is not a key file')
    expect(String(errors)).not.toContain('secret text')
    broken.close()
    wrong.close()
  })

  test('is made under the password that is given', async () => {
    const file = at('fresh.json')
    const store = workerSigner({ path: file, password, isolation: 'process', create: true })
    const addresses = await store.addresses()
    store.close()
    const here = encryptedFile({ path: file, password })
    expect(await here.addresses()).toEqual(addresses)
    expect((await here.getSigner('eip155:1'))?.address).toBe(addresses[0]?.address)
  })
})

/** That Permit2 may move so much of a token, with something of it changed. */
function allowing(different: object = {}): TypedData {
  const names = ['owner address', 'spender address', 'value uint256', 'nonce uint256', 'deadline uint256']
  const types = { Permit: names.map((field) => ({ name: field.split(' ')[0] ?? '', type: field.split(' ')[1] ?? '' })) }
  const message = {
    owner: address,
    spender: permit2,
    value: 10_000n,
    nonce: 0n,
    deadline: 1_781_697_719n,
    ...different,
  }
  return { domain: transfer.domain, types, primaryType: 'Permit', message }
}

type Changed = {
  readonly domain?: object
  readonly types?: object
  readonly message?: object
  readonly witness?: object
  readonly primaryType?: string
}

/** A transfer by Permit2, with something of it changed. */
function permitted({ domain, types, message, witness, primaryType = byPermit2.primaryType }: Changed): unknown {
  const signed = { ...byPermit2.message, ...message }
  return {
    domain: { ...byPermit2.domain, ...domain },
    types: { ...byPermit2.types, ...types },
    primaryType,
    message: { ...signed, witness: { ...Object(signed.witness), ...witness } },
  }
}

/** What Permit2 takes as well: whoever is the spender may send it anywhere. */
function withoutWitness(): unknown {
  const { witness: _, ...message } = byPermit2.message
  const { Witness: __, PermitWitnessTransferFrom: fields = [], ...types } = byPermit2.types
  const rest = fields.filter(({ name }) => name !== 'witness')
  return {
    ...byPermit2,
    types: { ...types, PermitTransferFrom: rest },
    primaryType: 'PermitTransferFrom',
    message,
  }
}

function renamed(name: string): unknown {
  return { ...transfer, primaryType: name, types: { [name]: fieldsOf('TransferWithAuthorization') } }
}

function withFields(fields: readonly object[]): unknown {
  return { ...transfer, types: { TransferWithAuthorization: fields } }
}

/** Adds an account at the end of the list, where it moves no other. */
function withAccount(message: Uint8Array): Uint8Array {
  const count = message[4] ?? 0
  const end = 5 + count * 32
  return Uint8Array.from([
    ...message.slice(0, 3),
    (message[3] ?? 0) + 1,
    count + 1,
    ...message.slice(5, end),
    ...new Uint8Array(32).fill(77),
    ...message.slice(end),
  ])
}
