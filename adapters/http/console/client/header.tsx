import type { JSX } from 'hono/jsx/dom/jsx-runtime'
import { useState } from 'hono/jsx/dom'
import type { Act } from './dashboard.js'
import { fullInstant, instant } from './format.js'
import { Dialog, Mark } from './parts.js'
import type { State } from './types.js'

type Props = { readonly state: State; readonly act: Act; readonly onLeave: () => void }

/** Which wallet it is, whether it pays, and the switch for that. */
export function Header({ state, act, onLeave }: Props): JSX.Element {
  const [isAsking, setAsking] = useState(false)
  const { frozen, walletId } = state
  const freeze = (reason: string): void => {
    setAsking(false)
    void act('POST /v1/freeze', 'The wallet is frozen: nothing is signed.', { reason })
  }
  return (
    <>
      <header>
        <Mark />
        <h1>
          stipend <span class="muted">wallet {walletId.slice(0, 8)}</span>
        </h1>
        <span class={frozen ? 'pill frozen' : 'pill'}>{frozen ? 'Frozen' : 'Active'}</span>
        {!frozen && (
          <button type="button" class="danger" onClick={() => setAsking(true)}>
            Freeze
          </button>
        )}
        <button type="button" class="quiet" onClick={onLeave}>
          Sign out
        </button>
      </header>
      {frozen && (
        <div class="banner cold" role="alert">
          <p>
            <strong>Nothing is signed.</strong> Frozen since{' '}
            <time title={fullInstant(frozen.at)}>{instant(frozen.at, state.now)}</time>: {frozen.reason}
          </p>
          <button type="button" onClick={() => void act('POST /v1/unfreeze', 'The wallet pays again.', {})}>
            Unfreeze
          </button>
        </div>
      )}
      {isAsking && (
        <Dialog title="Freeze the wallet?" action="Freeze" asks="Why" onDone={freeze} onCancel={() => setAsking(false)}>
          No payment is signed any more, in any process that shares its ledger, until you unfreeze it.
        </Dialog>
      )}
    </>
  )
}
