import type { KeyStore, Payment } from 'stipend'
import { testKeyStore } from 'stipend/testing'
import { readTypedData, wireOf } from './permit2.ts'
import { caller, type Flights } from './flights.ts'
import type { Guard, Process } from './process.ts'
import { idOf } from './rails.ts'
import { readMessage } from './solana-message.ts'
import { createSolanaSigner, payeeOf, solanaDevnet } from './solana-parties.ts'
import type { Signed, World } from './world.ts'

type Parts = { readonly process: Process; readonly guard: Guard; readonly flights: Flights }
type TypedData = Parameters<typeof readTypedData>[0]

/** Counts how often a key was used. */
export function countUses({ signed, permits }: Pick<World, 'signed' | 'permits'>): number {
  return signed.length + permits.size
}

/** Keys that note what they sign, and all that the ledger had on record of it at that moment. */
export function guardedKeys(world: World, { process, guard, flights }: Parts): KeyStore {
  const store = world.contract?.keyStore ?? testKeyStore()
  const solanaSigner = createSolanaSigner()
  const use = <result>(work: () => Promise<result>): Promise<result> =>
    flights.during(() =>
      guard(async () => {
        if (world.state.fault === 'signer') throw new TypeError('no signature today')
        return work()
      }),
    )
  const note = async (signed: Omit<Signed, 'recorded' | 'wrongBy' | 'isGivenUp'>): Promise<void> => {
    const isGivenUp = caller.getStore()?.aborted === true
    world.signed.push({ ...signed, isGivenUp, wrongBy: process.wrongBy, recorded: await recordOf(world, signed.id) })
  }
  return {
    ...store,
    getSigner: async (network) => {
      if (network === solanaDevnet) {
        const signMessage: typeof solanaSigner.signMessage = (message) =>
          use(async () => {
            const { hash, destination, amount } = readMessage(message)
            await note({ id: hash, wire: hash, to: payeeOf(destination), value: amount })
            return solanaSigner.signMessage(message)
          })
        return { ...solanaSigner, signMessage }
      }
      const signer = await store.getSigner(network)
      if (signer?.namespace !== 'eip155') return signer
      const signTypedData: typeof signer.signTypedData = (data) =>
        use(async () => {
          if (world.state.fault === 'forger' && world.chance.is(0.5)) return forged
          if (data.primaryType === 'Permit') return notePermit(world, data, await signer.signTypedData(data))
          const transfer = readTypedData(data, signer.address)
          const { nonce, to, value, validBefore, spender } = transfer
          const wire = wireOf(transfer)
          await note({ id: nonce, wire, to, value: BigInt(value), validBefore: Number(validBefore), spender })
          const signature = await signer.signTypedData(data)
          world.wires.set(signature, wire)
          return signature
        })
      return { ...signer, signTypedData }
    },
  }
}

/** A signature of something else. */
const forged = `0x${'11'.repeat(64)}1b` as const

async function notePermit<signature extends string>(
  world: World,
  { domain, message }: TypedData,
  signature: signature,
): Promise<signature> {
  const [value, nonce, deadline] = ['value', 'nonce', 'deadline'].map((name) => BigInt(String(message[name]))) as [
    bigint,
    bigint,
    bigint,
  ]
  const all = await Promise.all((await world.payments()).map(({ id }) => world.history(id)))
  const recorded = all.flat().filter(({ terms }) => terms.details?.['permitNonce'] === nonce.toString())
  const [token, spender] = [String(domain.verifyingContract), String(message['spender'])]
  world.permits.set(signature, { value, nonce, deadline, token, spender, recorded })
  return signature
}

/** All that the ledger has on record of what is signed: another process can have renewed the payment in the meantime. */
export async function recordOf(world: World, id: string): Promise<readonly Payment[]> {
  const known = (await world.payments()).find((payment) => idOf(payment) === id)
  return known ? (await world.history(known.id)).filter((payment) => idOf(payment) === id) : []
}
