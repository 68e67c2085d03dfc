const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/** Tells whether a host name, as a URL writes it, is of this machine. */
export function isLoopbackName(hostname: string): boolean {
  return loopbackNames.includes(hostname)
}
