// Starts as a host starts it, then says on stderr what its environment still tells, and logs where it must not be seen.
import process from 'node:process'

await import('stipend/mcp/stdio')

process.stderr.write(`left: ${Object.keys(process.env).filter((name) => name.startsWith('STIPEND_'))}\n`)
console.log('a dependency logs')
