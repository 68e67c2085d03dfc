import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A way to a server that can go silent, as a network does: nothing is closed, nothing more arrives. */
export type TcpProxy = {
  readonly port: number
  /** How many connections were made through it. */
  readonly connections: () => number
  /** From now on nothing passes in the directions named, on the connections there are; new ones are sound. */
  readonly silence: (what: { readonly questions: boolean; readonly answers: boolean }) => void
  /** From now on new connections are taken, and nothing passes on them either. */
  readonly takeWithoutAnswer: (isMute: boolean) => void
  /** Lets through what was held back, and all that follows. */
  readonly resume: () => void
  /** Breaks the connections there are. */
  readonly cut: () => void
  readonly stop: () => Promise<void>
}

type Link = { questions: boolean; answers: boolean; readonly release: () => void; readonly cut: () => void }

/** Stands on a free port of 127.0.0.1 before a server on a unix socket. */
export async function startTcpProxy(path: string): Promise<TcpProxy> {
  const links = new Set<Link>()
  let [made, isMute] = [0, false]
  const server = createServer((near) => {
    made += 1
    const far = connect(path)
    const link = join(near, far, isMute)
    links.add(link)
    near.once('close', () => links.delete(link))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => made,
    silence: ({ questions, answers }) => {
      for (const link of links) Object.assign(link, { questions, answers })
    },
    takeWithoutAnswer: (isNow) => {
      isMute = isNow
    },
    resume: () => {
      for (const link of links) link.release()
    },
    cut: () => {
      for (const link of links) link.cut()
    },
    stop: async () => {
      const closed = new Promise((resolve) => {
        server.close(resolve)
      })
      for (const link of links) link.cut()
      await closed
    },
  }
}

function join(near: Socket, far: Socket, isMute: boolean): Link {
  const held: (() => void)[] = []
  const link: Link = {
    questions: isMute,
    answers: isMute,
    release: () => {
      Object.assign(link, { questions: false, answers: false })
      for (const send of held.splice(0)) send()
    },
    cut: () => {
      near.destroy()
      far.destroy()
    },
  }
  const pass = (isHeld: () => boolean, to: Socket, chunk: Buffer): void => {
    if (isHeld()) held.push(() => to.write(chunk))
    else to.write(chunk)
  }
  near.on('data', (chunk) => pass(() => link.questions, far, chunk))
  far.on('data', (chunk) => pass(() => link.answers, near, chunk))
  // What is silent does not say that it has closed either.
  near.once('close', () => {
    if (!link.questions) far.destroy()
  })
  far.once('close', () => {
    if (!link.answers) near.destroy()
  })
  for (const socket of [near, far]) socket.on('error', () => {})
  return link
}
