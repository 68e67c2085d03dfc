import { sha256 } from '@noble/hashes/sha2'
import { base64 } from '@scure/base'
import { utf8ToBytes } from '@noble/hashes/utils'

/** What the page is made of; `npx node scripts/console-page.ts` writes it from the files in `client`. */
type Parts = { readonly script: string; readonly style: string }

/** Answers the owner's page: one file, which loads nothing and is shown in no frame. */
export function writePage({ script, style }: Parts): Response {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>stipend</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="page"></div>
<noscript><p>This page needs JavaScript. Without it, use the HTTP service: <code>/openapi.json</code> describes it.</p></noscript>
<script>${script}</script>
</body>
</html>
`
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${digest(script)}'`,
    `style-src 'sha256-${digest(style)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ]
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    },
  })
}

function digest(text: string): string {
  return base64.encode(sha256(utf8ToBytes(text)))
}
