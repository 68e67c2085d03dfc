import ts from 'typescript'

/** A source with one operator changed. */
export type Mutant = {
  readonly file: string
  readonly line: number
  /** The line as it is, without what is around it. */
  readonly source: string
  readonly from: string
  readonly to: string
  readonly text: string
  readonly changed: string
}

const operators: Readonly<Partial<Record<ts.SyntaxKind, string>>> = {
  [ts.SyntaxKind.LessThanToken]: '<=',
  [ts.SyntaxKind.LessThanEqualsToken]: '<',
  [ts.SyntaxKind.GreaterThanToken]: '>=',
  [ts.SyntaxKind.GreaterThanEqualsToken]: '>',
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: '!==',
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: '===',
  [ts.SyntaxKind.AmpersandAmpersandToken]: '||',
  [ts.SyntaxKind.BarBarToken]: '&&',
  [ts.SyntaxKind.PlusToken]: '-',
  [ts.SyntaxKind.MinusToken]: '+',
  [ts.SyntaxKind.AsteriskToken]: '/',
  [ts.SyntaxKind.SlashToken]: '*',
}

const swapped = new Map([
  ['every', 'some'],
  ['some', 'every'],
  ['min', 'max'],
  ['max', 'min'],
])

/** Lists the mutants of a source: each of its operators turned round, each condition negated, each refusal taken away. */
export function mutantsOf(file: string, text: string): readonly Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
  const mutants: Mutant[] = []
  const add = (node: ts.Node, to: string): void => {
    const [start, end] = [node.getStart(source), node.end]
    const { line } = source.getLineAndCharacterOfPosition(start)
    const from = text.slice(start, end)
    mutants.push({
      file,
      line: line + 1,
      source: (text.split('\n')[line] ?? '').trim(),
      from: from.length > 60 ? `${from.slice(0, 60)}…` : from,
      to,
      text,
      changed: text.slice(0, start) + to + text.slice(end),
    })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return
    if (ts.isBinaryExpression(node)) {
      const to = isText(node) ? undefined : operators[node.operatorToken.kind]
      if (to !== undefined) add(node.operatorToken, to)
    }
    if (ts.isIfStatement(node)) add(node.expression, `!(${node.expression.getText(source)})`)
    if (ts.isThrowStatement(node)) add(node, ';')
    if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, 'false')
    if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, 'true')
    if (ts.isPropertyAccessExpression(node) && ts.isCallExpression(node.parent) && node.parent.expression === node) {
      const to = swapped.get(node.name.text)
      if (to !== undefined) add(node.name, to)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return mutants
}

/** Words that are put together are no sum. */
function isText({ left, right, operatorToken }: ts.BinaryExpression): boolean {
  const isWord = (node: ts.Node): boolean => ts.isStringLiteral(node) || ts.isTemplateLiteral(node)
  return operatorToken.kind === ts.SyntaxKind.PlusToken && (isWord(left) || isWord(right))
}
