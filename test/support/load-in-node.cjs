/**
 * Loads bundles of CommonJS, and prints what each exports, what it called or left running while it was loaded, and what
 * came of the lines that are to be run with it.
 */
const { runInThisContext } = require('node:vm')

const calls = []
for (const [owner, name] of [
  [globalThis, 'fetch'],
  [globalThis, 'setTimeout'],
  [globalThis, 'setInterval'],
  [globalThis.crypto, 'getRandomValues'],
  [globalThis.crypto, 'randomUUID'],
  [console, 'log'],
  [console, 'warn'],
  [console, 'error'],
]) {
  const original = owner[name]
  owner[name] = function (...given) {
    calls.push(name)
    return Reflect.apply(original, this, given)
  }
}

async function load(file, line) {
  calls.length = 0
  const before = process.getActiveResourcesInfo().length
  const names = Object.keys(process.env).join()
  const loaded = require(file)
  const left = process.getActiveResourcesInfo().slice(before)
  const answer = { exports: Object.keys(loaded), calls: [...calls, ...left] }
  if (Object.keys(process.env).join() !== names) answer.calls.push('process.env')
  return line === undefined ? answer : { ...answer, said: await runInThisContext(`(${line})`)(loaded) }
}

async function run() {
  const answers = {}
  for (const [name, { file, line }] of Object.entries(JSON.parse(process.argv[2] ?? '{}'))) {
    answers[name] = await load(file, line).catch((error) => ({ error: String(error?.stack ?? error) }))
  }
  process.stdout.write(JSON.stringify(answers))
}
void run()
