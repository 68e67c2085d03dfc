/** Builds a value when it is first needed, so that importing the library does no work. */
export function lazy<value>(build: () => value): () => value {
  let built: { readonly value: value } | undefined
  return () => {
    built ??= { value: build() }
    return built.value
  }
}
