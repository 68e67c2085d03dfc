import { ChainUnavailableError, InsufficientFundsError } from '../errors.js'
import { sleep } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import type { ActionChain, ActionPlan, ChainLog, ChainView, Flow, PlanToken, PreparedAction } from '../ports/action.js'
import type { Asset, Hex, Network, Payload } from '../types.js'
import { actionScheme } from './action.js'
import { type ActionFees, callsOf, readPlan, writeDetails } from './action-terms.js'
import { askOne } from './ask-one.js'
import { type Rpc } from './blocks.js'
import { coin } from './coin.js'
import { findDeparture, isSame } from './departure.js'
import { agreeOnAnswer, agreeOnHead, type Head, viewOf } from './head.js'
import type { Nodes } from './outgoing.js'
import { readQuantity } from './gas.js'
import { sendRaw } from './send-transfer.js'
import { readLog, simulate, type Simulation, simulationText, type Watched } from './simulate.js'
import { transactionHash } from './transaction.js'

/** What actions go through, and what their gas may cost. */
export type ActionOptions = Nodes & {
  readonly network: Network
  /** In wei, for all transactions of one action. */
  readonly maxFeeWei: bigint
}

/** More than any contract of the table needs; a node that says more wants our coin. */
const maxGasEach = 3_000_000n

/** Tries actions out on what a quorum of nodes says, and sends them. */
export function createActionChain(options: ActionOptions): ActionChain {
  const heads = new WeakMap<ChainView, Head>()
  return Object.freeze({
    view: async (payer) => {
      const head = payer === undefined ? await agreeOnHead(options) : await headOf(payer, options)
      const view = viewOf(head, options.quorum)
      heads.set(view, head)
      return view
    },
    prepare: async (plan, { payer, view, held }) => {
      const head = heads.get(view)
      if (!head) throw new TypeError('the view is of another chain')
      return prepare(plan, { payer, head, held }, options)
    },
    recorded: actionScheme(),
    planOf: (payment) => (payment.scheme === 'action' ? readPlan(payment) : undefined),
    name: (payload) => {
      const names = serializedIn(payload).map(transactionHash)
      return { transaction: names[Number(payload['main'])] ?? '', transactions: names }
    },
    send: async (payload) => {
      for (const serialized of serializedIn(payload)) await sendRaw(serialized, options)
    },
    logs: (transaction) => readLogs(transaction, options),
    outcome: (transaction) => waitForOutcome(transaction, options),
  } satisfies ActionChain)
}

function serializedIn({ transactions }: Payload): readonly Hex[] {
  return Array.isArray(transactions) ? transactions.map((one) => String(one) as Hex) : []
}

type Preparing = { readonly payer: string; readonly head: Head; readonly held: readonly Asset[] }

/** Simulates first, since the simulation says how much gas each transaction takes. */
async function prepare(
  plan: ActionPlan,
  { payer, head, held }: Preparing,
  options: ActionOptions,
): Promise<PreparedAction> {
  const calls = callsOf(plan)
  const watched = watchedOf(plan, held)
  const ask = (client: Rpc) => simulate(client, { payer, hash: head.hash, calls, watched }).then(simulationText.write)
  const simulation = simulationText.read(await agreeOnAnswer(head, options.quorum, ask))
  const departure = findDeparture(plan, { simulation, watched, payer })
  const gas = simulation.calls.map(({ gasUsed }) => (gasUsed * 15n) / 10n + 20_000n)
  const fees = await readFees(plan, { payer, gas, head }, options)
  const cost = sumOf(gas) * fees.maxFeePerGas
  return {
    scheme: actionScheme(writeDetails(plan, fees), plan.expires),
    gas: cost,
    comes: comesOf(plan, simulation, watched),
    departure,
  }
}

/** Of what has to come, how much does. */
function comesOf({ inflows }: ActionPlan, { before, after }: Simulation, watched: readonly Watched[]): readonly Flow[] {
  return watched.flatMap(({ type, token }, index) => {
    const amount = (after[index] ?? 0n) - (before[index] ?? 0n)
    const isOne = type === 'balance' && inflows.some((one) => isSame(one.token, token))
    return isOne && amount > 0n ? [{ token, amount }] : []
  })
}

/** Everything that the plan names and the wallet knows, the chain's own coin, and what each spender may move. */
function watchedOf({ outflows, inflows, approvals }: ActionPlan, held: readonly Asset[]): readonly Watched[] {
  const named = [...outflows, ...inflows].map(({ token }) => token)
  // Of NFTs only those that a plan names are watched, each by itself; what else of them leaves shows in the logs.
  const known = held.filter(({ transfer }) => !['native', 'erc721', 'erc1155'].includes(transfer)).map(tokenOf)
  const tokens = [coin, ...named, ...known]
  const distinct = tokens.filter((one, index) => tokens.findIndex((other) => isSame(one, other)) === index)
  return [
    ...distinct.map((token) => ({ type: 'balance', token }) as const),
    ...approvals.map(({ token, spender }) => ({ type: 'allowance', token, spender }) as const),
  ]
}

function tokenOf({ address, symbol, decimals }: Asset): PlanToken {
  return { kind: 'erc20', address, symbol, decimals }
}

async function readFees(
  plan: ActionPlan,
  { payer, gas, head }: { readonly payer: string; readonly gas: readonly bigint[]; readonly head: Head },
  options: ActionOptions,
): Promise<ActionFees> {
  const [held, accountNonce, sent, price, tip] = await askOne({ ...options, clients: head.nodes }, (client) =>
    Promise.all([
      readQuantity(client, 'eth_getBalance', [payer, 'latest']),
      // Of the very block that it was tried out at: what another wallet of this key sends meanwhile takes its place.
      readQuantity(client, 'eth_getTransactionCount', [payer, { blockHash: head.hash }]),
      readQuantity(client, 'eth_getTransactionCount', [payer, 'pending']),
      readQuantity(client, 'eth_gasPrice', []),
      readQuantity(client, 'eth_maxPriorityFeePerGas', []).catch(() => 0n),
    ]),
  )
  if (sent !== accountNonce)
    throw new ChainUnavailableError('the account has sent something since the block that it was planned at')
  // Twice the price of now: what is not needed is not taken.
  const maxFeePerGas = price * 2n > tip ? price * 2n : tip
  const { maxFeeWei, network } = options
  const cost = sumOf(gas) * maxFeePerGas
  if (gas.some((one) => one > maxGasEach) || cost > maxFeeWei) {
    throw new RangeError(`the gas would cost up to ${cost} wei, and ${maxFeeWei} are allowed`)
  }
  const value = sumOf(plan.calls.map((call) => call.value))
  if (held < value + cost) {
    const asset = { symbol: 'native coin', decimals: 18 }
    throw new InsufficientFundsError({ network, address: payer, asset, held, needed: value + cost, use: 'gas' })
  }
  return { accountNonce, maxFeePerGas, maxPriorityFeePerGas: tip, gas }
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, one) => sum + one, 0n)
}

/**
 * Answers a block that has all that an account has sent: a node can know of a transaction before it has its block, and what
 * is planned on the state before it would plan with one balance twice.
 *
 * @throws ChainUnavailableError when there still is no such block after a while.
 */
async function headOf(payer: string, options: ActionOptions): Promise<Head> {
  for (let waited = 0; ; waited += pollMs) {
    const head = await agreeOnHead(options)
    const [sent, included] = await askOne({ ...options, clients: head.nodes }, (client) =>
      Promise.all(
        ['pending', { blockHash: head.hash }].map((block) =>
          readQuantity(client, 'eth_getTransactionCount', [payer, block]),
        ),
      ),
    )
    if (sent === included) return head
    if (waited >= deadlines.inclusion)
      throw new ChainUnavailableError('the account has transactions that no block has yet')
    await sleep(pollMs)
  }
}

async function readLogs(transaction: string, options: ActionOptions): Promise<readonly ChainLog[] | undefined> {
  const head = await agreeOnHead(options)
  const ask = async (client: Rpc): Promise<string> => {
    const found = await client.request({ method: 'eth_getTransactionReceipt', params: [transaction] })
    const { status, logs = [] } = Object(found)
    return JSON.stringify(status === '0x1' && Array.isArray(logs) ? logs.map(readLog) : null)
  }
  return JSON.parse(await agreeOnAnswer(head, options.quorum, ask)) ?? undefined
}

const pollMs = 250

/** That it is in a block says what became of it for now; what counts is said by final blocks, when it is reconciled. */
async function waitForOutcome(transaction: string, options: ActionOptions): Promise<'executed' | 'failed' | undefined> {
  for (let waited = 0; waited <= deadlines.inclusion; waited += pollMs) {
    const params = [transaction]
    const found = await askOne(options, (client) =>
      client.request({ method: 'eth_getTransactionReceipt', params }),
    ).catch(() => undefined)
    const { status } = Object(found)
    if (status === '0x1') return 'executed'
    if (status === '0x0') return 'failed'
    await sleep(pollMs)
  }
  return undefined
}
