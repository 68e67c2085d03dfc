import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))

type Example = { readonly file: string; readonly code: string }

/** The code of every `@example` in the sources, each as a file of its own beside the tests. */
function readExamples(): readonly Example[] {
  return globSync('{src,adapters}/**/*.ts', { cwd: root }).flatMap((file) => {
    const blocks = readFileSync(join(root, file), 'utf8').matchAll(
      /@example\n(?: +\* ?\n)? +\* ```ts\n([\s\S]*?) +\* ```/g,
    )
    return [...blocks].map(([, block = ''], index) => ({
      file: join(root, 'test', `example-${file.replaceAll('/', '-')}-${index}.ts`),
      code: `${block.replace(/^ +\* ?/gm, '')}\nexport {}\n`,
    }))
  })
}

/** As the package itself: a package with two sets of types would else be taken for a CommonJS one. */
const impliedNodeFormat = ts.ModuleKind.ESNext

/** Type-checks files that are not on disk, by the settings of the repository. */
function problemsOf(examples: readonly Example[]): readonly string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const host = ts.createCompilerHost({ ...options, noUnusedLocals: false })
  const codeOf = new Map(examples.map(({ file, code }) => [file, code]))
  const program = ts.createProgram({
    rootNames: examples.map(({ file }) => file),
    options: { ...options, noEmit: true, noUnusedLocals: false, isolatedDeclarations: false, declaration: false },
    host: {
      ...host,
      fileExists: (file) => codeOf.has(file) || host.fileExists(file),
      readFile: (file) => codeOf.get(file) ?? host.readFile(file),
      getSourceFile: (file, ...rest) => {
        const code = codeOf.get(file)
        return code === undefined
          ? host.getSourceFile(file, ...rest)
          : ts.createSourceFile(file, code, { languageVersion: ts.ScriptTarget.ES2022, impliedNodeFormat })
      },
    },
  })
  return examples.flatMap(({ file }) => {
    const source = program.getSourceFile(file)
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return found.map(
      ({ messageText }) => `${file.slice(root.length)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    )
  })
}

describe('the examples in the reference', () => {
  const examples = readExamples()

  test('are there, and start with what they import', () => {
    expect(examples.length).toBeGreaterThan(5)
    expect(examples.filter(({ code }) => !code.startsWith('import ')).map(({ file }) => file)).toEqual([])
  })

  test('compile', { timeout: 120_000 }, () => {
    expect(problemsOf(examples)).toEqual([])
  })

  test('would not be found to compile if they did not', { timeout: 120_000 }, () => {
    const wrong = { file: join(root, 'test/example-wrong.ts'), code: "import { nothing } from 'stipend'\nnothing()\n" }
    expect(problemsOf([wrong])).toHaveLength(1)
  })
})

/** What the examples use without saying where it is from. */
const surroundings = `
import type * as evm from 'stipend/evm'
import type * as keys from 'stipend/keys'
import type * as stipend from 'stipend'
import type { expect as vitestExpect, test as vitestTest } from 'vitest'
import type { http as mswHttp } from 'msw'
import type { setupServer } from 'msw/node'
import type OpenAIClient from 'openai'
declare global {
  const wallet: stipend.AgentWallet
  const session: stipend.Session
  const keyStore: stipend.KeyStore
  const policy: stipend.PolicyEngine
  const ledger: stipend.Ledger
  const url: string
  const [one, other]: readonly [evm.Rpc, evm.Rpc]
  const post: (url: string, body: object) => Promise<void>
  const slackUrl: string
  const botToken: string
  const chatId: string
  const allowHosts: typeof stipend.allowHosts
  const createAgentWallet: typeof stipend.createAgentWallet
  const mnemonic: typeof keys.mnemonic
  const confirmAtTerminal: (question: string) => Promise<boolean>
  const openMyLedger: () => Promise<stipend.Ledger>
  const test: typeof vitestTest
  const spendingLimit: typeof stipend.spendingLimit
  const expect: typeof vitestExpect
  const http: typeof mswHttp
  const network: ReturnType<typeof setupServer>
  const OpenAI: typeof OpenAIClient
}
`

/** The code of the README and of the documentation, each block as a file of its own beside the tests. */
function readPages(): readonly Example[] {
  const pages = ['README.md', ...globSync('docs/*.md', { cwd: root })]
  return pages.flatMap((page) => {
    const blocks = readFileSync(join(root, page), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)
    return [...blocks].map(([, code = ''], index) => ({
      file: join(root, 'test', `${page.replaceAll('/', '-')}-${index}.ts`),
      code: `${code}\nexport {}\n`,
    }))
  })
}

describe('the examples in the documentation', () => {
  test('compile', { timeout: 120_000 }, () => {
    const examples = readPages()
    expect(examples.length).toBeGreaterThan(20)
    const around = { file: join(root, 'test/surroundings.ts'), code: `${surroundings}\nexport {}\n` }
    expect(problemsOf([around, ...examples])).toEqual([])
  })
})

/** What a file of the examples imports that nobody has who has only the package and the example. */
function strangersIn(file: string): readonly string[] {
  const [, own = ''] = file.split('/')
  const paths = readFileSync(join(root, file), 'utf8').matchAll(/(?:from |import |import\(|URL\()'(\.[^']*)'/g)
  return [...paths]
    .map(([, path = '']) => relative(root, join(root, dirname(file), path)))
    .filter((path) => ![`examples/${own}`, 'examples/support'].some((home) => `${path}/`.startsWith(`${home}/`)))
    .filter((path) => path !== 'node_modules/.cache/stipend')
    .map((path) => `${file}: ${path}`)
}

describe('an example', () => {
  const folders = globSync('examples/*/index.ts', { cwd: root }).map((file) => file.split('/')[1] ?? '')

  test.each(folders)('says what it shows and how to run it: %s', (name) => {
    const readme = readFileSync(join(root, 'examples', name, 'README.md'), 'utf8')
    const command = name === 'demo' ? 'npm run demo' : `npm run example -- ${name}`
    expect(readme).toContain(`npm install && ${command}`)
  })

  // `npm run example -- --all` runs each in such a folder.
  test('needs nothing but packages, its own files and those that all examples share', () => {
    const files = globSync('examples/**/*.{ts,mjs}', { cwd: root }).filter((file) => !file.includes('node_modules'))
    expect(files.length).toBeGreaterThan(50)
    expect(files.flatMap(strangersIn)).toEqual([])
  })
})
