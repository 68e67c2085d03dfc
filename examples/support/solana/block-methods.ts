import { maxAge } from './blocks.ts'
import { feeOf, readBytes, readMessage } from './message.ts'
import type { Method } from './node.ts'
import { configAt, inContext, readCommitment } from './params.ts'

/** What the wire calls devnet: the network that the chain poses as, because official packages know no other name for it. */
export const devnetGenesis = 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG'

const slotsInEpoch = 432_000

/** What a node answers about blocks and itself. */
export const blockMethods: Readonly<Record<string, Method>> = {
  getSlot: ({ blocks }, params) => blocks.at(readCommitment(configAt(params, 0))).slot,
  getBlockHeight: ({ blocks }, params) => blocks.at(readCommitment(configAt(params, 0))).height,
  getLatestBlockhash(node, params) {
    const commitment = readCommitment(configAt(params, 0))
    const { hash, height } = node.blocks.at(commitment)
    return inContext(node, commitment, { blockhash: hash, lastValidBlockHeight: height + maxAge })
  },
  isBlockhashValid(node, params) {
    const commitment = readCommitment(configAt(params, 1))
    return inContext(node, commitment, node.blocks.isValid(String(params[0]), commitment))
  },
  getEpochInfo({ blocks, history }, params) {
    const { slot, height } = blocks.at(readCommitment(configAt(params, 0)))
    return {
      absoluteSlot: slot,
      blockHeight: height,
      epoch: Math.floor(slot / slotsInEpoch),
      slotIndex: slot % slotsInEpoch,
      slotsInEpoch,
      transactionCount: history.count(),
    }
  },
  getFeeForMessage(node, params) {
    const commitment = readCommitment(configAt(params, 1))
    const message = readMessage(readBytes(params[0], 'base64'))
    const known = node.blocks.isValid(message.blockhash, commitment)
    return inContext(node, commitment, known ? Number(feeOf(message)) : null)
  },
  getFirstAvailableBlock: ({ history }) => history.firstSlot(),
  getBlockTime: ({ blocks }, params) => blocks.bySlot(Number(params[0]))?.time ?? null,
  getRecentPrioritizationFees: ({ blocks }) => [{ slot: blocks.at('processed').slot, prioritizationFee: 0 }],
  getGenesisHash: () => devnetGenesis,
  getHealth: () => 'ok',
  getVersion: () => ({ 'solana-core': '4.3.0', 'feature-set': 1 }),
}
