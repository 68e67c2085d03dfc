export function load(name: string): Promise<void>
