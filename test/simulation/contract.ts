import { hashTypedData } from 'viem'
import { account } from 'stipend/keys'
import { testKeyStore } from 'stipend/testing'

/** The payer's own contract, which takes what its owner's key has signed, unless it is locked (ERC-1271). */
export type Contract = {
  readonly keyStore: ReturnType<typeof account>
  /** Whether it takes a signature as its own. */
  readonly takes: (digest: string, signature: string) => boolean
  /** Lets it take no signature, or all again. */
  readonly lock: () => string
  readonly isLocked: () => boolean
}

const address = '0x00000000000000000000000000000000c0117ac7'

/** Creates a contract that pays on the chain of this number. */
export function createContract(id: number): Contract {
  const owner = testKeyStore()
  const signed = new Set<string>()
  let isLocked = false
  const signTypedData = async (data: never): Promise<`0x${string}`> => {
    const signer = await owner.getSigner(`eip155:${id}`)
    if (signer?.namespace !== 'eip155') throw new TypeError('there is no key')
    const signature = `${address}${(await signer.signTypedData(data)).slice(2)}` as const
    signed.add(`${hashTypedData(data)} ${signature}`)
    return signature
  }
  return {
    keyStore: account({ address, type: 'smart', client: { chain: { id } }, signTypedData }),
    takes: (digest, signature) => !isLocked && signed.has(`${digest} ${signature}`),
    lock: () => {
      isLocked = !isLocked
      return isLocked ? 'locked' : 'unlocked'
    },
    isLocked: () => isLocked,
  }
}
