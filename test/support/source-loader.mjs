import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

// Sources name each other as they are when they are built; where only the source is there, that is meant.
registerHooks({
  resolve: (specifier, context, next) => {
    const source = sourceOf(specifier, context.parentURL)
    return next(source ?? specifier, context)
  },
})

function sourceOf(specifier, parent) {
  if (!specifier.startsWith('.') || !specifier.endsWith('.js') || !parent?.startsWith('file:')) return undefined
  const named = new URL(specifier, parent)
  const source = new URL(specifier.replace(/\.js$/, '.ts'), parent)
  return !existsSync(fileURLToPath(named)) && existsSync(fileURLToPath(source)) ? source.href : undefined
}
