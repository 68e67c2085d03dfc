/**
 * Names under which strangers register names of their own: country-code registries, hosting platforms, tunnels, and
 * services whose names resolve to whatever address they spell. A short list of common ones: it catches slips, and is no
 * proof that any other name belongs to one owner.
 */
const shared = new Set(
  [
    'co.uk org.uk me.uk ltd.uk ac.uk gov.uk com.au net.au org.au co.nz org.nz com.br net.br org.br com.ar com.mx',
    'com.co com.pe com.cn net.cn org.cn com.hk com.tw com.sg com.my com.ph com.vn co.th co.id co.in net.in org.in co.jp ne.jp',
    'or.jp ac.jp co.kr or.kr co.il co.za co.ke com.ng com.eg com.sa com.tr com.ua com.pl com.pk com.bd',
    'github.io gitlab.io vercel.app pages.dev workers.dev r2.dev netlify.app herokuapp.com fly.dev onrender.com',
    'railway.app up.railway.app run.app a.run.app appspot.com web.app firebaseapp.com azurewebsites.net',
    'azurecontainerapps.io cloudapp.net cloudfront.net amazonaws.com s3.amazonaws.com elasticbeanstalk.com on.aws',
    'digitaloceanspaces.com ondigitalocean.app deno.dev deno.net hf.space modal.run replit.app repl.co glitch.me',
    'surge.sh render.com supabase.co streamlit.app lovable.app blogspot.com wordpress.com myshopify.com',
    'ngrok.io ngrok.app ngrok-free.app ngrok.dev trycloudflare.com loca.lt ts.net serveo.net duckdns.org',
  ].flatMap((line) => line.split(' ')),
)

/** Services that answer for a name with the address that the name spells, such as `10.0.0.1.nip.io`. */
const echoing = ['nip.io', 'sslip.io', 'xip.io', 'localtest.me', 'lvh.me']

/** What registries of country codes sell names under, whichever country it is. */
const registries = /^(ac|co|com|edu|gen|go|gob|gouv|gov|govt|ltd|mil|ne|net|nom|or|org|plc|sch)\.[a-z]{2}$/

/** Platforms that put regions and services between their own name and those of strangers. */
const deep = ['amazonaws.com', 'on.aws', 'azure.com', 'windows.net', 'ngrok.io', 'r2.dev', 'run.app', 'oraclecloud.com']

/** Tells whether strangers may have names below a name: by a short list, and by how registries and platforms name them. */
export function mayBeShared(host: string): boolean {
  const isBelow = (suffix: string): boolean => host === suffix || host.endsWith(`.${suffix}`)
  return isShared(host) || registries.test(host) || isEchoingHost(host) || deep.some(isBelow)
}

function isShared(host: string): boolean {
  return shared.has(host) || echoing.includes(host)
}

/** Tells whether a host's name resolves to whatever address it spells. */
export function isEchoingHost(host: string): boolean {
  return echoing.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))
}

/**
 * Names the domain that a host was registered under, such as `example.com` for `api.example.com:8443`; an address is
 * its own. Where the short list is silent the answer is too wide, so that a limit on it holds for more, never for less.
 */
export function domainOf(host: string): string {
  const name = host.replace(/:\d+$/, '')
  const labels = name.split('.')
  if (name.startsWith('[') || /^\d+$/.test(labels.at(-1) ?? '')) return name
  const count = [2, 3, 4].find((parts) => !isShared(labels.slice(-parts).join('.'))) ?? 5
  return labels.slice(-count).join('.')
}
