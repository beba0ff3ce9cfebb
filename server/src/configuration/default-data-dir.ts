import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** What the default data directory depends on. */
export type DataDirPlace = {
  /** Whether the program runs from its sources, not from a package. */
  readonly isCheckout: boolean
  readonly isRoot: boolean
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Where this process runs. */
export function thisPlace(env: DataDirPlace['env']): DataDirPlace {
  return { isCheckout: import.meta.url.endsWith('.ts'), isRoot: process.getuid?.() === 0, home: homedir(), env }
}

/**
 * The data directory if none is set. In a checkout it is in the working directory. In a package it is that of the service,
 * the system's for root, and the user's for everybody else. [systemd.exec, STATE_DIRECTORY; XDG Base Directory Specification]
 */
export function defaultDataDir({ isCheckout, isRoot, home, env }: DataDirPlace): string {
  if (isCheckout) return 'acrux-data'
  const [ofService] = (env['STATE_DIRECTORY'] ?? '').split(':')
  if (ofService !== undefined && isAbsolute(ofService)) return ofService
  if (isRoot) return '/var/lib/acrux'
  const ofUser = env['XDG_DATA_HOME'] ?? ''
  return join(isAbsolute(ofUser) ? ofUser : join(home, '.local', 'share'), 'acrux')
}
