import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A process of the bench, which answers one task after another. */
export type Worker = {
  /** What it said when it was ready. */
  readonly first: unknown
  readonly ask: (task: object) => Promise<unknown>
  readonly stop: () => void
}

/** Starts a program of this folder, and waits until it is ready. */
export async function start(
  file: string,
  args: readonly string[] = [],
  execArgv: readonly string[] = [],
): Promise<Worker> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv: [...execArgv] })
  const first = await nextMessage(child)
  const ask = (task: object): Promise<unknown> => {
    const answered = nextMessage(child)
    child.send(task)
    return answered
  }
  return { first, ask, stop: () => void child.kill() }
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a process of the bench ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message)
    })
  })
}
