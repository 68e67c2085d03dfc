import { existsSync } from 'node:fs'

const candidates = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where a Chromium is installed, if one is. */
export const chromiumPath: string | undefined = candidates.find((path) => path !== undefined && existsSync(path))

/** How it is started: without a window, and without a word to anybody outside. */
export const chromiumOptions = {
  ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}
