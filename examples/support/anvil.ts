import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** A node of a chain of its own, on loopback, at a port that the system picked. */
export type Anvil = { readonly url: string; readonly stop: () => Promise<void> }

/** Starts anvil; it ends with this process at the latest. */
export async function startAnvil(chainId: number, more: readonly string[] = []): Promise<Anvil> {
  const where = ['--host', '127.0.0.1', '--port', '0', '--chain-id', String(chainId)]
  // Else each chain leaves its states on disk when it is killed: some hundred megabytes.
  const node = spawn(findAnvil(), [...where, '--prune-history', '100', ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const unbind = endWithThisProcess(node)
  const stop = async (): Promise<void> => {
    unbind()
    await end(node)
  }
  try {
    return { url: `http://${await listening(node)}`, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The platform's own binary: the package's `anvil` is a Node script whose process is not the node's. */
function findAnvil(): string {
  const { platform, arch } = process
  const name = `@foundry-rs/anvil-${platform}-${architectures[arch] ?? arch}`
  try {
    // It is a dependency of anvil's package, so that is where to look from.
    return createRequire(require.resolve('@foundry-rs/anvil/package.json')).resolve(`${name}/bin/anvil`)
  } catch (cause) {
    throw new Error(
      `Failed to find anvil: ${name} is not installed. Run npm install; supported are Linux and macOS on x64 and arm64.`,
      { cause },
    )
  }
}

function listening(node: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const hear = (chunk: Buffer): void => {
      // Read on after the answer too, or the node stops when the pipe is full.
      if (said.length > 64_000) return
      said += chunk.toString()
      const address = /Listening on (\S+)/.exec(said)?.[1]
      if (address) resolve(address)
    }
    node.stdout?.on('data', hear)
    node.stderr?.on('data', hear)
    node.once('error', (cause) => reject(new Error(`Failed to start anvil: ${cause.message}`, { cause })))
    node.once('exit', (code) => reject(new Error(`Failed to start anvil: it ended with ${code}:\n${said}`)))
  })
}

function endWithThisProcess(node: ChildProcess): () => void {
  const kill = (): void => void node.kill('SIGKILL')
  const passOn = (signal: NodeJS.Signals): void => {
    kill()
    process.kill(process.pid, signal)
  }
  process.once('exit', kill).once('SIGINT', passOn).once('SIGTERM', passOn)
  return () => void process.off('exit', kill).off('SIGINT', passOn).off('SIGTERM', passOn)
}

async function end(node: ChildProcess): Promise<void> {
  if (node.exitCode !== null || node.signalCode !== null || node.pid === undefined) return
  const ended = new Promise((resolve) => node.once('exit', resolve))
  node.kill('SIGKILL')
  await ended
}
