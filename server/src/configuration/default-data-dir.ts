import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** The facts that determine the default data directory. */
export type DataDirPlace = {
  /** Whether the program runs from source files instead of a package. */
  readonly isCheckout: boolean
  readonly isRoot: boolean
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The environment of this process. */
export function thisPlace(env: DataDirPlace['env']): DataDirPlace {
  return { isCheckout: import.meta.url.endsWith('.ts'), isRoot: process.getuid?.() === 0, home: homedir(), env }
}

/**
 * The default data directory. In a checkout, the directory is in the working directory. In a package, the directory is
 * the service's directory, a system directory for root, or a directory in the home directory of other users.
 * [systemd.exec, STATE_DIRECTORY; XDG Base Directory Specification]
 */
export function defaultDataDir({ isCheckout, isRoot, home, env }: DataDirPlace): string {
  if (isCheckout) return 'acrux-data'
  const [ofService] = (env['STATE_DIRECTORY'] ?? '').split(':')
  if (ofService !== undefined && isAbsolute(ofService)) return ofService
  if (isRoot) return '/var/lib/acrux'
  const ofUser = env['XDG_DATA_HOME'] ?? ''
  return join(isAbsolute(ofUser) ? ofUser : join(home, '.local', 'share'), 'acrux')
}
