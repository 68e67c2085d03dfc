import { type Abi, type Address, createWalletClient, type Hex, http, numberToHex, parseEventLogs, slice } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KeyPair, startChain, type TestChain, testUsdAbi } from '../../examples/support/chain.ts'

const payee: Address = '0x00000000000000000000000000000000000000aa'
const curveOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const fields = [
  { name: 'from', type: 'address' },
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'validAfter', type: 'uint256' },
  { name: 'validBefore', type: 'uint256' },
  { name: 'nonce', type: 'bytes32' },
]
const types = {
  TransferWithAuthorization: fields,
  ReceiveWithAuthorization: fields,
  CancelAuthorization: [
    { name: 'authorizer', type: 'address' },
    { name: 'nonce', type: 'bytes32' },
  ],
}

let chain: TestChain
let payer: KeyPair

beforeAll(async () => {
  chain = await startChain()
  payer = await chain.createPayer(1_000_000n)
})
afterAll(() => chain?.stop())

/** The test token has to be as strict as the real one, or a passing test says nothing. */
describe('the test token', () => {
  it('has the EIP-712 domain of the real USDC on Base Sepolia', async () => {
    const domain = await chain.publicClient.readContract({
      address: chain.token,
      abi: testUsdAbi,
      functionName: 'DOMAIN_SEPARATOR',
    })
    expect(domain).toBe('0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818')
  })

  it('moves on a signature, once, and says so', async () => {
    const terms = await createTerms()
    const signature = await sign('TransferWithAuthorization', terms)
    expect(await chain.authorizationState(payer.address, terms.nonce)).toBe(false)

    const logs = await send('transferWithAuthorization', [...Object.values(terms), ...split(signature)])

    expect(logs).toEqual(['AuthorizationUsed', 'Transfer'])
    expect(await chain.balanceOf(terms.to)).toBe(1000n)
    expect(await chain.balanceOf(payer.address)).toBe(999_000n)
    expect(await chain.authorizationState(payer.address, terms.nonce)).toBe(true)
    const replay = send('transferWithAuthorization', [...Object.values(terms), ...split(signature)])
    await expect(replay).rejects.toThrow('authorization is used or canceled')
  })

  it('takes the signature in one piece too', async () => {
    const terms = await createTerms({ to: '0x00000000000000000000000000000000000000bb' })
    await send('transferWithAuthorization', [...Object.values(terms), await sign('TransferWithAuthorization', terms)])
    expect(await chain.balanceOf(terms.to)).toBe(1000n)
  })

  it('executes neither before nor after its time, both ends excluded', async () => {
    const terms = await createTerms({ validAfter: 4_000_000_000n, validBefore: 4_000_000_100n })
    const signature = split(await sign('TransferWithAuthorization', terms))
    const runAt = (time: bigint) =>
      chain.publicClient.simulateContract({
        address: chain.token,
        abi: testUsdAbi as Abi,
        functionName: 'transferWithAuthorization',
        args: [...Object.values(terms), ...signature],
        blockOverrides: { time },
      })
    await expect(runAt(4_000_000_000n)).rejects.toThrow('authorization is not yet valid')
    await runAt(4_000_000_001n)
    await runAt(4_000_000_099n)
    await expect(runAt(4_000_000_100n)).rejects.toThrow('authorization is expired')
  })

  it('refuses a signature over other terms, and one by another key', async () => {
    const terms = await createTerms()
    const signature = split(await sign('TransferWithAuthorization', terms))
    const more = send('transferWithAuthorization', [...Object.values({ ...terms, value: 1001n }), ...signature])
    await expect(more).rejects.toThrow('invalid signature')
    const other = await chain.createPayer(0n)
    const foreign = split(await sign('TransferWithAuthorization', terms, other))
    await expect(send('transferWithAuthorization', [...Object.values(terms), ...foreign])).rejects.toThrow(
      'invalid signature',
    )
  })

  it('refuses the twin of a signature and a v that is not 27 or 28', async () => {
    const terms = await createTerms()
    const [v, r, s] = split(await sign('TransferWithAuthorization', terms))
    const twin = [v === 27 ? 28 : 27, r, numberToHex(curveOrder - BigInt(s), { size: 32 })]
    await expect(send('transferWithAuthorization', [...Object.values(terms), ...twin])).rejects.toThrow('signature s')
    await expect(send('transferWithAuthorization', [...Object.values(terms), v - 27, r, s])).rejects.toThrow(
      'signature v',
    )
  })

  it('refuses what the payer does not have', async () => {
    const terms = await createTerms({ value: 2_000_000n })
    const signature = split(await sign('TransferWithAuthorization', terms))
    const overdraft = send('transferWithAuthorization', [...Object.values(terms), ...signature])
    await expect(overdraft).rejects.toThrow('transfer amount exceeds balance')
    expect(await chain.authorizationState(payer.address, terms.nonce)).toBe(false)
  })

  it('lets only the payee receive', async () => {
    const receiver = accountAt(2)
    const terms = await createTerms({ to: receiver })
    const signature = split(await sign('ReceiveWithAuthorization', terms))
    const call = [...Object.values(terms), ...signature]
    await expect(send('receiveWithAuthorization', call, accountAt(1))).rejects.toThrow('caller must be the payee')
    await send('receiveWithAuthorization', call, receiver)
    expect(await chain.balanceOf(receiver)).toBe(1000n)
  })

  it('never executes what its payer has canceled', async () => {
    const terms = await createTerms()
    const cancellation = await sign('CancelAuthorization', { authorizer: payer.address, nonce: terms.nonce })
    const logs = await send('cancelAuthorization', [payer.address, terms.nonce, ...split(cancellation)])
    expect(logs).toEqual(['AuthorizationCanceled'])
    const signature = split(await sign('TransferWithAuthorization', terms))
    const late = send('transferWithAuthorization', [...Object.values(terms), ...signature])
    await expect(late).rejects.toThrow('authorization is used or canceled')
  })
})

type Terms = {
  readonly from: Address
  readonly to: Address
  readonly value: bigint
  readonly validAfter: bigint
  readonly validBefore: bigint
  readonly nonce: Hex
}

let nonces = 0

async function createTerms(changes: Partial<Terms> = {}): Promise<Terms> {
  const { timestamp } = await chain.publicClient.getBlock()
  const nonce = numberToHex((nonces += 1), { size: 32 })
  return {
    from: payer.address,
    to: payee,
    value: 1000n,
    validAfter: 0n,
    validBefore: timestamp + 300n,
    nonce,
    ...changes,
  }
}

function sign(primaryType: keyof typeof types, message: Record<string, unknown>, key = payer): Promise<Hex> {
  const domain = { name: 'USDC', version: '2', chainId: 84532, verifyingContract: chain.token }
  return privateKeyToAccount(key.privateKey).signTypedData({ domain, types, primaryType, message })
}

function split(signature: Hex): readonly [v: number, r: Hex, s: Hex] {
  return [Number(slice(signature, 64)), slice(signature, 0, 32), slice(signature, 32, 64)]
}

function accountAt(index: number): Address {
  return chain.accounts[index]?.address ?? '0x'
}

/** Sends a call from an account of the node's, unless it would fail, and answers the names of the events it caused. */
async function send(
  functionName: string,
  args: readonly unknown[],
  account = accountAt(1),
): Promise<readonly string[]> {
  const call = { address: chain.token, abi: testUsdAbi as Abi, functionName, args, account }
  await chain.publicClient.simulateContract(call)
  const hash = await createWalletClient({ chain: chain.chain, transport: http() }).writeContract({
    ...call,
    chain: chain.chain,
  })
  const { logs } = await chain.publicClient.waitForTransactionReceipt({ hash })
  return parseEventLogs({ abi: testUsdAbi, logs }).map((log) => log.eventName)
}
