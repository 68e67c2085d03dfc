import type { PaymentFilter } from '../../ports/ledger.js'
import type { Payment } from '../../types.js'
import { claim, claimEqual } from '../claim.js'
import { isEqual } from '../equal.js'
import type { CreateLedger, LedgerContract } from './checks.js'
import { noon, sampleId, sampleLimit, samplePayment } from './sample-payment.js'

/** What a ledger remembers. */
export const recordContract: LedgerContract = {
  'a payment reads back as it was recorded, every field and every digit': readsBack,
  'an unknown id has no payment': async (create) => {
    const ledger = await create()
    claimEqual(await ledger.get(sampleId(1)), undefined, 'An unknown id has a payment')
    claimEqual(await ledger.list(), [], 'A new ledger lists payments')
  },
  'what a caller changes in its own objects changes nothing in the ledger': keepsItsOwn,
  'payments are listed newest first': listsNewestFirst,
  'a list goes on after the last payment of a page, until there is none': listsPages,
  'a list holds the payments that every given filter matches': filters,
  'a secret is 32 bytes, drawn once for each name': keepsSecrets,
  'a secret that is given is kept where there is none yet, the first one of several': keepsGivenSecrets,
  'a text is kept under its name, the last one of several': keepsTexts,
}

async function readsBack(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const most = (1n << 256n) - 1n
  const { asset, resource } = samplePayment(1)
  const payment = samplePayment(1, {
    amount: most,
    microUsd: 9_007_199_254_740_993n,
    asset: { ...asset, symbol: 'USD₮0', microUsd: 123_456_789_012_345_678n },
    resource: { ...resource, url: "https://api.example.com/it's/“ü”" },
    purchaseKey: 'order 42; DROP TABLE payments --',
    labels: { task: '', 'a "b"': "c'd", emoji: '🪙', constructor: 'x' },
  })
  await ledger.reserve(payment, [])
  claimEqual(await ledger.get(payment.id), payment, 'A payment did not read back as it was recorded')
  const receipt = {
    status: 'claimed',
    transaction: '0xabc',
    network: asset.network,
    payer: '0x1',
    amount: most,
  } as const
  const claimed = await ledger.update(payment.id, { status: 'claimed', receipt, note: "it's paid" })
  const expected = { ...payment, status: 'claimed', receipt, note: "it's paid" }
  claimEqual(claimed, expected, 'An update did not answer the payment as it then stands')
  claimEqual(await ledger.get(payment.id), expected, 'A payment did not read back as it was updated')
  claimEqual(await ledger.list(), [expected], 'A list does not hold the payment as it was updated')
}

async function keepsItsOwn(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const original = samplePayment(1, { labels: { task: '1' } })
  const mine = structuredClone(original)
  await ledger.reserve(mine, [])
  tamper(mine)
  claimEqual(await ledger.get(original.id), original, 'A change of the object that was passed in changed the ledger')
  tamper(await ledger.get(original.id))
  tamper((await ledger.list())[0])
  const again = await ledger.reserve(original, [])
  if (!again.ok && again.reason === 'exists') tamper(again.payment)
  const { presentations = 0, sentAt: _, ...rest } = (await ledger.get(original.id)) ?? {}
  claimEqual(
    { ...rest, presentations: 1 },
    original,
    'A change of an object that the ledger gave out changed the ledger',
  )
  claimEqual(presentations, 2, 'A change of an object that the ledger gave out changed the ledger')
  const [usage] = await ledger.usage([sampleLimit(100n)], noon)
  claimEqual(usage?.used, 10n, 'A change of an object that the ledger gave out changed what counts')
}

/** Objects that are given out can be frozen, which is fine. */
function tamper(payment: Payment | undefined): void {
  const attempts = [
    () => Object.assign(payment ?? {}, { status: 'released', microUsd: 0n, presentations: 99 }),
    () => Object.assign(payment?.labels ?? {}, { task: '2' }),
    () => Object.assign(payment?.terms ?? {}, { validBefore: 0 }),
    () => Object.assign(payment?.asset ?? {}, { symbol: 'EURC' }),
    () => (payment?.scopes as string[] | undefined)?.splice(0),
  ]
  for (const attempt of attempts) {
    try {
      attempt()
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
}

async function listsNewestFirst(create: CreateLedger): Promise<void> {
  const ledger = await create()
  for (let number = 1; number <= 105; number += 1) {
    await ledger.reserve(samplePayment(number, { createdAt: noon + number }), [])
  }
  const newestFirst = Array.from({ length: 105 }, (_, index) => sampleId(105 - index))
  const idsOf = async (filter?: PaymentFilter): Promise<readonly string[]> =>
    (await ledger.list(filter)).map(({ id }) => id)
  claimEqual(await idsOf(), newestFirst.slice(0, 100), 'A list without a limit is not the newest hundred payments')
  claimEqual(await idsOf({ limit: 3 }), newestFirst.slice(0, 3), 'A list of three is not the newest three payments')
  claimEqual(await idsOf({ limit: 1000 }), newestFirst, 'A list of a thousand is not all there are, newest first')
}

async function listsPages(create: CreateLedger): Promise<void> {
  const ledger = await create()
  // All at one instant, which does not tell pages apart.
  for (let number = 1; number <= 9; number += 1) await ledger.reserve(samplePayment(number), [])
  for (const number of [2, 5, 6, 9]) await ledger.update(sampleId(number), { status: 'claimed' })
  const claimed: Payment[] = []
  for (let page = await ledger.list({ status: 'claimed', limit: 2 }); page.length > 0; ) {
    claimed.push(...page)
    claim(claimed.length <= 4, 'A list begins again instead of going on')
    const [last] = page.slice(-1)
    // The page that is read next does not have what has moved on since.
    if (last?.id === sampleId(6)) await ledger.update(sampleId(6), { status: 'confirmed' })
    page = await ledger.list({ status: 'claimed', limit: 2, before: last?.id })
  }
  const ids = claimed.map(({ id }) => id)
  claimEqual(ids, [9, 6, 5, 2].map(sampleId), 'Pages do not have each payment that matches once, newest first')
}

async function filters(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const { resource } = samplePayment(1)
  const other = { ...resource, host: 'other.example:8443' }
  await ledger.reserve(samplePayment(1, { createdAt: noon + 1, labels: { task: '1', user: 'a' } }), [])
  await ledger.reserve(samplePayment(2, { createdAt: noon + 2, labels: { task: '1' }, resource: other }), [])
  const scopes = ['wallet', 'session:ses_1']
  await ledger.reserve(samplePayment(3, { createdAt: noon + 3, labels: { task: '2', user: 'a' }, scopes }), [])
  await ledger.update(sampleId(3), { status: 'unknown' })
  const expectations: readonly (readonly [PaymentFilter, readonly number[]])[] = [
    [{ status: 'authorized' }, [2, 1]],
    [{ status: 'unknown' }, [3]],
    [{ status: 'claimed' }, []],
    [{ host: 'other.example:8443' }, [2]],
    [{ host: 'other.example' }, []],
    [{ purchaseKey: 'purchase 3' }, [3]],
    [{ labels: { task: '1' } }, [2, 1]],
    [{ labels: { task: '1', user: 'a' } }, [1]],
    [{ labels: { "it's": '1' } }, []],
    [{ labels: {} }, [3, 2, 1]],
    [{ scope: 'session:ses_1' }, [3]],
    [{ scope: 'session:ses' }, []],
    [{ scope: 'wallet', status: 'authorized' }, [2, 1]],
    [{ since: noon + 2 }, [3, 2]],
    [{ until: noon + 2 }, [1]],
    [{ since: noon + 1, until: noon + 3, labels: { user: 'a' } }, [1]],
    [{ status: 'authorized', limit: 1 }, [2]],
  ]
  for (const [filter, numbers] of expectations) {
    const ids = (await ledger.list(filter)).map(({ id }) => id)
    claimEqual(ids, numbers.map(sampleId), `A list by ${JSON.stringify(filter)} is not the payments that match`)
  }
}

async function keepsSecrets(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const [secret, ...others] = await Promise.all([1, 2, 3, 4].map(() => ledger.secret('nonces')))
  claim(secret?.length === 32, 'A secret is not 32 bytes long')
  claim(
    secret.some((byte) => byte !== secret[0]),
    'A secret is one byte over and over',
  )
  claim(
    others.every((other) => isEqual([...other], [...secret])),
    'Calls at once for one name got different secrets',
  )
  const kept = [...secret]
  secret.fill(0)
  claim(isEqual([...(await ledger.secret('nonces'))], kept), 'A secret is not the same when it is asked for again')
  const another = await ledger.secret('ids')
  claim(
    another.some((byte, index) => byte !== kept[index]),
    'Two names have the same secret',
  )
}

async function keepsGivenSecrets(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const given = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte))
  const [kept = new Uint8Array(), ...others] = await Promise.all(given.map((first) => ledger.secret('payer', first)))
  claim(given.map(String).includes(String(kept)), 'A secret that was given is not the one that is kept')
  claim(
    others.every((other) => String(other) === String(kept)),
    'Of several secrets that were given at once for one name, more than one is kept',
  )
  for (const mine of given) mine.fill(9)
  claimEqual(
    [...(await ledger.secret('payer'))],
    [...kept],
    'A secret that was given is another one when it is asked for',
  )
  const drawn = [...(await ledger.secret('drawn'))]
  const later = await ledger.secret('drawn', new Uint8Array(32).fill(5))
  claimEqual([...later], drawn, 'A secret that was given took the place of the one that was drawn before')
}

async function keepsTexts(create: CreateLedger): Promise<void> {
  const ledger = await create()
  claimEqual(await ledger.recall('note'), undefined, 'A text is there that nobody kept')
  await ledger.remember('note', "it's “ü” 🪙")
  await ledger.remember('other', '')
  claimEqual(await ledger.recall('note'), "it's “ü” 🪙", 'A text does not read back as it was kept')
  claimEqual(await ledger.recall('other'), '', 'An empty text does not read back as it was kept')
  await ledger.remember('note', 'second')
  claimEqual(await ledger.recall('note'), 'second', 'A text was not replaced by the next one of its name')
}
