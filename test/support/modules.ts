import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** One import, re-export or dynamic import of a source file. */
export type Import = {
  readonly line: number
  /** As it is written. */
  readonly specifier: string
  /** The source file it names, from the package's root; nothing where it names a package. */
  readonly file?: string | undefined
  /** Erased by the compiler: `import type`, `export type`, and `import()` in a type. */
  readonly isType: boolean
}

/** One thing of a source file that a check may object to, and where it is. */
export type Finding = { readonly line: number; readonly what: string }

/** A source file, as far as the checks look into it. */
export type Module = {
  /** From the package's root, such as `src/fetch/wrap-fetch.ts`. */
  readonly file: string
  readonly imports: readonly Import[]
  /** `export default`, `export *` and `export { x as default }`. */
  readonly badExports: readonly Finding[]
  /** Reads of a clock, of chance or of a timer, such as `Date.now`. */
  readonly ambient: readonly Finding[]
  /** Throws of an `Error` that is none of ours. */
  readonly bareThrows: readonly Finding[]
}

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Reads the modules of some folders of the package. */
export function readModules(...folders: readonly string[]): readonly Module[] {
  return folders.flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
      .filter((file) => file.endsWith('.ts'))
      .toSorted()
      .map((file) => parseModule(file, readFileSync(`${root}${file}`, 'utf8'))),
  )
}

/** Reads one module from its text. */
export function parseModule(file: string, text: string): Module {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const lineOf = (node: ts.Node): number => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
  const found = {
    imports: [] as Import[],
    badExports: [] as Finding[],
    ambient: [] as Finding[],
    bareThrows: [] as Finding[],
  }
  const visit = (node: ts.Node): void => {
    const line = lineOf(node)
    const imported = readImport(node)
    if (imported) found.imports.push({ line, file: resolve(file, imported.specifier), ...imported })
    push(found.badExports, line, readBadExport(node))
    push(found.ambient, line, readAmbient(node))
    if (ts.isThrowStatement(node) && isNewError(node.expression)) push(found.bareThrows, line, 'throw new Error')
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { file, ...found }
}

/** Every module that loading one of them loads, itself included; what is erased loads nothing. */
export function loadedBy(file: string, modules: readonly Module[]): readonly Module[] {
  const byFile = new Map(modules.map((module) => [module.file, module]))
  const loaded = new Set<Module>()
  const load = (module: Module | undefined): void => {
    if (!module || loaded.has(module)) return
    loaded.add(module)
    for (const one of module.imports) if (!one.isType && one.file) load(byFile.get(one.file))
  }
  load(byFile.get(file))
  return [...loaded]
}

/** The first import cycle, types included, as the files along it; nothing where there is none. */
export function findCycle(modules: readonly Module[]): readonly string[] | undefined {
  const byFile = new Map(modules.map((module) => [module.file, module]))
  const done = new Set<string>()
  const follow = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const one of byFile.get(file)?.imports ?? []) {
      const cycle = one.file && follow(one.file, [...path, file])
      if (cycle) return cycle
    }
    done.add(file)
    return undefined
  }
  for (const { file } of modules) {
    const cycle = follow(file, [])
    if (cycle) return cycle
  }
  return undefined
}

function push(findings: Finding[], line: number, what: string | undefined): void {
  if (what) findings.push({ line, what })
}

/** The file that a relative import names; a `.js` or `.ts` of the package's own is its `.ts`. */
function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return posix.join(posix.dirname(from), specifier).replace(/\.[jt]s$/, '.ts')
}

function readImport(node: ts.Node): { readonly specifier: string; readonly isType: boolean } | undefined {
  if (ts.isImportDeclaration(node)) {
    return read(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
  }
  if (ts.isExportDeclaration(node)) return read(node.moduleSpecifier, node.isTypeOnly)
  if (ts.isImportTypeNode(node))
    return read(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true)
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return read(node.arguments[0], false)
  return undefined
}

function read(node: ts.Node | undefined, isType: boolean): ReturnType<typeof readImport> {
  return node && ts.isStringLiteralLike(node) ? { specifier: node.text, isType } : undefined
}

function readBadExport(node: ts.Node): string | undefined {
  if (ts.isExportDeclaration(node) && !node.exportClause) return 'export *'
  if (ts.isExportDeclaration(node) && node.exportClause && ts.isNamespaceExport(node.exportClause)) return 'export * as'
  if (ts.isExportAssignment(node)) return 'export default'
  if (ts.isExportSpecifier(node) && node.name.text === 'default') return 'export { … as default }'
  const isDefault =
    ts.canHaveModifiers(node) && node.modifiers?.some((one) => one.kind === ts.SyntaxKind.DefaultKeyword)
  return isDefault ? 'export default' : undefined
}

const ambientNames = new Set(['setTimeout', 'setInterval', 'setImmediate'])
const ambientMembers = new Set([
  'Date.now',
  'performance.now',
  'Math.random',
  'crypto.getRandomValues',
  'crypto.randomUUID',
])

function readAmbient(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const name = node.getText().replace(/^globalThis\./, '')
    return ambientMembers.has(name) || ambientNames.has(name) ? name : undefined
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) return 'new Date()'
  // An expression, not the `typeof setTimeout` of a type nor the name of someone's member.
  const isName =
    ts.isIdentifier(node) && !ts.isTypeQueryNode(node.parent) && !ts.isPropertyAccessExpression(node.parent)
  return isName && ambientNames.has(node.text) ? node.text : undefined
}

function isNewError(node: ts.Expression): boolean {
  return ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Error'
}
