import { sha256 } from '@noble/hashes/sha2'
import { utf8ToBytes } from '@noble/hashes/utils'
import type { AgentWallet } from 'stipend'
import { writeUuid } from './uuid.js'

/** Makes the function that derives a wallet's id from its addresses: a UUID (version 8) that stays as long as they do. */
export function createWalletId({ addresses }: Pick<AgentWallet, 'addresses'>): () => Promise<string> {
  let id: Promise<string> | undefined
  return () => {
    id ??= derive(addresses)
    id.catch(() => {
      id = undefined
    })
    return id
  }
}

async function derive(addresses: AgentWallet['addresses']): Promise<string> {
  const known = new Set((await addresses()).map(({ address }) => address))
  const hash = sha256(utf8ToBytes(`stipend wallet\n${[...known].toSorted().join('\n')}`))
  return writeUuid(hash.slice(0, 16), 8)
}
