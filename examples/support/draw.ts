/** What a line is about, which a terminal shows as a colour. */
export type Tone = 'plain' | 'good' | 'bad' | 'dim' | 'bold'

/** A label, and what goes with it. */
export type Row = readonly [label: string, value: string, tone?: Tone]

const width = 80
const labelWidth = 10
const valueWidth = width - labelWidth - 4
const codes: Readonly<Record<Tone, string>> = { plain: '0', good: '32', bad: '31', dim: '2', bold: '1' }
const isColoured = process.stdout.isTTY === true && !process.env['NO_COLOR']

/** Draws rows in a box of 80 columns; long values go on in the next line. */
export function box(title: string, rows: readonly Row[]): string {
  const top = `┌─ ${title} ${'─'.repeat(width - title.length - 5)}┐`
  const bottom = `└${'─'.repeat(width - 2)}┘`
  return [paint('bold', top), ...rows.flatMap(drawRow), paint('bold', bottom)].join('\n')
}

/** Writes cells under each other in columns. */
export function columns(...cells: readonly string[]): string {
  return cells
    .map((cell) => cell.padEnd(20))
    .join('')
    .trimEnd()
}

/** Draws one row without a box. */
export function line([label, value, tone = 'plain']: Row): string {
  return `  ${paint('dim', label.padEnd(labelWidth + 2))}${paint(tone, value)}`
}

/** Colours text, where the terminal shows colours and nobody asked for none. */
export function paint(tone: Tone, text: string): string {
  return isColoured && tone !== 'plain' ? `\u001b[${codes[tone]}m${text}\u001b[0m` : text
}

function drawRow([label, value, tone = 'plain']: Row): readonly string[] {
  const edge = paint('bold', '│')
  return wrap(value).map((part, index) => {
    const start = paint('dim', (index === 0 ? label : '').padEnd(labelWidth))
    return `${edge} ${start}${paint(tone, part.padEnd(valueWidth))} ${edge}`
  })
}

/** Breaks text that no line can hold, between words where it can. */
function wrap(text: string): readonly string[] {
  if (text.length <= valueWidth) return [text]
  const lines: string[] = []
  for (const word of text.split(/\s+/).flatMap((long) => long.match(new RegExp(`.{1,${valueWidth}}`, 'gu')) ?? [])) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= valueWidth) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
