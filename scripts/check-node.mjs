// Says, before anything else can fail in a stranger way, when a script does not run on the Node it needs.
const needed = [22, 12]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > needed[0] || (major === needed[0] && minor >= needed[1])) {
  console.log(`Node ${process.version}`)
} else {
  console.error(
    `This needs Node ${needed.join('.')} or newer and runs on ${process.version}: install the development dependency ` +
      '`node`, with `npm install` or, where npm does not run install scripts, `npm rebuild node`.',
  )
  process.exit(1)
}
