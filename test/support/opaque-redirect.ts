/** A redirect as browsers and workers show one that is not followed: it has neither status nor headers. */
export function opaqueRedirect(): Response {
  return Object.defineProperties(new Response(null), {
    type: { value: 'opaqueredirect' },
    status: { value: 0 },
    ok: { value: false },
  })
}
